"""How a webhook learns where a call's recording can be fetched."""

from typing import Protocol

from ringfence.ports.calls import RecordingRow


class RecordingUrls(Protocol):
    """Links to recordings."""

    async def url(self, row: RecordingRow) -> str:
        """Where a recording is fetched; with `.wav` or `.mp3` behind it, as that. ConnectionError."""


class NoRecordings:
    """For installations and tests without calls."""

    async def url(self, row: RecordingRow) -> str:
        raise ConnectionError("this process has no links to recordings")
