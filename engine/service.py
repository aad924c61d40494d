"""The engine process: decoders in memory, stateless answers. ``python -m engine.service``.

Frames in (see ``engine.wire``): ``load`` {checkpoint}, ``decode`` {id, checkpoint, z, temperature,
seed}, ``encode`` {id, checkpoint, notes}, ``counts`` {id, checkpoint, z}, ``quit``. Frames out:
``ready`` {checkpoint, seconds, backend}, ``phrase`` {id, checkpoint, tokens}, ``encoded`` {id,
checkpoint, z, tokens, heard, changes}, ``counts`` {id, checkpoint, counts}, ``refused`` {id or
null, text}; one for each, in order. It knows nothing of MIDI, OSC or time. End of file on stdin
means that the main process is gone.

``notes`` are two bars as they were played: rows of pitch, onset and duration, in steps from the
first bar line. They go to the grid by :func:`engine.fitting.fit_window`: ``tokens`` are what was
made of them, ``changes`` says how, ``z`` is the encoder's mean for them, and ``heard`` is what is
decoded from it.

``counts`` is asked of 1 to 256 points at once, ``z`` [batch, d], and says how many notes are struck
in the phrase of each (:data:`engine.attributes.NOTE_COUNT`).
"""

import gc
import os
import signal
import sys
import time
from typing import Any, BinaryIO

if __name__ == "__main__":  # before torch, which takes seconds to load and hears nothing meanwhile
    from engine.parent import watch_parent

    watch_parent()

import torch

from engine.attributes import NOTE_COUNT
from engine.card import CheckpointError
from engine.decoding import PhraseDecoder
from engine.fitting import HIGHEST_PITCH, MAX_BARS, LooseNote, fit_window
from engine.phrase import PHRASE_STEPS, STEPS_PER_BAR
from engine.vocabulary import REST_ID
from engine.wire import BrokenStreamError, Message, read_message, write_message

MAX_NOTES = 1024  # of one ``encode``; a hand plays some fifty in two bars
MAX_POINTS = 256  # of one ``counts``; some 100 ms of a core, for which the next message waits


class Service:
    """Decoders by checkpoint name; each is loaded once. Single-threaded."""

    def __init__(self) -> None:
        self._decoders: dict[str, PhraseDecoder] = {}

    def answer(self, message: Message) -> Message | None:
        """The reply to one message; None for one that wants no reply. Never raises for bad
        input.
        """
        kind = message["type"]
        try:
            if kind == "load":
                began = time.monotonic()
                self._decoder(message["checkpoint"])
                seconds = time.monotonic() - began
                decoder = self._decoders[message["checkpoint"]]
                ready = {"checkpoint": message["checkpoint"], "seconds": seconds}
                return {"type": "ready", **ready, "backend": decoder.backend}
            if kind == "decode":
                return self._decode(message)
            if kind == "encode":
                return self._encode(message)
            if kind == "counts":
                return self._counts(message)
            text = f"unknown message {kind!r}"
        except KeyError as error:
            text = f"{error} is missing from a {kind} message"
        except (CheckpointError, ValueError, TypeError, OverflowError, RuntimeError) as error:
            text = " ".join(str(error).split())
        return {"type": "refused", "id": message.get("id"), "text": text}

    def _decoder(self, checkpoint: str) -> PhraseDecoder:
        if checkpoint not in self._decoders:
            decoder = PhraseDecoder.load(checkpoint)
            # The first decode pays for allocation, the first encode for reading the encoder.
            decoder.tokens([0.0] * decoder.dimensions)
            decoder.sample([0.0] * decoder.dimensions, temperature=1.0, seed=0)
            decoder.encode([decoder.vocabulary.phrase([REST_ID] * PHRASE_STEPS)])
            self._decoders[checkpoint] = decoder
            # Else a collection goes through all of torch (50 ms) while an answer is waited for.
            gc.freeze()
        return self._decoders[checkpoint]

    def _decode(self, message: Message) -> Message:
        decoder = self._decoder(message["checkpoint"])
        temperature = float(message.get("temperature", 0.0))
        if not temperature >= 0.0:
            raise ValueError("temperature must be 0 or above")
        if temperature > 0.0:
            rows = decoder.sample(
                message["z"], temperature=temperature, seed=int(message.get("seed", 0))
            )
        else:
            rows = decoder.tokens(message["z"])
        if len(rows) != 1:
            raise ValueError("a decode message has one z")
        return {
            "type": "phrase",
            "id": message["id"],
            "checkpoint": message["checkpoint"],
            "tokens": rows[0].tolist(),
        }

    def _encode(self, message: Message) -> Message:
        decoder = self._decoder(message["checkpoint"])
        phrase, changes = fit_window(_loose(message["notes"]), decoder.vocabulary)
        z = decoder.encode([phrase])[0]
        return {
            "type": "encoded",
            "id": message["id"],
            "checkpoint": message["checkpoint"],
            "z": z.tolist(),
            "tokens": list(phrase.tokens),
            "heard": decoder.tokens(z)[0].tolist(),
            "changes": list(changes),
        }

    def _counts(self, message: Message) -> Message:
        decoder = self._decoder(message["checkpoint"])
        points = message["z"]
        if not isinstance(points, list) or not 1 <= len(points) <= MAX_POINTS:
            raise ValueError(f"z must be a list of 1 to {MAX_POINTS} points")
        rows = decoder.tokens(points)
        if len(rows) != len(points):
            raise ValueError("a point is a list of numbers")
        steps = (decoder.vocabulary.steps(row) for row in rows.tolist())
        return {
            "type": "counts",
            "id": message["id"],
            "checkpoint": message["checkpoint"],
            "counts": [int(NOTE_COUNT.exact(row)) for row in steps],
        }


def _loose(rows: Any) -> list[LooseNote]:  # noqa: ANN401 - whatever a frame can hold
    """The ``notes`` of an ``encode`` message. Raises ``ValueError``, one sentence."""
    if not isinstance(rows, list) or len(rows) > MAX_NOTES:
        raise ValueError(f"notes must be a list of at most {MAX_NOTES}")
    return [_loose_note(row) for row in rows]


def _loose_note(row: Any) -> LooseNote:  # noqa: ANN401 - whatever a frame can hold
    latest = MAX_BARS * STEPS_PER_BAR
    match row:
        case [int(pitch), int() | float() as onset, int() | float() as duration] if (
            0 <= pitch <= HIGHEST_PITCH and 0 <= onset <= latest and 0 <= duration <= latest
        ):
            return LooseNote(pitch, float(onset), float(duration))
    raise ValueError(
        f"a note is a pitch of 0 to {HIGHEST_PITCH}, an onset and a duration in steps, both 0 to "
        f"{latest}"
    )


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until ``quit``, end of file, or a peer that is gone."""
    service = Service()
    while True:
        try:
            message = read_message(source)
        except BrokenStreamError:
            return
        if message is None or message["type"] == "quit":
            return
        reply = service.answer(message)
        if reply is not None:
            try:
                write_message(sink, reply)
            except OSError:
                return


def main() -> None:
    """Run the process: one torch thread (a decode must not take both cores from the player)."""
    for received in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)):
        if received is not None:
            signal.signal(received, signal.SIG_IGN)  # the main process decides when to stop
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    # Frames own the real stdout; whatever a library prints goes to stderr.
    frames = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, frames)


if __name__ == "__main__":
    main()
