"""``report.html``: the paper's figures for one checkpoint, for a musician without the paper."""
