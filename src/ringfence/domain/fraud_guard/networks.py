"""Which network (autonomous system) an address is of, by a table that the operator brings.

Source: the layout that IPtoASN publishes its table in: first and last address, AS number, country, name, with tabs
between, in the order of addresses; AS 0 is nobody's. RFC 4291 (IPv4-mapped addresses).
"""

import ipaddress
import socket
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, NamedTuple

COLUMNS: Final = 5
AS_MAX: Final = 2**32 - 1
_HALF: Final = 64
_LOW: Final = 2**_HALF - 1


class Network(NamedTuple):
    """An autonomous system, and what it is called."""

    number: int
    name: str

    def __str__(self) -> str:
        return f"AS{self.number} {self.name}".rstrip()


class _Ends:
    """Addresses in order: of IPv4's in 32 bits, of IPv6's (`wide`) in two halves of 64."""

    def __init__(self, *, wide: bool) -> None:
        self._low = array("Q" if wide else "I")
        self._high = array("Q") if wide else None

    def __len__(self) -> int:
        return len(self._low)

    def __getitem__(self, place: int) -> int:
        return self._low[place] if self._high is None else self._high[place] << _HALF | self._low[place]

    def append(self, address: int) -> None:
        self._low.append(address & _LOW)
        if self._high is not None:
            self._high.append(address >> _HALF)


class _Ranges:
    """Ranges of addresses in order, each with an AS number."""

    def __init__(self, *, wide: bool) -> None:
        self._first, self._last = _Ends(wide=wide), _Ends(wide=wide)
        self._numbers = array("I")

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, first: int, last: int, number: int) -> None:
        """ValueError where it does not come after all that are there."""
        if last < first:
            raise ValueError("the last address comes before the first")
        if self._numbers and first <= self._last[len(self) - 1]:
            raise ValueError("the range is not after the one before it")
        self._first.append(first)
        self._last.append(last)
        self._numbers.append(number)

    def find(self, address: int) -> int:
        """The AS number; 0 where no range has the address."""
        place = bisect_right(range(len(self)), address, key=self._first.__getitem__) - 1
        return self._numbers[place] if place >= 0 and address <= self._last[place] else 0


class Networks:
    """The table: 12 bytes a range of IPv4's, 36 a range of IPv6's, and each network's name once."""

    def __init__(self) -> None:
        self._v4, self._v6 = _Ranges(wide=False), _Ranges(wide=True)
        self._names: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._v4) + len(self._v6)

    def of(self, address: str) -> Network | None:
        """Whose network an IPv4 or IPv6 address is of; None where the table does not say."""
        parsed = ipaddress.ip_address(address)
        if isinstance(parsed, ipaddress.IPv6Address):
            parsed = parsed.ipv4_mapped or parsed
        number = (self._v4 if parsed.version == 4 else self._v6).find(int(parsed))
        return Network(number, self._names.get(number, "")) if number else None

    def add(self, line: str) -> None:
        """A line of the table. ValueError says what is wrong with it."""
        fields = line.rstrip("\r\n").split("\t")
        if len(fields) != COLUMNS:
            raise ValueError("expected first and last address, AS number, country and name, with tabs between")
        first, last, number, _, name = fields
        if not number.isascii() or not number.isdecimal() or int(number) > AS_MAX:
            raise ValueError("expected an AS number, without letters")
        kind = socket.AF_INET6 if ":" in first else socket.AF_INET
        try:
            ends = [int.from_bytes(socket.inet_pton(kind, end), "big") for end in (first, last)]
        except OSError:
            raise ValueError("expected two addresses of the same kind") from None
        if int(number):
            ranges = self._v6 if kind == socket.AF_INET6 else self._v4
            ranges.add(ends[0], ends[1], int(number))
            self._names.setdefault(int(number), name)


def read_networks(lines: Iterable[str]) -> Networks:
    """The table of these lines. ValueError names the line, and is raised for a table without one."""
    networks = Networks()
    for nth, line in enumerate(lines, 1):
        try:
            networks.add(line)
        except ValueError as error:
            raise ValueError(f"line {nth}: {error}") from None
    if not len(networks):
        raise ValueError("no network is in it")
    return networks
