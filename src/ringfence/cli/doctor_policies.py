"""`ringfence doctor` on policies of staff: whether they can be used, and who may do nothing by them, or too much."""

import itertools
from collections.abc import Sequence
from typing import Final

from ringfence.cli.policy import AN_ACCOUNT, HOUR_MS, MONDAY_MS, SOMEBODY
from ringfence.console.operator.act_names import Act, AskedAct
from ringfence.console.operator.policies import LOOKS, NoPoliciesError, Policies
from ringfence.console.operator.policy_files import PolicyError, shipped_policies
from ringfence.domain.access.staff_role import ALL_STAFF_ROLES, StaffRole
from ringfence.domain.how_many import how_many
from ringfence.roles.settings import Settings
from ringfence.roles.staff_policies import configured_policies

# Each hour of a Monday, and noon of a Saturday and a Sunday.
HOURS_LOOKED_AT: Final = (*range(24), 132, 156)
CHECK: Final = "ringfence policy check"


def policies_found(settings: Settings) -> tuple[str, str]:
    """What was found, and the cure where it is bad, "" else."""
    try:
        policies = Policies(configured_policies(settings).statements)
    except NoPoliciesError:
        cure = "pip install 'ringfence[policies]'"
        return "cedarpy is not installed: every member of staff may do everything", "" if settings.dev else cure
    except PolicyError as error:
        return f"{how_many(len(error.mistakes), 'mistake')}, the first {error.mistakes[0]}", CHECK
    if not settings.staff_policies:
        return "those that come along", ""
    somebodys = _acts(policies, ALL_STAFF_ROLES)
    more = _acts(policies, []) - _acts(Policies(shipped_policies().statements), [])
    nobodys = [act for act in Act if act not in somebodys]
    everybodys = [act for act in Act if _changes(act) and act in more]
    wrong = [
        *([f"nobody may {', '.join(nobodys)}"] if nobodys else []),
        *([f"whoever is staff may {', '.join(everybodys)}, whatever for"] if everybodys else []),
    ]
    return "; ".join(wrong) or settings.staff_policies, f"`{CHECK}` tells who may what" if wrong else ""


def _acts(policies: Policies, roles: Sequence[StaffRole]) -> set[Act]:
    """What somebody who is for these parts may do at some hour, alone or with another, of some account or of none."""
    times_ms = [MONDAY_MS + hour * HOUR_MS for hour in HOURS_LOOKED_AT] if policies.by_time else [MONDAY_MS]
    owned = [(), *([country] for country in policies.named_countries)]
    found: set[Act] = set()
    for at_ms, countries in itertools.product(times_ms, owned):
        asked = [
            AskedAct(act=act, staff=SOMEBODY, account=account, is_fresh=True, persons=persons, at_ms=at_ms)
            for act, persons, account in itertools.product(set(Act) - found, (1, 2), ("", AN_ACCOUNT))
        ]
        judged = policies.judge_all(asked, roles, countries=countries)
        found |= {each.act for each, judgement in zip(asked, judged, strict=True) if judgement.permitted}
    return found


def _changes(act: Act) -> bool:
    return act.value.rpartition(".")[2] not in LOOKS
