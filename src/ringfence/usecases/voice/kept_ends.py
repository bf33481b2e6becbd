"""What a standing duty wants of the end of a call: asked of the key service, which may be away just then."""

import structlog

from ringfence.domain.sealing.retained import RecordRetention
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import DeliveryKeys, KeyRefusedError
from ringfence.ports.retention import RetainedRow
from ringfence.usecases.retention.parts import retained_end
from ringfence.usecases.voice.patience import patiently

_log = structlog.get_logger(__name__)


class KeptEnds:
    """For the calls of one process. No call waits for ever, and none that was to be kept is missed without a word."""

    def __init__(self, keys: DeliveryKeys) -> None:
        self._keys = keys
        # Until the key service has said otherwise, a duty may stand.
        self._stands = True

    async def of(self, row: CallRow, ended_ms: int) -> RetainedRow | None:
        """What is to be kept of a call that ends then. None without a duty.

        Where one stood when the key service answered last, and it stays away, None too, and an error is logged.
        """
        try:
            retention = await self._retention(row)
        except (ConnectionError, KeyRefusedError) as error:
            if self._stands or isinstance(error, KeyRefusedError):
                _log.error("retention.missed", call_sid=row.sid, error=type(error).__name__)
            return None
        self._stands = retention is not None
        return retained_end(retention, row, ended_ms)

    async def _retention(self, row: CallRow) -> RecordRetention | None:
        if not self._stands:
            # Nothing is to be kept, as far as is known: a call does not end later for it.
            return await self._keys.retention_of(row.account, row.sid)
        return await patiently(lambda: self._keys.retention_of(row.account, row.sid))
