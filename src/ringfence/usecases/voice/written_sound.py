"""How much of a recording is on the disk, for those whose media worker or voice process did not live to tell."""

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.recording import recording_key
from ringfence.ports.recordings import RecordingFiles, RecordingGoneError, RecordingUnreadableError


class WrittenSound:
    """Looks into files. Without any to look into, nothing is known."""

    def __init__(self, files: RecordingFiles | None = None) -> None:
        self._files = files

    async def length_ms(self, account: str, sid: str, record_key: bytes) -> int | None:
        """How long one can listen to it; None where that cannot be told."""
        if self._files is None:
            return None
        try:
            opened = await self._files.open(account, sid, recording_key(record_key, sid))
        except (RecordingGoneError, UnsealError):
            return 0
        except RecordingUnreadableError:
            return None
        length_ms = opened.duration_ms
        await opened.close()
        return length_ms
