"""Who is not listened to for a while: addresses that sent what only scanners send.

Three bad packets ban an address, at first for a minute and for four times as long each time again. An address over UDP
can be forged, so nobody known is ever banned by it: trunks and whoever has proven itself are heard regardless, which
the reception sees to. Memory is bounded: the address that misbehaved longest ago is forgotten first.
"""

from collections.abc import Callable

import msgspec

from ringfence.carriers.sip.flow import Flow

BAD_PACKETS = 3
FIRST_BAN_MS = 60_000
LONGEST_BAN_MS = 24 * 3_600_000
GROWTH = 4
# Bad packets further apart than this do not add up: a phone with a wrong password tries again by and by.
FORGIVEN_AFTER_MS = 600_000
MAX_ADDRESSES = 50_000
# How often within a day a proof makes up for bad packets before it: who has one password may be guessing others.
MAX_FORGIVEN = 20


class _Record(msgspec.Struct):
    bad: int
    bans: int
    last_ms: float
    until_ms: float
    forgiven: int = 0


class BanTable:
    """`now_ms` is a monotonic clock; `banned` is told how long an address will not be heard, never which."""

    def __init__(
        self,
        now_ms: Callable[[], float],
        banned: Callable[[int], None] | None = None,
        *,
        most: int = MAX_ADDRESSES,
    ) -> None:
        self._now_ms = now_ms
        self._tell = banned or (lambda for_ms: None)
        self._most = most
        self._records: dict[str, _Record] = {}

    def __repr__(self) -> str:
        return f"BanTable({len(self._records)} addresses)"

    def __len__(self) -> int:
        return len(self._records)

    def is_banned(self, address: str) -> bool:
        """Whether it is not to be heard now."""
        record = self._records.get(address)
        return record is not None and record.until_ms > self._now_ms()

    def count(self, address: str, weight: int = 1) -> None:
        """Note a bad packet; `weight` is how many it counts for (a scanner that says so counts for all)."""
        now_ms = self._now_ms()
        record = self._records.pop(address, None) or _Record(0, 0, now_ms, 0)
        if now_ms - record.last_ms > FORGIVEN_AFTER_MS and record.until_ms < now_ms:
            record.bad = 0
        if now_ms - record.last_ms > LONGEST_BAN_MS:
            record.bans = record.forgiven = 0
        record.bad += weight
        record.last_ms = now_ms
        if record.bad >= BAD_PACKETS and record.until_ms <= now_ms:
            for_ms = min(FIRST_BAN_MS * GROWTH**record.bans, LONGEST_BAN_MS)
            record.bans, record.bad, record.until_ms = record.bans + 1, 0, now_ms + for_ms
            self._tell(for_ms)
        # Placed last: the one that misbehaved longest ago stands first, and is forgotten first.
        self._records[address] = record
        if len(self._records) > self._most:
            del self._records[next(iter(self._records))]

    def forgive(self, address: str) -> None:
        """Somebody there has proven itself: what it did before does not count, as long as that is not its habit."""
        record = self._records.get(address)
        if record is None or not record.bad or record.forgiven >= MAX_FORGIVEN:
            return
        record.bad = 0
        record.forgiven += 1


def banned_as(flow: Flow) -> str:
    """What a flow is banned by: its address, apart for connections, whose address nobody can forge."""
    return f"{'connected' if flow.reliable else 'udp'} {flow.remote[0]}"
