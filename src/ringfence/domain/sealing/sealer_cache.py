"""Record sealers and indexers, kept for as long as an opened key may be."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from ringfence.domain.sealing.blind_index import RemoteIndexer
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.short_held import held_briefly

MAX_AGE_S = 60.0
LIMIT = 1_024

Key = TypeVar("Key")
Made = TypeVar("Made")


class _Kept(Generic[Key, Made]):
    """What was made in the last minute, bounded in number."""

    def __init__(self) -> None:
        self._made: dict[Key, tuple[float, Made]] = {}
        held_briefly(self)

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        now_s = time.monotonic()
        found = self._made.get(key)
        if found is not None and now_s - found[0] <= MAX_AGE_S:
            return found[1]
        self.forget_expired()
        if len(self._made) >= LIMIT:
            self._made.clear()
        made = make()
        self._made[key] = (now_s, made)
        return made

    def forget_expired(self) -> None:
        now_s = time.monotonic()
        self._made = {key: value for key, value in self._made.items() if now_s - value[0] <= MAX_AGE_S}


class SealerCache:
    """What is made of an opened key, so that its first step is paid once a minute and not once a text.

    Bounded, and emptied of what is older than a minute, like every opened key.
    """

    def __init__(self) -> None:
        self._sealers: _Kept[tuple[str, bytes], RecordSealer] = _Kept()
        self._indexers: _Kept[tuple[int, bytes], RemoteIndexer] = _Kept()

    def of(self, account: str, epoch_key: bytes) -> RecordSealer:
        """The sealer of `account` under `epoch_key`."""
        return self._sealers.get((account, epoch_key), lambda: RecordSealer(epoch_key, account))

    def indexer(self, day_key: bytes, day: int) -> RemoteIndexer:
        """The indexer of remote numbers under the index key of `day`."""
        return self._indexers.get((day, day_key), lambda: RemoteIndexer(day_key, day))
