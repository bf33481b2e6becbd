"""Record sealers kept for as long as an opened key may be."""

import time

from ringfence.domain.sealing.record import RecordSealer

MAX_AGE_S = 60.0
LIMIT = 1_024


class SealerCache:
    """One RecordSealer per epoch key, so that the key's extract step is paid once an hour and not once a text.

    Bounded, and emptied of keys that were not used within a minute, like every opened key.
    """

    def __init__(self) -> None:
        self._sealers: dict[tuple[str, bytes], tuple[float, RecordSealer]] = {}

    def of(self, account: str, epoch_key: bytes) -> RecordSealer:
        """The sealer of `account` under `epoch_key`."""
        now_s = time.monotonic()
        found = self._sealers.get((account, epoch_key))
        if found is not None and now_s - found[0] <= MAX_AGE_S:
            return found[1]
        self._sealers = {key: value for key, value in self._sealers.items() if now_s - value[0] <= MAX_AGE_S}
        if len(self._sealers) >= LIMIT:
            self._sealers.clear()
        sealer = RecordSealer(epoch_key, account)
        self._sealers[account, epoch_key] = (now_s, sealer)
        return sealer
