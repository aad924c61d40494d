"""The songs of a set by name, which one was asked for, and what next means. Pure; stdlib only."""

from dataclasses import dataclass, replace

from instrument.actions import ChangeSong


class NoSongError(Exception):
    """There is no such song, or none further on; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Setlist:
    """At least one name, each once, in order; ``at`` is the place of the present one, from 0."""

    names: tuple[str, ...]
    at: int = 0

    @property
    def number(self) -> int:
        """Of the present one, from 1."""
        return self.at + 1

    @property
    def words(self) -> str:
        """``song 2 of 5: Encore``."""
        return f"song {self.number} of {len(self.names)}: {self.names[self.at]}"

    def after(self, asked: ChangeSong) -> "Setlist":
        """Where ``asked`` leads. Raises :class:`NoSongError`: then it stays where it is.

        A number from 1 that the set has is that song, whatever the songs are called.
        """
        if asked.name is None:
            at = self.at + (1 if asked.to == "next" else -1)
            if not 0 <= at < len(self.names):
                end = "last" if asked.to == "next" else "first"
                raise NoSongError(f"{self.names[self.at]} is the {end} song")
            return replace(self, at=at)
        if asked.name.isdecimal() and 1 <= int(asked.name[:9]) <= len(self.names):
            return replace(self, at=int(asked.name) - 1)
        if asked.name not in self.names:
            raise NoSongError(
                f"there is no song {asked.name[:80]!r}; there are {', '.join(self.names[:20])}"
            )
        return replace(self, at=self.names.index(asked.name))

    def at_name(self, name: str) -> "Setlist":
        """At that song, or at the first if there is none of that name."""
        return replace(self, at=self.names.index(name) if name in self.names else 0)
