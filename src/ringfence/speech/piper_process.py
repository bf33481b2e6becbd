"""The process that speaks with Piper. Piper is under the GPL: it runs here, apart, and is talked to over pipes alone.

Each request is four bytes of length (big endian) and JSON: `text`, `length_scale`, `volume`. Each answer is four bytes
of length, and, where that is not zero, four bytes of sample rate and 16-bit little-endian mono samples; zero says that
the words could not be spoken. The end of the input ends the process.
"""

import json
import logging
import os
import struct
import sys
from typing import BinaryIO

_LENGTH = struct.Struct(">I")


def main(model: str, config: str) -> None:
    """Answer requests from standard input until it ends."""
    # Whatever the libraries print must not stand among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.nice(5)
    # The libraries' log may hold the words.
    logging.disable()
    from piper import PiperVoice, SynthesisConfig

    voice = PiperVoice.load(model, config)
    answers.write(_LENGTH.pack(0))
    answers.flush()
    requests = sys.stdin.buffer
    while (header := requests.read(_LENGTH.size)) and len(header) == _LENGTH.size:
        request = json.loads(requests.read(_LENGTH.unpack(header)[0]))
        manner = SynthesisConfig(length_scale=request["length_scale"], volume=request["volume"])
        try:
            chunks = list(voice.synthesize(request["text"], manner))
        except Exception as error:
            # Its type alone: the text of an error may hold the words.
            sys.stderr.write(f"piper: {type(error).__name__}\n")
            chunks = []
        _answer(answers, chunks[0].sample_rate if chunks else 0, b"".join(one.audio_int16_bytes for one in chunks))


def _answer(answers: BinaryIO, rate_hz: int, samples: bytes) -> None:
    if samples:
        answers.write(_LENGTH.pack(_LENGTH.size + len(samples)) + _LENGTH.pack(rate_hz) + samples)
    else:
        answers.write(_LENGTH.pack(0))
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
