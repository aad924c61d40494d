"""Which song it is, for everybody in main, and how another one takes its place. Main process only.

The song and its controls are exchanged at once: from then on hands turn those of the new one. It is
heard from the bar line on at which the player begins it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Lock

from engine.card import DECODER_FILE
from engine.wire import Message
from instrument.actions import ChangeSong
from instrument.controls import Controls
from instrument.events import Decoded
from instrument.mapping import Mapping
from instrument.parameters import Parameter, parameters
from instrument.repertoire import Part
from instrument.setlist import NoSongError, Setlist
from instrument.song import Song
from instrument.true_knobs import without_calibration


class Programme:
    """The songs of a set, and the present one: that which was asked for last. Any thread."""

    def __init__(
        self,
        songs: Sequence[Song],
        at_name: str,
        controls: Controls,
        send: Callable[[Message], None],
        say: Callable[[str], None],
    ) -> None:
        """Begin at the song ``at_name``, whose ``controls`` they are, or at the first.

        ``send`` tells the player, ``say`` a person.
        """
        self.songs = tuple(songs)
        self._list = Setlist(tuple(song.name for song in songs)).at_name(at_name)
        self._song = self.songs[self._list.at]
        self._controls, self._send, self._say = controls, send, say
        self._changing = Lock()  # one change at a time

    @property
    def song(self) -> Song:
        """The present one, as a whole."""
        return self._song

    def mapping(self) -> Mapping:
        """Its patch."""
        return self._song.mapping

    def words(self, song: Song) -> str:
        """Which of the set it is, for a person; empty where there is no other."""
        return replace(self._list, at=song.number - 1).words if len(self.songs) > 1 else ""

    def parameters(self) -> tuple[Parameter, ...]:
        """Those of every song, each as the first song that has it says."""
        every = (each for song in self.songs for each in parameters(song.mapping))
        return tuple({each.key: each for each in reversed([*every])}.values())[::-1]

    def addresses(self) -> list[str]:
        """The OSC addresses of every song."""
        return list({address.decode(): None for song in self.songs for address in song.addresses})

    def decoders(self) -> dict[str, str]:
        """The sha256 of every checkpoint's decoder, by the checkpoint's name."""
        sources = (source for song in self.songs for source in song.sources)
        return {source.checkpoint: source.card.weights[DECODER_FILE] for source in sources}

    @property
    def voices(self) -> int:
        """How many a song has at most."""
        return max(len(song.sources) for song in self.songs)

    def remarks(self) -> Iterator[str]:
        """What a performer should know of the songs before the first note, a line each."""
        for song in self.songs:
            if (linear := without_calibration(song.mapping)) is not None:
                yield linear if len(self.songs) == 1 else f"{song.name}: {linear}"

    def part(self, first: Decoded | None = None) -> Part:
        """What a player is told of it; ``first`` in place of the phrase of z = 0."""
        # A change puts the song in its place before the controls. So read the other way round, the
        # controls are never later than the song, and the change itself is still to be told.
        controls = self._controls.state()
        return self._song.part(controls, first)

    def change(self, asked: ChangeSong) -> None:
        """Put another song in the place of the present one, and have it begin at a bar line."""
        with self._changing:
            try:
                self._list = self._list.after(asked)
            except NoSongError as error:
                self._say(str(error))
                return
            song = self._song = self.songs[self._list.at]
            self._controls.change(song.start_after)
            part, words = song.part(self._controls.state()), self._list.words
        self._send(part.to_message())  # of two at once the player takes the later
        self._say(f"next: {words}")
