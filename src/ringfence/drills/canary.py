"""Canaries: unique marks put into every class of content, and a scanner that knows nothing but bytes.

The scanner never asks the product. It undoes the ways in which text hides in files and answers, then looks for marks.
"""

import hashlib
import re

from ringfence.drills.hidden_forms import views

MARK_DIGITS = 32
_MARKS = re.compile(rb"[0-9a-f]{32,}")
_DIGITS = re.compile(rb"[0-9]{10,}")
_IS_HEX = bytes(byte in b"0123456789abcdef" for byte in range(256))
_HEX_MARK = b"\1" * MARK_DIGITS
NUMBER_DIGITS = 10
# What is shorter occurs by chance.
SECRET_BYTES = 8


class Canaries:
    """The marks of one seeded copy: 128 bits of hex for text, a number of its own for To and From."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._marks: dict[bytes, tuple[str, str]] = {}
        self._numbers: dict[bytes, tuple[str, str]] = {}
        self._secrets: dict[bytes, tuple[str, str]] = {}

    def mark(self, tenant: str, kind: str) -> str:
        """A text of 32 hex digits found nowhere else; the same one for the same tenant and kind."""
        mark = hashlib.blake2s(f"{tenant}|{kind}".encode(), key=self._seed[:32], digest_size=16).hexdigest()
        self._marks[mark.encode()] = (tenant, kind)
        return mark

    def number(self, tenant: str, kind: str, index: int) -> str:
        """A US number in E.164 that no other tenant has, for `index` below 8,000,000."""
        subscriber = f"212{2_000_000 + index:07d}"
        self._numbers[subscriber.encode()] = (tenant, kind)
        return f"+1{subscriber}"

    def code(self, tenant: str, kind: str, index: int) -> str:
        """Ten digits, the same for the same tenant and `index`."""
        seed = hashlib.blake2s(f"{tenant}|{kind}|{index}".encode(), key=self._seed[:32]).digest()
        code = f"{int.from_bytes(seed, 'big') % 10**NUMBER_DIGITS:0{NUMBER_DIGITS}d}"
        self.learn(code, tenant, kind)
        return code

    def learn(self, digits: str, tenant: str, kind: str) -> None:
        """Look for these ten digits too, which somebody else has made."""
        if len(digits) != NUMBER_DIGITS:
            raise ValueError("ten digits are looked for, no fewer and no more")
        self._numbers.setdefault(digits.encode(), (tenant, kind))

    def learn_secret(self, secret: bytes, tenant: str, kind: str) -> None:
        """Look for these bytes too, which somebody else has made: a key or a password."""
        if len(secret) < SECRET_BYTES:
            raise ValueError("eight bytes or more are looked for")
        self._secrets.setdefault(secret, (tenant, kind))

    def found_in(self, data: bytes) -> set[tuple[str, str]]:
        """(tenant, kind) of every canary that occurs in `data`, in any form the scanner undoes."""
        found: set[tuple[str, str]] = set()
        for view in views(data):
            text = b"\n".join(view.runs)
            for run in _MARKS.findall(text):
                self._look_up(run, MARK_DIGITS, self._marks, found)
            for run in _DIGITS.findall(text):
                self._look_up(run, NUMBER_DIGITS, self._numbers, found)
            found.update(whose for secret, whose in self._secrets.items() if secret in view.data)
        return found

    def marks_lying_in(self, data: bytes) -> set[tuple[str, str]]:
        """(tenant, kind) of every mark that lies in `data` as it is: for memory, of which there is much."""
        found: set[tuple[str, str]] = set()
        is_hex = data.translate(_IS_HEX)
        at = is_hex.find(_HEX_MARK)
        while at >= 0:
            whose = self._marks.get(data[at : at + len(_HEX_MARK)])
            if whose is not None:
                found.add(whose)
            at = is_hex.find(_HEX_MARK, at + 1)
        return found

    @staticmethod
    def _look_up(run: bytes, size: int, known: dict[bytes, tuple[str, str]], found: set[tuple[str, str]]) -> None:
        for start in range(len(run) - size + 1):
            whose = known.get(run[start : start + size])
            if whose is not None:
                found.add(whose)
