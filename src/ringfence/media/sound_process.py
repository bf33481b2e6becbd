"""The program that decodes sound files, in a process of its own: `python -m ringfence.media.sound_process`.

A file comes in on standard input, telephone sound goes out on standard output. Files come from strangers, and what
reads most of them is C: so no key is here, no file can be opened or written, and time and memory are bounded. The exit
status says how it went.
"""

import resource
import sys

from ringfence.media.sound_samples import UnknownSoundFileError, file_samples
from ringfence.media.telephone_sound import telephone_sound

OK, BROKEN, TOO_LONG = 0, 3, 4
MAX_BYTES = 3_600 * 16_000
"""An hour."""
_CPU_S = 60
_ADDRESS_SPACE_BYTES = 2 << 30


def main() -> int:
    """Decode; the exit status."""
    confine()
    written = 0
    try:
        rate_hz, pieces = file_samples(sys.stdin.buffer.read())
        for piece in telephone_sound(pieces, rate_hz):
            written += len(piece)
            if written > MAX_BYTES:
                return TOO_LONG
            sys.stdout.buffer.write(piece)
    except UnknownSoundFileError:
        return BROKEN
    sys.stdout.buffer.flush()
    return OK if written else BROKEN


def confine() -> None:
    """Take away what decoding does not need."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, _ADDRESS_SPACE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


if __name__ == "__main__":
    sys.exit(main())
