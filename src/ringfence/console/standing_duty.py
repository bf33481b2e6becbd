"""Which duty to retain metadata stands, for pages that are shown without the key service too."""

from collections.abc import Sequence

import msgspec

from ringfence.ports.retention import Duties, Duty


class StandingDuty(msgspec.Struct, frozen=True, kw_only=True):
    """`duty` is None where none stands. With the key service away it is not `known`."""

    known: bool = True
    duty: Duty | None = None


async def known_duties(duties: Duties) -> Sequence[Duty] | None:
    """All that were ever declared, the newest first; None with the key service away."""
    try:
        return await duties.duties()
    except ConnectionError:
        return None


async def standing_duty(duties: Duties) -> StandingDuty:
    """As it is now."""
    found = await known_duties(duties)
    return StandingDuty(known=False) if found is None else StandingDuty(duty=standing_of(found))


def standing_of(duties: Sequence[Duty]) -> Duty | None:
    """The one of them that stands."""
    return next((each for each in duties if each.ended_ms is None), None)
