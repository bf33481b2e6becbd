"""A role's live feed on a Unix socket, for the command line of its own user: what happens, and detours of webhooks.

Both last as long as somebody asks again: a watcher that is gone, however it went, is forgotten within seconds, and so
are its detours.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from ringfence.ipc.client import Client
from ringfence.ipc.server import Server, serve
from ringfence.ipc.verbs import Handler
from ringfence.ports.onlookers import Happening, Sight

WATCH = "watch"
DETOUR = "detour"
KEPT = 2_000
BATCH = 500
MAX_WAIT_MS = 1_000
# A watcher asks again at once; one that has not for so long is gone.
PATIENCE_S = 5.0
MAX_DETOURS = 1_000
MAX_URL_CHARACTERS = 4_096


class LiveFeed:
    """`ports.onlookers.Onlookers` and `Detours` of one process. Costs nothing while nobody watches."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._name = secrets.token_hex(8)
        self._kept: deque[Happening] = deque(maxlen=KEPT)
        self._told = 0
        self._watched_until_s = 0.0
        self._news = asyncio.Event()
        self._detours: dict[str, tuple[str, float]] = {}

    @property
    def present(self) -> bool:
        if self._now_s() < self._watched_until_s:
            return True
        self._kept.clear()
        return False

    def tell(self, happening: Happening) -> None:
        if self.present:
            self._told += 1
            self._kept.append(happening)
            self._news.set()

    def of(self, number: str) -> str | None:
        if not self._detours:
            return None
        url, until_s = self._detours.get(number, ("", 0.0))
        return url if self._now_s() < until_s else None

    async def watch(self, feed: str, last: int, wait_ms: int) -> Sight:
        """What was told after `last` of this `feed`; of another feed, or none, only where this one stands.

        Waits up to a second for news. The first call is answered at once: from then on nothing is missed.
        """
        self._watched_until_s = self._now_s() + PATIENCE_S
        if feed != self._name:
            return self._sight(self._told, 0, [])
        if last == self._told:
            self._news.clear()
            try:
                async with asyncio.timeout(min(wait_ms, MAX_WAIT_MS) / 1_000):
                    await self._news.wait()
            except TimeoutError:
                return self._sight(last, 0, [])
        first_kept = self._told - len(self._kept)
        missed = max(0, first_kept - last)
        fresh = list(self._kept)[max(0, last - first_kept) :][:BATCH]
        return self._sight(last + missed + len(fresh), missed, fresh)

    async def detour(self, urls: dict[str, str]) -> None:
        """For five seconds, tell what comes to these numbers to these URLs. ValueError for too many or too long."""
        now_s = self._now_s()
        kept = {number: way for number, way in self._detours.items() if now_s < way[1] and number not in urls}
        if len(kept) + len(urls) > MAX_DETOURS or any(len(url) > MAX_URL_CHARACTERS for url in urls.values()):
            raise ValueError("more detours, or a longer URL, than fit")
        # "" ends one at once.
        self._detours = kept | {number: (url, now_s + PATIENCE_S) for number, url in urls.items() if url}

    def _sight(self, last: int, missed: int, happenings: list[Happening]) -> Sight:
        return Sight(feed=self._name, last=last, missed=missed, happenings=happenings)


async def serve_live(path: Path, feed: LiveFeed, *, detours: bool, more: Mapping[str, Handler] | None = None) -> Server:
    """Answer watchers of this process's own user at `path`; with `detours`, let them lead webhooks elsewhere.

    `more` are verbs of the role besides.
    """
    return await serve(path, {WATCH: feed.watch, **({DETOUR: feed.detour} if detours else {}), **(more or {})})


class LiveView:
    """The watching side, of one role."""

    def __init__(self, path: Path) -> None:
        self._client = Client(path)
        self._feed = ""
        self._last = 0
        self._unread: deque[Happening] = deque()

    async def begin(self) -> None:
        """Return once nothing more is missed. ConnectionError where nobody answers."""
        await self.look(wait_ms=0)

    async def look(self, wait_ms: int = MAX_WAIT_MS) -> Sight:
        """What happened since the last look. ConnectionError when the role is away: look again later."""
        sight = await self._client.call(WATCH, self._feed, self._last, wait_ms, returns=Sight)
        self._feed, self._last = sight.feed, sight.last
        return sight

    async def find(self, wanted: Callable[[Happening], bool]) -> Happening:
        """The next happening that is wanted; those before it are passed over, those after it wait for the next call.

        Waits for as long as it takes. ConnectionError when the role is away: call again later.
        """
        while True:
            while self._unread:
                happening = self._unread.popleft()
                if wanted(happening):
                    return happening
            self._unread.extend((await self.look()).happenings)

    async def detour(self, urls: Mapping[str, str]) -> None:
        """Renew detours, at least every few seconds; "" ends one. PermissionError where there are none."""
        await self._client.call(DETOUR, dict(urls))

    async def close(self) -> None:
        await self._client.close()
