"""Which of an account's texts or calls a member wants to see."""

from typing import Generic, TypeVar

import msgspec

StatusT = TypeVar("StatusT")
DirectionT = TypeVar("DirectionT")


class Wanted(msgspec.Struct, Generic[StatusT, DirectionT], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Those of a day (UTC, YYYY-MM-DD), a status, a direction; those after the page that ended with `before`."""

    day: str = ""
    status: StatusT | None = None
    direction: DirectionT | None = None
    before: str | None = None
