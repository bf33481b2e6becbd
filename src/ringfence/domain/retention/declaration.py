"""A declaration: what is retained, for how long, on what basis, and who opens it by two.

The duty's private key is made by whoever declares, split for every pair of officers, and forgotten. A half alone is
random bytes: one officer learns nothing, and no third party does, whatever else he took.
"""

import hashlib
import itertools
import os
from collections.abc import Sequence

import msgspec

from ringfence.domain.retention.facts import Field, in_order
from ringfence.domain.retention.officer import Officer, OfficerKey, check_name
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError, place
from ringfence.domain.sealing.hkdf import KEY_BYTES
from ringfence.domain.sealing.hpke import OVERHEAD_BYTES, PUBLIC_BYTES, Recipient

DAYS_MAX = 3_653
BASIS_MAX = 200
OFFICERS_MIN = 2
OFFICERS_MAX = 6
SHARE_BYTES = KEY_BYTES + OVERHEAD_BYTES
_SHARE = "ringfence/duty-share/v1"


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One officer's half of the duty's private key, for when `other` brings the other half; sealed to `officer`."""

    officer: str
    other: str
    sealed: bytes


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """What is declared. `public` is the duty's own key, of X25519, to which all that is retained leads."""

    fields: tuple[Field, ...]
    days: int
    basis: str
    public: bytes
    officers: tuple[Officer, ...]
    shares: tuple[Share, ...]

    @property
    def shown(self) -> bytes:
        """SHA-256 of what an officer is shown of it, and of its key: all but the officers' halves."""
        officers = [officer.line for officer in self.officers]
        said = (self.fields, self.days, self.basis, self.public.hex(), officers)
        return hashlib.sha256(msgspec.json.encode(said)).digest()

    def officer(self, name: str) -> Officer | None:
        """The one of that name."""
        return next((officer for officer in self.officers if officer.name == name), None)

    def shares_of(self, name: str) -> tuple[Share, ...]:
        """The halves that one officer has, one for each other."""
        return tuple(share for share in self.shares if share.officer == name)


def declare(fields: Sequence[str], days: int, basis: str, officers: Sequence[Officer]) -> Declaration:
    """A declaration with a new key. ValueError, which says why, for what may not be declared."""
    named = in_order(fields)
    private = os.urandom(KEY_BYTES)
    public = Recipient(private).public
    shares: list[Share] = []
    for first, second in itertools.combinations(officers, 2):
        half = os.urandom(KEY_BYTES)
        for officer, other, part in ((first, second, half), (second, first, _xor(private, half))):
            shares.append(
                Share(officer=officer.name, other=other.name, sealed=_sealed_half(public, officer, other, part))
            )
    made = Declaration(
        fields=named, days=days, basis=basis, public=public, officers=tuple(officers), shares=tuple(shares)
    )
    check(made)
    return made


def check(declaration: Declaration) -> None:
    """ValueError, which says why, for what may not be declared."""
    if declaration.fields != in_order(declaration.fields):
        raise ValueError("the fields of a duty are named once each, in their order")
    if not 1 <= declaration.days <= DAYS_MAX:
        raise ValueError(f"what is retained is kept for 1 to {DAYS_MAX} days")
    check_words(declaration.basis, "the basis")
    names = [officer.name for officer in declaration.officers]
    for name in names:
        check_name(name)
    if not OFFICERS_MIN <= len(names) <= OFFICERS_MAX:
        raise ValueError(f"a duty has {OFFICERS_MIN} to {OFFICERS_MAX} officers")
    keys = [key for officer in declaration.officers for key in (officer.sealing, officer.signing)]
    if len(set(names)) != len(names) or len(set(keys)) != len(keys):
        raise ValueError("two officers are one: each has a name and a key of their own")
    for key in (declaration.public, *(officer.sealing for officer in declaration.officers)):
        if len(key) != PUBLIC_BYTES or not hpke.is_public(key, like=key):
            raise ValueError("a public key that nothing can be sealed to")
    if any(len(officer.signing) != PUBLIC_BYTES for officer in declaration.officers):
        raise ValueError("a public key that nothing could be signed for")
    pairs = [(share.officer, share.other) for share in declaration.shares]
    if sorted(pairs) != sorted(itertools.permutations(names, 2)):
        raise ValueError("each two officers have the two halves of the key")
    if any(len(share.sealed) != SHARE_BYTES for share in declaration.shares):
        raise ValueError("a half of another form")


def check_words(words: str, what: str) -> None:
    """ValueError for words that the ledger, and every tenant, could not be shown on a line."""
    if not 1 <= len(words) <= BASIS_MAX or not words.isprintable() or words != words.strip():
        raise ValueError(f"{what} is one line of 1 to {BASIS_MAX} characters")


def open_half(declaration: Declaration, key: OfficerKey, other: str) -> bytes:
    """The officer's half, to be joined with that of `other`. UnsealError where there is none for this key."""
    officer, partner = key.officer, declaration.officer(other)
    found = [share for share in declaration.shares_of(officer.name) if share.other == other]
    if partner is None or not found:
        raise UnsealError
    return key.recipient.unseal(found[0].sealed, _where(declaration.public, officer, partner))


def join(declaration: Declaration, one: bytes, another: bytes) -> Recipient:
    """The duty's private key, of two halves. UnsealError where they do not belong together."""
    if len(one) != KEY_BYTES or len(another) != KEY_BYTES:
        raise UnsealError
    joined = Recipient(_xor(one, another))
    if joined.public != declaration.public:
        raise UnsealError
    return joined


def _sealed_half(public: bytes, officer: Officer, other: Officer, half: bytes) -> bytes:
    try:
        return hpke.seal(officer.sealing, half, _where(public, officer, other))
    except ValueError:
        raise ValueError(f"the public key of {officer.name} is none that can be sealed to") from None


def _where(public: bytes, officer: Officer, other: Officer) -> bytes:
    return place(_SHARE, public.hex(), officer.sealing.hex(), other.sealing.hex())


def _xor(one: bytes, another: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, another, strict=True))
