"""What a list of the operator's console is narrowed to, by the query of its address. What fits no field asks nothing.

No field takes a number, and none leads to what is within a tenant: there is no way from a number to an account.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec

from ringfence.domain.access.grant import GrantState
from ringfence.domain.sid import is_sid
from ringfence.ports.oversight import QueueFilter, TenantFilter

STATUSES: Final = ("active", "suspended", "closed")
NAME_MAX: Final = 64
# More than a year, or a house number: a name that a tenant has of its number is not found by it.
DIGITS_MAX: Final = 4
_SID: Final = re.compile(r"AC[0-9a-f]{0,32}")


class Fields(msgspec.Struct, frozen=True):
    """What was asked for, field by field, as its form shows it and its links say it again."""

    given: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.given.get(name, "")

    def link(self, path: str, **more: str) -> str:
        """The address of `path` narrowed likewise."""
        asked = urlencode({**self.given, **{name: value for name, value in more.items() if value}})
        return f"{path}?{asked}" if asked else path

    def older(self, path: str, **place: str) -> str:
        """The address of the next page, "" where no place is given: there is none."""
        return self.link(path, **place) if any(place.values()) else ""


def tenant_fields(query: Mapping[str, str]) -> Fields:
    """`status`, `since` (a day, UTC), `sid` and `name` (beginnings)."""
    return _fields(
        status=_one_of(query.get("status", ""), STATUSES),
        since=_day(query.get("since", "")),
        sid=_beginning_of_sid(query.get("sid", "").strip()),
        name=_beginning_of_name(query.get("name", "")),
    )


def tenants_wanted(fields: Fields) -> TenantFilter:
    """As the store takes it."""
    return TenantFilter(status=fields["status"], since_ms=_ms(fields["since"]), sid=fields["sid"], name=fields["name"])


def queue_fields(query: Mapping[str, str], carriers: Sequence[str]) -> Fields:
    """`account`, a whole SID, and one of `carriers`."""
    return _fields(account=_account(query), carrier=_one_of(query.get("carrier", ""), carriers))


def queues_wanted(fields: Fields) -> QueueFilter:
    """As the store takes it."""
    return QueueFilter(account=fields["account"], carrier=fields["carrier"])


def grant_fields(query: Mapping[str, str], staff: Sequence[str]) -> Fields:
    """`of`, an account, `state`, and `by`, one of `staff`."""
    return _fields(
        of=_account(query, "of"),
        state=_one_of(query.get("state", ""), [state.value for state in GrantState]),
        by=_one_of(query.get("by", ""), staff),
    )


def _fields(**given: str) -> Fields:
    return Fields({name: value for name, value in given.items() if value})


def _one_of(value: str, known: Sequence[str]) -> str:
    return value if value in known else ""


def _account(query: Mapping[str, str], name: str = "account") -> str:
    value = query.get(name, "").strip()
    return value if is_sid(value, "AC") else ""


def _day(value: str) -> str:
    try:
        return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        return ""


def _ms(day: str) -> int:
    return int(dt.datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp() * 1_000) if day else 0


def _beginning_of_sid(value: str) -> str:
    return value if _SID.fullmatch(value) else ""


def _beginning_of_name(value: str) -> str:
    fits = len(value) <= NAME_MAX and value.isprintable() and sum(map(str.isdigit, value)) <= DIGITS_MAX
    return value if fits else ""
