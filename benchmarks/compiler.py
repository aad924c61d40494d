"""Whether this machine can compile the tangent's cells."""

import shutil

COMPILERS = ("c++", "g++", "clang++")


def has_compiler() -> bool:
    """Whether a C++ compiler is on the path: without one the cells are taken as they stand."""
    return any(shutil.which(name) for name in COMPILERS)
