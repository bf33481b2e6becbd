"""Writes recordings in threads of their own, so that no disk holds up the tick.

What is handed over is written with one system call a chunk, and so survives the death of this process at once. A second
thread flushes the files that have ended, many together: a slow disk holds up neither the tick nor what is recorded.
"""

import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from ringfence.domain.sealing.recording import End
from ringfence.media.g711 import Samples
from ringfence.media.recording_file import RecordingFile

# Sound that waits for the disk, of all recordings: some eight seconds of a thousand in two channels.
MAX_PENDING_BYTES = 256 << 20
# How many ended files are flushed before the first of them is told of.
FLUSHED_TOGETHER = 64

Ended = Callable[[End], None]


class RecordingWriter:
    """Both threads. Its methods are for the one thread that records, and never wait for the disk."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._closing: queue.SimpleQueue[tuple[RecordingFile, End, Ended] | None] = queue.SimpleQueue()
        # Each counter has one thread that writes it.
        self._given_bytes = 0
        self._done_bytes = 0
        self._threads = [
            threading.Thread(target=self._write, name="recordings", daemon=True),
            threading.Thread(target=self._close, name="ended recordings", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def given_bytes(self) -> int:
        """How much sound was handed over so far."""
        return self._given_bytes

    @property
    def pending_bytes(self) -> int:
        """How much sound waits for the disk."""
        return self._given_bytes - self._done_bytes

    def write(self, file: RecordingFile, sound: Samples) -> bool:
        """Have samples appended, which nobody may change any more. False where too much is waiting already."""
        if self.pending_bytes + sound.nbytes > MAX_PENDING_BYTES:
            return False
        self._given_bytes += sound.nbytes

        def job() -> None:
            file.write(sound)
            self._done_bytes += sound.nbytes

        self._jobs.put(job)
        return True

    def end(self, file: RecordingFile, end: End, ended: Ended) -> None:
        """Have a file finished; `ended` is called in a thread of the writer when it is on the disk, or has failed."""

        def job() -> None:
            file.end(end)
            self._closing.put((file, end, ended))

        self._jobs.put(job)

    def close(self) -> None:
        """Write all that waits, then stop."""
        self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
        self._closing.put(None)

    def _close(self) -> None:
        more = True
        while more:
            waiting = [self._closing.get()]
            while len(waiting) < FLUSHED_TOGETHER and not self._closing.empty():
                waiting.append(self._closing.get())
            more = None not in waiting
            ending = [entry for entry in waiting if entry is not None]
            for file, _, _ in ending:
                file.flush()
            for folder in {file.folder for file, _, _ in ending}:
                _flush_folder(folder)
            for file, end, ended in ending:
                ended(file.close(end))


def _flush_folder(folder: Path) -> None:
    """Have a folder's entries on the disk. Where it cannot be, its files are there all the same after a clean stop."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)
