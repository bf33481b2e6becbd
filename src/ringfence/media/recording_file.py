"""One recording's file as it is written: encoded, sealed, appended chunk by chunk, and flushed at its end."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from ringfence.domain.sealing.recording import End, RecordingSealer
from ringfence.media import g711
from ringfence.media.g711 import Samples

_DIRECTORY_MODE = 0o700
_FILE_MODE = 0o600


class RecordingFile:
    """A file that is not there yet. It waits for the disk: for threads that write, one at a time.

    `failed` is called once, where the disk refuses; then nothing more is written, and what is whole stays.
    """

    def __init__(self, path: Path, sealer: RecordingSealer, failed: Callable[[], None]) -> None:
        self.folder = path.parent
        self._path = path
        self._sealer = sealer
        self._failed = failed
        self._descriptor: int | None = None
        self._broken = False
        self._written_bytes = 0
        self._samples = 0

    def write(self, sound: Samples) -> None:
        """Append samples, shaped (frames, channels, samples of a frame)."""
        if self._broken:
            return
        try:
            # A frame's channels stand one after the other; in the file their samples take turns.
            interleaved = sound.transpose(0, 2, 1).ravel()
            self._append(self._sealer.chunk(g711.encode(interleaved, "PCMU").tobytes()))
        except OSError:
            self._break()
            return
        self._samples += sound.shape[0] * sound.shape[2]

    def end(self, end: End) -> None:
        """Append the last frame."""
        if self._broken:
            return
        try:
            self._append(self._sealer.end(end))
        except OSError:
            self._break()

    def flush(self) -> None:
        """Have the file on the disk itself. Its folder is another matter."""
        if self._descriptor is None or self._broken:
            return
        try:
            os.fsync(self._descriptor)
        except OSError:
            self._break()

    def close(self, end: End) -> End:
        """Let go of it: the end as it is there, its cause `failed` where it could not be written."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if not self._broken:
            return end
        return End(samples=self._samples, heard_from=0, heard_to=self._samples, cause="failed")

    def _append(self, data: bytes) -> None:
        if self._descriptor is None:
            self.folder.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(self._path, flags, _FILE_MODE)
            data = self._sealer.header + data
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]
        self._written_bytes += len(data)

    def _break(self) -> None:
        self._broken = True
        if self._descriptor is not None:
            # Half a chunk is worth nothing: a full disk gets back what cannot be used. Where it does not, it does no
            # harm: whoever reads the file stops at its last whole chunk.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._written_bytes)
        self._failed()
