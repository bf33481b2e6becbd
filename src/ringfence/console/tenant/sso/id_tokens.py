"""ID tokens of open sessions, in memory alone: a provider asks for them as its person signs out.

They hold names, so they are on no disk. After a restart there is none, and the provider asks the person.
"""

from collections import OrderedDict
from typing import Final

KEPT_MAX: Final = 5_000
# It stands in an address.
LENGTH_MAX: Final = 4_000


class KeptIdTokens:
    """By session. The oldest go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()

    def keep(self, session: str, token: str) -> None:
        """Nothing is kept of what is too long for an address."""
        if len(token) > LENGTH_MAX:
            return
        self._kept[session] = token
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)

    def take(self, session: str) -> str:
        """Once; "" where there is none."""
        return self._kept.pop(session, "")
