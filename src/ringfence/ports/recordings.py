"""Recordings' files as whoever reads them sees them: sealed sound in, WAV and MP3 out."""

from collections.abc import AsyncGenerator
from typing import Protocol


class RecordingGoneError(Exception):
    """There is no such file, or none that is a recording."""


class RecordingUnreadableError(Exception):
    """It cannot be read on this machine, or not in this form: says what is missing."""


class OpenedRecording(Protocol):
    """One recording, checked from its beginning to its end. Close it."""

    @property
    def channels(self) -> int: ...

    def mix(self) -> None:
        """Let it have one channel from now on, in which both are heard."""

    @property
    def wav_bytes(self) -> int:
        """How long it is as a WAV file."""

    @property
    def duration_ms(self) -> int: ...

    @property
    def damaged(self) -> bool:
        """Whether its file was cut short or altered: it can be heard up to there."""

    def wav(self, start: int, end: int) -> AsyncGenerator[bytes]:
        """The bytes [start, end) of the WAV file, a piece at a time."""

    def mp3(self) -> AsyncGenerator[bytes]:
        """All of it as MP3, a piece at a time."""

    async def close(self) -> None: ...


class RecordingFiles(Protocol):
    """The files of all recordings. Account and sid name one."""

    async def open(self, account: str, sid: str, key: bytes) -> OpenedRecording:
        """Open one with its own key (`domain.sealing.recording.recording_key`).

        RecordingGoneError; RecordingUnreadableError; UnsealError where the key opens nothing of it.
        """

    def can_mp3(self) -> bool:
        """Whether MP3 can be made on this machine."""

    async def delete(self, account: str, sid: str) -> None:
        """Erase one; a no-op where there is none. OSError."""


class SealedRecordings(Protocol):
    """The same files for whoever holds no key."""

    async def sealed(self, account: str, sid: str) -> AsyncGenerator[bytes]:
        """The file as it is kept, a piece at a time. RecordingGoneError."""
