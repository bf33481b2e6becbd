"""ID tokens of open sessions, in memory alone: a provider asks for them as its person signs out.

They hold names, so they are on no disk of ours. After a restart there is none, and the provider asks the person.
"""

import asyncio
from typing import Final

import structlog

from ringfence.console.sessions import Sessions

KEPT_MAX: Final = 5_000
# It stands in an address.
LENGTH_MAX: Final = 4_000
# Sessions end in several places and processes, and by age: so long after one at most its token is dropped.
LOOK_EVERY_S: Final = 60.0

_log = structlog.get_logger(__name__)


class KeptIdTokens:
    """By session. The oldest go first."""

    def __init__(self, sessions: Sessions, look_every_s: float = LOOK_EVERY_S) -> None:
        self._sessions = sessions
        self._look_every_s = look_every_s
        self._kept: dict[str, str] = {}
        self._looking: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, session: str, token: str) -> None:
        """Nothing is kept of what is too long for an address."""
        if len(token) > LENGTH_MAX:
            return
        self._kept[session] = token
        if len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    def take(self, session: str) -> str:
        """Once; "" where there is none."""
        return self._kept.pop(session, "")

    async def _look(self) -> None:
        """While any is kept."""
        while self._kept:
            await asyncio.sleep(self._look_every_s)
            # What comes while the storage answers is of sessions that the answer may not have.
            held = list(self._kept)
            try:
                going_on = await self._sessions.going_on("member")
            except ConnectionError:
                _log.warning("console.id_tokens", cause="the sessions cannot be read now")
                continue
            for each in held:
                if each not in going_on:
                    self._kept.pop(each, None)
