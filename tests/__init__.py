"""A package, because one of the benchmarks' libraries (isobar) installs a ``tests`` of its own."""
