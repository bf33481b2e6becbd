"""An account's own entries in the ledger: who opened what of it, with proofs. Ours: Twilio has no such resource.

Reference: docs/howto/check-the-ledger.md. Times are ISO 8601 in UTC, milliseconds; bytes are Base64.
"""

import base64
from typing import Annotated

import msgspec

from ringfence.api.forms import Rule
from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.api.ringfence_v1.webhook_shown import iso
from ringfence.domain.errors import ApiError
from ringfence.ports.ledger import ENTRIES_AT_ONCE, ProvenEntry

SHOWN = 50

ledger = Resource("Accounts/{AccountSid}/Ledger", item="Ledger", listed="", product=OURS, version="v1")


def read_number(text: str) -> int:
    """A whole number of 18 digits at most."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError("expected a whole number")
    return int(text)


WholeNumber = Annotated[int, Rule(read_number, 20001)]


class LedgerForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """`After` is the number of the last entry that is known already."""

    after: WholeNumber | None = None
    limit: WholeNumber | None = None


class Entry(msgspec.Struct, kw_only=True):
    """`body` is what the leaf binds to, byte by byte: SHA-256 of `salt` and `body` is the leaf."""

    n: int
    at: str
    actor: str
    verb: str
    scope: tuple[str, ...]
    body: str
    salt: str
    proof: list[str]


class Ledger(msgspec.Struct, kw_only=True):
    """`checkpoint` is a signed note, `key` who signed it. `after` is what to ask with for what follows."""

    account_sid: str
    checkpoint: str
    key: str
    entries: list[Entry]
    after: int


@ledger.only(LedgerForm)
async def read(request: ApiRequest[LedgerForm]) -> Ledger:
    records = request.deps.records
    if records is None:
        raise ApiError(20501, "The ledger is not read here.")
    limit = SHOWN if request.form.limit is None else request.form.limit
    if not 1 <= limit <= ENTRIES_AT_ONCE:
        raise ApiError(20001, f"Limit must be between 1 and {ENTRIES_AT_ONCE}.")
    after = -1 if request.form.after is None else request.form.after
    found = await records.entries_of(request.caller, request.account.sid, after, limit)
    return Ledger(
        account_sid=request.account.sid,
        checkpoint=found.checkpoint,
        key=await records.verifier(),
        entries=[_shown(entry) for entry in found.entries],
        after=found.entries[-1].n if found.entries else after,
    )


def _shown(proven: ProvenEntry) -> Entry:
    entry = proven.entry
    return Entry(
        n=proven.n,
        at=iso(entry.at_ms),
        actor=entry.actor,
        verb=entry.verb,
        scope=entry.scope,
        body=proven.body.decode(),
        salt=base64.b64encode(proven.salt).decode(),
        proof=[base64.b64encode(step).decode() for step in proven.proof],
    )
