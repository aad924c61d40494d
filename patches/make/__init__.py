"""What writes the surfaces in patches/: for Max, Live, Pd, TouchOSC. ``make rigs``; not shipped."""
