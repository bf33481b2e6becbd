"""The front desk: what comes from outside a call is taken, challenged, or met with silence.

Known are trunks, by address, and whoever has proven itself; a stranger gets an answer only once it has. Implements
`switchboard.Reception`.
"""

import asyncio
import secrets
from collections.abc import Callable

import structlog

from ringfence.carriers.sip.ban_table import BAD_PACKETS, BanTable, banned_as
from ringfence.carriers.sip.endpoint import Incoming
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.identity import Identity, bearer_token, is_scanner
from ringfence.carriers.sip.message import Request, respond
from ringfence.carriers.sip.numbering import handset_of
from ringfence.carriers.sip.principal import Principal
from ringfence.carriers.sip.registrar import MAX_EXPIRES_S, Registrar
from ringfence.carriers.sip.trunk import Trunk

PROVEN_MS = 7_200_000
MAX_PROVEN = 50_000


class FrontDesk:
    """`trunk_at` knows trunks by address; `is_phones` knows the flows of the Phones page.

    `welcome` leads a request on, once it is known who sent it; `take` makes a call of it.
    """

    def __init__(
        self,
        identity: Identity,
        registrar: Registrar,
        bans: BanTable,
        *,
        trunk_at: Callable[[str], Trunk | None],
        is_phones: Callable[[Flow], bool],
        take: Callable[[Incoming, Principal], None],
        now_ms: Callable[[], int],
    ) -> None:
        self.welcome: Callable[[Incoming], None] = lambda incoming: None
        self._identity = identity
        self._registrar = registrar
        self._bans = bans
        self._trunk_at = trunk_at
        self._is_phones = is_phones
        self._take = take
        self._now_ms = now_ms
        self._identified: dict[Incoming, Principal] = {}
        self._proven: dict[Flow, tuple[Principal, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("ringfence.sip")

    def __repr__(self) -> str:
        return f"FrontDesk({len(self._proven)} proven)"

    def admits(self, flow: Flow) -> bool:
        """All but the banned; no ban reaches a trunk or a proven flow, whose address somebody else may forge."""
        return self.knows(flow) or not self._bans.is_banned(banned_as(flow))

    def knows(self, flow: Flow) -> bool:
        """A trunk's address, the Phones page, or a flow that somebody has proven to be theirs."""
        return self._is_phones(flow) or self._proof(flow) is not None or self._trunk_at(flow.remote[0]) is not None

    def noise(self, flow: Flow, request: Request | None = None) -> None:
        """Count it; who says to be a scanner has said enough."""
        self._bans.count(banned_as(flow), BAD_PACKETS if request is not None and is_scanner(request) else 1)

    def stranger(self, incoming: Incoming) -> None:
        """Find out who it is."""
        self._identify(incoming, then=self.welcome)

    def call(self, incoming: Incoming) -> None:
        """Take a call, once it is known from whom."""
        principal = self._identified.pop(incoming, None)
        if principal is None:
            self._identify(incoming, then=self.call)
        else:
            self._take(incoming, principal)

    def other(self, incoming: Incoming) -> bool:
        """Take a REGISTER."""
        if incoming.request.method != "REGISTER":
            return False
        if incoming in self._identified:
            self._register(incoming)
        else:
            self._identify(incoming, then=self._register)
        return True

    def lost(self, flow: Flow) -> None:
        """A connection is gone: so is what it proved, and every binding that it alone reached."""
        self._proven.pop(flow, None)
        self._registrar.lost(flow)

    def sweep(self) -> None:
        """Forget what has expired."""
        now_ms = self._now_ms()
        self._proven = {flow: proof for flow, proof in self._proven.items() if proof[1] > now_ms}
        self._registrar.sweep()

    async def close(self) -> None:
        """Stop what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _register(self, incoming: Incoming) -> None:
        principal = self._identified.pop(incoming)
        tag = secrets.token_hex(8)
        if not principal.registers:
            incoming.respond(respond(incoming.request, 403, tag=tag))
            return
        left_s = max((principal.expires_ms - self._now_ms()) // 1_000, 1) if principal.expires_ms else MAX_EXPIRES_S
        answer = self._registrar.register(
            incoming.request, incoming.flow, tag=tag, user=principal.record, most_s=min(left_s, MAX_EXPIRES_S)
        )
        if answer.status == 200:
            self._prove(incoming.flow, principal)
        incoming.respond(answer)

    def _proof(self, flow: Flow) -> Principal | None:
        proof = self._proven.get(flow)
        return proof[0] if proof is not None and proof[1] > self._now_ms() else None

    def _prove(self, flow: Flow, principal: Principal) -> None:
        until_ms = self._now_ms() + PROVEN_MS
        if principal.expires_ms:
            until_ms = min(until_ms, principal.expires_ms)
        self._proven.pop(flow, None)
        self._proven[flow] = principal, until_ms
        if len(self._proven) > MAX_PROVEN:
            del self._proven[next(iter(self._proven))]

    def _identify(self, incoming: Incoming, *, then: Callable[[Incoming], None]) -> None:
        task = asyncio.get_running_loop().create_task(self._find_out(incoming, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _find_out(self, incoming: Incoming, then: Callable[[Incoming], None]) -> None:
        try:
            principal = await self._who(incoming)
        except OSError as error:
            # The store or the key service is away: that passes, and whoever asks will ask again.
            self._log.warning("who calls could not be looked up", kind=type(error).__name__)
            self._away(incoming)
            return
        except BaseException:
            # Whatever it was: a request that nobody looks at any more must not keep its place.
            incoming.ignore()
            raise
        if principal is None:
            return
        if incoming.flow.reliable and principal.kind == "domain":
            # Its connection stays, though every call on it is to be proven anew.
            self._prove(incoming.flow, principal)
        self._identified[incoming] = principal
        then(incoming)
        # What was refused on its way in was never asked for.
        self._identified.pop(incoming, None)

    async def _who(self, incoming: Incoming) -> Principal | None:
        """Who sent a request. A phone over UDP shows its password with every call; a connection stays its client's.

        Where a token is shown again it is checked again: its key may have been revoked.
        """
        number = handset_of(incoming.request) if self._is_phones(incoming.flow) else ""
        if number:
            return Principal(kind="handset", user=number, registers=True)
        proven = self._proof(incoming.flow)
        asks_anew = incoming.request.method == "REGISTER" or bearer_token(incoming.request)
        # Over UDP anybody may write a client's address on a packet.
        if proven is not None and proven.kind == "client" and incoming.flow.reliable and not asks_anew:
            return proven
        trunk = self._trunk_at(incoming.flow.remote[0])
        if trunk is not None and not await self._identity.is_addressed(incoming.request):
            return Principal(kind="trunk", name=trunk.name, trunk=trunk)
        return await self._identity.verify(incoming)

    def _away(self, incoming: Incoming) -> None:
        if incoming.silent:
            incoming.ignore()
        else:
            incoming.respond(respond(incoming.request, 503, tag=secrets.token_hex(8)))
