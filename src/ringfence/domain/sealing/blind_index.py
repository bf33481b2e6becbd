"""Blind indexes: equal values give equal 16 bytes under one key, and nothing else is told without that key."""

import hmac

from ringfence.domain.sealing.keyed_hash import KeyedHash

INDEX_BYTES = 16
DAY_BYTES = 2


def blind_index(key: bytes, value: str, table: str = "remote") -> bytes:
    """The index of `value` (a number in E.164 for `remote`) among the values of `table` under `key`."""
    return hmac.digest(key, _value(value, table), "sha256")[:INDEX_BYTES]


class RemoteIndexer:
    """Indexes the remote numbers of one account's records of one day. Keep it no longer than its key.

    Two bytes of the day, then the blind index under the day's key, cut. The day, which the record tells anyway, keeps
    what is written today together: a store touches few pages then.
    """

    __slots__ = ("_day", "_hash")

    def __init__(self, day_key: bytes, day: int) -> None:
        self._day = (day % (1 << 8 * DAY_BYTES)).to_bytes(DAY_BYTES)
        self._hash = KeyedHash(day_key)

    def index(self, number: str) -> bytes:
        """The 16 bytes of `number` (E.164)."""
        return self._day + self._hash.digest(_value(number, "remote"))[: INDEX_BYTES - DAY_BYTES]


class TableIndexer:
    """What `blind_index` answers, for many values under one key. Keep it no longer than its key."""

    __slots__ = ("_hash",)

    def __init__(self, key: bytes) -> None:
        self._hash = KeyedHash(key)

    def index(self, value: str, table: str) -> bytes:
        """The 16 bytes of `value` among the values of `table`."""
        return self._hash.digest(_value(value, table))[:INDEX_BYTES]


def remote_index(day_key: bytes, day: int, number: str) -> bytes:
    """What a RemoteIndexer answers, for one number alone."""
    return RemoteIndexer(day_key, day).index(number)


def _value(value: str, table: str) -> bytes:
    return f"{table}|{value}".encode()
