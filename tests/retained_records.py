"""A declared duty, and what its two officers read of what was kept under it."""

import datetime

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.retention.declaration import Declaration, declare
from ringfence.domain.retention.facts import FIELDS, Facts
from ringfence.domain.retention.officer import OfficerKey
from ringfence.domain.retention.opening import Request, answer, joined
from ringfence.domain.sealing.duty_box import open_box
from ringfence.domain.sealing.hpke import Recipient
from ringfence.domain.sealing.retained import open_retained, record_key
from ringfence.kms.service import KeyService
from ringfence.ports.retention import RetainedStore

OFFICERS = ANN, BOB = OfficerKey("ann", bytes([1]) * 32), OfficerKey("bob", bytes([2]) * 32)
SESSION = Recipient(bytes([9]) * 32)
DAY = datetime.timedelta(days=1)


async def declare_duty(keys: KeyService) -> Declaration:
    """The first duty, which names all there is."""
    made = declare(FIELDS, 30, "Telecommunications Act, section 113b", [key.officer for key in OFFICERS])
    assert await keys.declare_duty(made) == 1
    return made


async def opened(
    store: RetainedStore, keys: KeyService, clock: Clock, declaration: Declaration, account: str
) -> dict[tuple[str, int], Facts]:
    """All that was kept of an account lately, by (sid, part), as both officers together read it."""
    today = datetime.datetime.fromtimestamp(clock.now_ms() / 1_000, datetime.UTC).date()
    request = Request(
        duty=1,
        account=account,
        first_day=today - DAY,
        last_day=today + DAY,
        reference="Order 7 of the district court",
        shown=declaration.shown,
        session=SESSION.public,
        asked_ms=clock.now_ms(),
    )
    signatures = [(key.officer.name, key.sign(request.signed)) for key in OFFICERS]
    answers = (answer(request, declaration, ANN), answer(request, declaration, BOB))
    duty_key = joined(request, declaration, answers, SESSION)
    epochs = {
        epoch: open_box(duty_key, account, 1, epoch, inner)
        for epoch, inner in await keys.open_duty(request, signatures, after=0)
    }
    rows = await store.retained(account, 1, *request.epochs)
    return {
        (row.sid, row.part): open_retained(
            record_key(epochs[row.epoch], row.sid, row.part), account, row.sid, row.part, row.sealed
        )
        for row in rows
    }


def known(facts: Facts) -> dict[str, object]:
    """What is known, but for when: who tests knows that to the second alone."""
    return {
        name: value
        for name in msgspec.structs.asdict(facts)
        if (value := getattr(facts, name)) is not None and name != "accepted_at"
    }
