"""How an installation runs, as it tells itself: its carriers, what went wrong, rates that were raised.

Part of the store. Few rows, and none of them names anybody's customer.
"""

from collections.abc import Sequence
from typing import Final, Literal, Protocol

import msgspec

INCIDENT: Final = "IC"
CarrierKind = Literal["texts", "mails", "calls"]
RateKind = Literal["number", "account"]


class CarrierFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a carrier took and refused. `errors` counts Twilio's codes within the last hour."""

    sent_last_minute: int = 0
    throttled_last_hour: int = 0
    errors: dict[str, int] = {}


class CarrierState(msgspec.Struct, frozen=True, kw_only=True):
    """A carrier as one process, `owner`, has it: whether it answers since `since_ms`, as told at `told_ms` (Unix)."""

    name: str
    owner: str
    kind: CarrierKind
    up: bool
    since_ms: int
    told_ms: int
    figures: CarrierFigures = CarrierFigures()


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """Something that went wrong with `what`, from when to when (Unix, milliseconds); `ended_ms` is None while it does.

    `acknowledged_by` is a member of staff's ID, "" where nobody has said yet that they know.
    """

    sid: str
    kind: str
    what: str
    began_ms: int
    ended_ms: int | None = None
    acknowledged_by: str = ""
    acknowledged_ms: int | None = None


class AllowedRate(msgspec.Struct, frozen=True, kw_only=True):
    """Texts a second that a number or an account may send, in place of what settings say."""

    kind: RateKind
    name: str
    rate_mps: float
    at_ms: int


class OperationsView(Protocol):
    """What is read of it."""

    async def carrier_states(self) -> Sequence[CarrierState]:
        """All, by name and owner."""

    async def incidents(
        self, *, before: str | None = None, limit: int = 50, going_on: bool = False
    ) -> Sequence[Incident]:
        """The latest first, those before the one of that SID; with `going_on` those alone that have not ended."""

    async def allowed_rates(self) -> Sequence[AllowedRate]:
        """All, by kind and name."""


class OperationsStore(OperationsView, Protocol):
    """Written by whoever runs something; of the consoles, by what staff say of an incident, and raise of rates."""

    async def put_carrier_state(self, row: CarrierState) -> None:
        """In place of what that process told of that carrier before."""

    async def begin_incident(self, row: Incident) -> bool:
        """False where one of that kind and thing goes on already: it stays as it is."""

    async def end_incident(self, kind: str, what: str, at_ms: int) -> bool:
        """False where none goes on."""

    async def acknowledge_incident(self, sid: str, by: str, at_ms: int) -> bool:
        """False where there is none, or somebody has acknowledged it."""

    async def put_allowed_rate(self, row: AllowedRate, *, was: AllowedRate | None = None, number: str = "") -> bool:
        """In place of `was`, None for none; where `number`, a SID, is given, while that is whose rate it is.

        False where another stands, or the number is somebody else's. A number's rate ends when it is given up.
        """
