"""A report as one HTML page that needs nothing but itself: no script, no font, no file beside it.

Pictures are SVG in data URIs. Its policy forbids the browser to fetch anything, so what is missing
would be seen at once. It prints, and it narrows to a phone.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1c2430; background: #fff;
  max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.25rem; line-height: 1.3; }
section { border-top: 1px solid #c9ced6; margin-top: 2rem; }
p, li { max-width: 44rem; }
.absent { border-left: 4px solid #c8500a; padding-left: .8rem; }
.row { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr));
  gap: 1rem; }
.row.pairs { grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); }
figure { max-width: 30rem; margin: 0; break-inside: avoid; }
img { width: 100%; height: auto; display: block; }
figcaption { font-size: .9rem; }
.scroll { overflow-x: auto; }
.packed { columns: 21rem; column-gap: 2rem; } .packed > div { break-inside: avoid; }
table { border-collapse: collapse; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
td, th { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #dfe3e8;
  vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
table.heat th[scope=col] { text-align: center; }
table.heat td { text-align: center; min-width: 4.5rem; border: 1px solid #fff; }
tr, section > h2 { break-inside: avoid; } h2, caption { break-after: avoid; }
@media print { body { font-size: 11pt; max-width: none; padding: 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .row, .row.pairs { grid-template-columns: 1fr 1fr; }
  section > p { break-after: avoid; } table { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Picture:
    """One picture: ``alt`` says what is seen to who cannot see it, ``caption`` what it says."""

    svg: bytes
    alt: str
    caption: str


@dataclass(frozen=True)
class Section:
    """``heading``: what is seen, in plain words. ``reading``: how to read the pictures.

    ``absent``: a sentence for each picture that could not be made. ``tables``: finished HTML.
    """

    heading: str
    reading: str
    pictures: tuple[Picture, ...] = ()
    absent: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    packed: bool = False  # many small tables, in columns


def page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """The whole page. ``lead`` is plain text, like all of a section but its tables."""
    body = "\n".join(_section(section) for section in sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p>{escape(lead)}</p>
{body}
</body>
</html>
"""


def _section(section: Section) -> str:
    parts = [f"<h2>{escape(section.heading)}</h2>", f"<p>{escape(section.reading)}</p>"]
    if section.pictures:
        row = "row" if len(section.pictures) % 2 else "row pairs"  # no picture left alone below
        parts += [f'<div class="{row}">', *(_figure(p) for p in section.pictures), "</div>"]
    parts += [f'<p class="absent">{escape(sentence)}</p>' for sentence in section.absent]
    tables = [f'<div class="scroll">{table}</div>' for table in section.tables]
    parts += ['<div class="packed">', *tables, "</div>"] if section.packed else tables
    return "\n".join(["<section>", *parts, "</section>"])


def _figure(picture: Picture) -> str:
    data = base64.b64encode(picture.svg).decode("ascii")
    return (
        f'<figure><img alt="{escape(picture.alt)}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )


def table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """A table of text; the columns numbered in ``right`` (from 0) hold numbers and stand right."""
    ways = [' class="number"' if n in right else "" for n in range(len(header))]
    head = "".join(
        f'<th scope="col"{way}>{escape(cell)}</th>' for way, cell in zip(ways, header, strict=True)
    )
    lines = [
        "".join(f"<td{way}>{escape(cell)}</td>" for way, cell in zip(ways, row, strict=True))
        for row in rows
    ]
    body = "".join(f"<tr>{line}</tr>\n" for line in lines)
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
    )


def heat_table(
    caption: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
) -> str:
    """Numbers between 0 and 1 on grounds that darken with them; None is an empty cell."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(_heat_cell(v) for v in line)}</tr>\n'
        for name, line in zip(rows, values, strict=True)
    )
    return (
        f'<table class="heat"><caption>{escape(caption)}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
    )


def _heat_cell(value: float | None) -> str:
    if value is None:
        return "<td></td>"
    share = min(abs(value), 1.0)
    # From white to a dark blue, so that grey print keeps the order.
    ground = "#" + "".join(f"{round(255 + share * (end - 255)):02x}" for end in (18, 53, 91))
    ink = "#ffffff" if share > 0.5 else "#1c2430"
    return f'<td style="background:{ground};color:{ink}">{value:.2f}</td>'
