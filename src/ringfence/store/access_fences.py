"""What of a change of access is still to be written, for all stores."""

from collections.abc import Iterable, Mapping
from typing import Final

from ringfence.ports.access_changes import OvertakenError

LIMITS: Final = ("policy", "networks", "canary", "watched", "reaction", "ends_ms")
"""Fields of a key that are changed, each apart from the others. Of an account there are these two."""
NETWORKS: Final = "networks"
NOTICE_ADDRESS: Final = "notice_address"


def to_write(known: Mapping[str, int], fields: Iterable[str], fence: int, *, at_once: bool) -> list[str]:
    """Those of the fields in which nothing as new is known. What is done `at_once` writes them all.

    OvertakenError names those in which something newer is: nothing may be written then.
    """
    given = list(fields)
    if at_once:
        return given
    if newer := frozenset(field for field in given if known.get(field, 0) > fence):
        raise OvertakenError(newer)
    return [field for field in given if known.get(field, 0) < fence]
