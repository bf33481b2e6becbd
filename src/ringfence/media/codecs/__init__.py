"""Codecs beside G.711, a leg's own instance each: 20 ms of 16-bit sound at 8,000 samples a second in and out.

encode(pcm)     160 samples to one packet's payload
decode(payload) one packet's payload to what it holds, whole 10 ms of at most 120, whatever a stranger sent
length_ms(payload) how much that is, in whole 10 ms
lost()          160 samples in place of a packet that did not come
"""

from collections.abc import Callable

from ringfence.media.codecs.g722 import G722Codec
from ringfence.media.codecs.opus import OpusCodec, find_libopus
from ringfence.media.seams import Codec, Codecs


def installed_codecs() -> Codecs:
    """What can be spoken on this machine, by its name in SDP in capitals. Opus needs a libopus."""
    codecs: dict[str, Callable[[], Codec]] = {"G722": G722Codec}
    if find_libopus() is not None:
        codecs["OPUS"] = OpusCodec
    return codecs
