"""Blind indexes: equal values give equal 16 bytes under one key, and nothing else is told without that key."""

import hmac

INDEX_BYTES = 16
DAY_BYTES = 2


def blind_index(key: bytes, value: str, table: str = "remote") -> bytes:
    """The index of `value` (a number in E.164 for `remote`) among the values of `table` under `key`."""
    return hmac.digest(key, f"{table}|{value}".encode(), "sha256")[:INDEX_BYTES]


def remote_index(day_key: bytes, day: int, number: str) -> bytes:
    """The index of a record's remote number: two bytes of the day, then the blind index under the day's key, cut.

    The day, which the record tells anyway, keeps what is written today together: a store touches few pages then.
    """
    return (day % (1 << 8 * DAY_BYTES)).to_bytes(DAY_BYTES) + blind_index(day_key, number)[:-DAY_BYTES]
