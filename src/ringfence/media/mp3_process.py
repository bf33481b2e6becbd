"""The program that encodes MP3, in a process of its own: `python mp3_process.py CHANNELS RATE_HZ KBPS`.

16-bit little-endian samples come in on standard input, MP3 goes out on standard output. LAME is under the LGPL and is
loaded here alone; nothing of ringfence is.
"""

import sys

_READ_BYTES = 1 << 16


def main() -> None:
    """Encode until the input ends."""
    import lameenc

    channels, rate_hz, kbps = (int(text) for text in sys.argv[1:4])
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(channels)
    encoder.set_in_sample_rate(rate_hz)
    encoder.set_bit_rate(kbps)
    # 2: good; higher numbers are faster and worse.
    encoder.set_quality(5)
    while sound := sys.stdin.buffer.read(_READ_BYTES):
        sys.stdout.buffer.write(encoder.encode(sound))
        sys.stdout.buffer.flush()
    sys.stdout.buffer.write(encoder.flush())
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
