"""What was revoked, taken away or frozen after a backup was made, as a later copy of its ledger tells it."""

from collections.abc import Sequence

import msgspec

from ringfence.domain.access.role import Role
from ringfence.kms.ledger.lines import LedgerBrokenError
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.ports.ledger import AccessEntry

_ROLES = frozenset(Role)
_KINDS = ("account", "key", "carrier", "platform", "staff")


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """Account and credential of each slot that was revoked, and of each whose secret was rotated.

    `roles` are account, member and the last role that they were given; `sso` account and person of whom an owner sent
    away; `frozen` the targets (`key:SK…`) that no thaw follows.
    """

    slots: tuple[tuple[str, str], ...] = ()
    rotated: tuple[tuple[str, str], ...] = ()
    roles: tuple[tuple[str, str, Role], ...] = ()
    sso: tuple[tuple[str, str], ...] = ()
    frozen: tuple[str, ...] = ()


def revoked_since(before: LedgerReader, later: LedgerReader) -> Revoked:
    """What `later` has beyond `before`. LedgerBrokenError where it is not the same ledger, further on.

    What is frozen is told of the whole ledger: the backup's store was copied a moment before its ledger.
    """
    later.check()
    known = [line.leaf for line in before.lines()]
    found = _Found()
    entries = 0
    for line in later.lines():
        entries += 1
        found.freezes(line.entry)
        if line.n >= len(known):
            found.read(line.entry)
        elif line.leaf != known[line.n]:
            raise LedgerBrokenError(f"entry {line.n} of the later ledger is not the backup's")
    if entries < len(known):
        raise LedgerBrokenError(f"the later ledger ends after {entries} entries, the backup's has {len(known)}")
    return found.revoked()


class _Found:
    """What was read so far, each thing once and in order."""

    def __init__(self) -> None:
        self._slots: dict[tuple[str, str], None] = {}
        self._rotated: dict[tuple[str, str], None] = {}
        self._roles: dict[tuple[str, str], Role] = {}
        self._sso: dict[tuple[str, str], None] = {}
        self._frozen: dict[str, None] = {}

    def read(self, entry: AccessEntry) -> None:
        """An entry that the backup does not have. Notes that nobody of us writes so tell nothing."""
        match entry.verb, tuple(entry.scope):
            # A key's end may have been brought forward since: the backup has the former one, or none.
            case (("revoke_slot" | "end_key"), (credential, *_)) if credential != entry.account:
                self._slots[entry.account, credential] = None
            # A secret took another's place. The backup has the former one alone, and nobody the newer one's slot.
            case (("revoke_slot" | "end_former_slot" | "end_rotated_slot"), (credential, *_)):
                self._rotated[entry.account, credential] = None
            case "note.give_role", (_, member, role) if role.removeprefix("role:") in _ROLES:
                self._roles[entry.account, member.removeprefix("member:")] = Role(role.removeprefix("role:"))
            case "note.forget_sso", (_, person):
                self._sso[entry.account, person.removeprefix("sso:")] = None

    def freezes(self, entry: AccessEntry) -> None:
        """Any entry, from the ledger's first one on."""
        match entry.verb, tuple(entry.scope):
            case "note.freeze_key", (_, key):
                self._frozen[f"key:{key}"] = None
            case (("note.freeze" | "note.carrier_pause"), scope) if target := _target(scope):
                self._frozen[target] = None
            case (("note.thaw" | "note.carrier_resume"), scope) if target := _target(scope):
                self._frozen.pop(target, None)

    def revoked(self) -> Revoked:
        return Revoked(
            slots=tuple(self._slots),
            rotated=tuple(each for each in self._rotated if each not in self._slots),
            roles=tuple((account, member, role) for (account, member), role in self._roles.items()),
            sso=tuple(self._sso),
            frozen=tuple(self._frozen),
        )


def _target(scope: Sequence[str]) -> str:
    """What an entry of a freeze or thaw is of; "" of a session, which stays ended. Consoles name their own first."""
    named = scope[1:] if len(scope) > 1 and scope[0].startswith("session:") else scope
    return named[0] if named and named[0].partition(":")[0] in _KINDS else ""
