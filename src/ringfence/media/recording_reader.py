"""Reads a sealed recording: its samples, or the bytes of a WAV file from any place on.

A file is checked to its end when it is opened: what is answered then is what was recorded. One that was cut short, or
altered, opens up to where that begins, and says so. All of it waits for the disk: use a thread.
"""

import os
from bisect import bisect_right
from pathlib import Path
from typing import Literal

import numpy as np

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.recording import (
    HEADER_BYTES,
    WORD_BYTES,
    Header,
    InvalidRecordingError,
    RecordingOpener,
    parse_word,
)
from ringfence.media import g711, wav
from ringfence.media.g711 import Samples

Damage = Literal["", "cut", "altered"]


class RecordingReader:
    """One open recording. `key` is what `recording_key` answers; FileNotFoundError, InvalidRecordingError.

    `damage` is "cut" where the file's writer was killed before it could end it, "altered" where a frame is not what was
    written. `samples` of each channel are to be heard. `mix` makes one channel of two. Close it.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            self._opener = RecordingOpener(key, os.pread(self._descriptor, HEADER_BYTES, 0))
            # Of each chunk: where its ciphertext is, how long it is, and the samples of a channel before it.
            self._places: list[tuple[int, int]] = []
            self._before: list[int] = []
            self._heard_from = self._heard_to = 0
            self._mixed = False
            self.damage: Damage = self._check()
        except BaseException:
            os.close(self._descriptor)
            raise

    @property
    def header(self) -> Header:
        return self._opener.header

    @property
    def channels(self) -> int:
        return 1 if self._mixed else self.header.channels

    def mix(self) -> None:
        """Let all that is read from now on be one channel, in which both are heard."""
        self._mixed = True

    @property
    def samples(self) -> int:
        return self._heard_to - self._heard_from

    @property
    def duration_ms(self) -> int:
        return self.samples * 1_000 // self.header.rate_hz

    @property
    def wav_bytes(self) -> int:
        """The length of the whole as a WAV file."""
        return wav.HEADER_BYTES + self.samples * self._frame_bytes

    def read(self, first: int, count: int) -> Samples:
        """At most `count` samples of each channel from `first` on, shaped (samples, channels)."""
        at = self._heard_from + max(0, first)
        end = min(at + max(0, count), self._heard_to)
        parts: list[Samples] = []
        chunk = bisect_right(self._before, at) - 1
        while at < end:
            sound = self._chunk(chunk)
            part = sound[at - self._before[chunk] :][: end - at]
            parts.append(part)
            at += len(part)
            chunk += 1
        return np.concatenate(parts) if parts else np.empty((0, self.channels), np.int16)

    def read_wav(self, offset: int, count: int) -> bytes:
        """At most `count` bytes of the WAV file from `offset` on."""
        end = min(offset + count, self.wav_bytes)
        if offset >= end:
            return b""
        head = wav.write_header(self.samples * self._frame_bytes, self.channels, self.header.rate_hz)[offset:end]
        start, end = max(0, offset - wav.HEADER_BYTES), end - wav.HEADER_BYTES
        if end <= start:
            return head
        first = start // self._frame_bytes
        last = -(-end // self._frame_bytes)
        body = self.read(first, last - first).astype("<i2").tobytes()
        begin = start - first * self._frame_bytes
        return head + body[begin : begin + end - start]

    def close(self) -> None:
        os.close(self._descriptor)

    def __enter__(self) -> "RecordingReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _frame_bytes(self) -> int:
        return self.channels * wav.SAMPLE_BYTES

    def _check(self) -> Damage:
        """Open every frame once: how far the file is whole, and what is to be heard of it."""
        at = HEADER_BYTES
        total = 0
        size = os.fstat(self._descriptor).st_size
        damage: Damage = "cut"
        while True:
            word = os.pread(self._descriptor, WORD_BYTES, at)
            if len(word) < WORD_BYTES:
                break
            at += WORD_BYTES
            try:
                length, last = parse_word(word)
                if at + length > size:
                    break
                ciphertext = os.pread(self._descriptor, length, at)
                number = len(self._places)
                if last:
                    end = self._opener.end(number, ciphertext)
                    if end.samples == total and at + length == size and end.heard_from <= end.heard_to <= total:
                        self._heard_from, self._heard_to = end.heard_from, end.heard_to
                        return ""
                    damage = "altered"
                    break
                sound = len(self._opener.chunk(number, ciphertext))
            except (InvalidRecordingError, UnsealError):
                damage = "altered"
                break
            self._places.append((at, length))
            self._before.append(total)
            total += sound // self.header.channels
            at += length
        self._heard_to = total
        return damage

    def _chunk(self, number: int) -> Samples:
        at, length = self._places[number]
        try:
            sound = self._opener.chunk(number, os.pread(self._descriptor, length, at))
        except UnsealError:
            raise InvalidRecordingError("altered while it was read") from None
        samples = g711.decode(np.frombuffer(sound, np.uint8), "PCMU").reshape(-1, self.header.channels)
        return mixed(samples) if self._mixed else samples


def mixed(sound: Samples) -> Samples:
    """The sum of all channels in one, shaped (samples, 1), as loud as can be at most."""
    total = sound.sum(axis=1, keepdims=True, dtype=np.int32)
    one: Samples = np.clip(total, -32_768, 32_767).astype(np.int16)
    return one
