"""Keeps a trunk: registered where it wants that, and known to be there or not.

A registration is renewed before it ends, at another place of the trunk when one fails, and less often the longer it
fails. Between, or without one, OPTIONS tell whether the trunk answers; any answer will do.

Source: RFC 3261, sections 10.2 and 11; RFC 5626, section 4.4.1 (pings).
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Sequence

import structlog

from ringfence.carriers.sip.address import Address
from ringfence.carriers.sip.endpoint import Endpoint
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.framing import PING
from ringfence.carriers.sip.grammar import MalformedError, parse_number
from ringfence.carriers.sip.headers import Headers
from ringfence.carriers.sip.locator import Target
from ringfence.carriers.sip.login import Login
from ringfence.carriers.sip.message import Request, Response
from ringfence.carriers.sip.trunk import Trunk
from ringfence.carriers.sip.uri import SipUri, same_uri

EXPIRES_S = 3_600
PING_S = 25.0
OPTIONS_S = 30.0
FIRST_DELAY_S = 5.0
LONGEST_DELAY_S = 300.0
MAX_EXCHANGES = 4
# How long an ending process waits for a registration to be taken back.
GOOD_BYE_S = 1.0
_MOST_EXPIRES_S = 86_400


class TrunkKeeper:
    """`up` is whether the trunk answered when it was asked last; a trunk that was not asked yet counts as up.

    `noted` is told of every answer, and of every one that did not come.
    """

    def __init__(
        self,
        trunk: Trunk,
        endpoint: Endpoint,
        *,
        targets: Callable[[], Awaitable[Sequence[Target]]],
        flow_to: Callable[[Target], Awaitable[Flow]],
        contact: Callable[[Flow], Address],
        login: Login | None,
        host: str,
        noted: Callable[[bool], None],
    ) -> None:
        self.up = True
        self.registered = False
        self._trunk = trunk
        self._endpoint = endpoint
        self._targets = targets
        self._flow_to = flow_to
        self._contact = contact
        self._login = login
        self._host = host
        self._noted = noted
        self._call_id = secrets.token_hex(16)
        self._tag = secrets.token_hex(8)
        self._sequence = 0
        self._flow: Flow | None = None
        self._again = asyncio.Event()
        self._log = structlog.get_logger("ringfence.sip").bind(trunk=trunk.name)

    def __repr__(self) -> str:
        return f"TrunkKeeper({self._trunk.name})"

    def lost(self, flow: Flow) -> None:
        """A connection is gone: if it was the trunk's, everything about it is asked anew."""
        if flow is self._flow:
            self._again.set()

    async def run(self) -> None:
        """Until cancelled; then a registration is taken back."""
        failures = 0
        try:
            while True:
                self._again.clear()
                good_s = await (self._register(EXPIRES_S) if self._trunk.register else self._ask())
                self._note(good_s > 0)
                failures = 0 if good_s else failures + 1
                delay_s = min(FIRST_DELAY_S * 2 ** min(failures - 1, 10), LONGEST_DELAY_S) if failures else good_s
                await self._rest(delay_s)
        finally:
            if self.registered and self._flow is not None:
                # Most carriers want the password for that too.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(GOOD_BYE_S):
                        await self._exchange("REGISTER", self._flow, 0)

    async def _rest(self, delay_s: float) -> None:
        """Wait, with a ping now and then that keeps the way open, unless the connection is lost meanwhile."""
        end_s = asyncio.get_running_loop().time() + delay_s
        while (left_s := end_s - asyncio.get_running_loop().time()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._again.wait(), min(left_s, PING_S))
                return
            if self.registered and self._flow is not None:
                self._flow.send(PING)

    def _note(self, up: bool) -> None:
        if up != self.up:
            self._log.warning("trunk answers again" if up else "trunk does not answer")
        self.up = up
        self.registered = up and self._trunk.register
        self._noted(up)

    async def _register(self, expires_s: int) -> float:
        """Register at the first place that takes it: seconds until it is to be renewed; 0 where none does."""
        for flow in await self._flows():
            response = await self._exchange("REGISTER", flow, expires_s)
            if response is not None and response.status == 200:
                self._flow = flow
                return max(self._granted_s(response, flow, expires_s) * 0.8, 1.0)
            if response is not None:
                self._log.warning("trunk refuses the registration", status=response.status)
        return 0

    async def _ask(self) -> float:
        """OPTIONS: seconds until the next; 0 where no place answers."""
        for flow in await self._flows():
            response = await self._exchange("OPTIONS", flow, 0)
            if response is not None and response.status not in {408, 503}:
                self._flow = flow
                return OPTIONS_S
        return 0

    async def _flows(self) -> Sequence[Flow]:
        flows = []
        for target in await self._targets():
            with contextlib.suppress(OSError, TimeoutError):
                flows.append(await self._flow_to(target))
        return flows

    async def _exchange(self, method: str, flow: Flow, expires_s: int) -> Response | None:
        """Ask, and answer what is asked back: the final answer, None where none comes."""
        more: tuple[str, str] | None = None
        answered = False
        for _ in range(MAX_EXCHANGES):
            request = self._request(method, flow, expires_s)
            if more is not None:
                request.headers.add(*more)
            response = await self._answer(flow, request)
            if response is None:
                return None
            if response.status == 423:
                expires_s, more, answered = _least(response, expires_s), None, False
                if expires_s == 0:
                    return response
                continue
            if self._login is None:
                return response
            more = self._login.answer(response, method=method, uri=str(request.uri), again=answered)
            if more is None:
                return response
            answered = True
        return response

    async def _answer(self, flow: Flow, request: Request) -> Response | None:
        final: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()

        def answered(response: Response | None) -> None:
            if not final.done() and (response is None or response.status >= 200):
                final.set_result(response)

        self._endpoint.request(request, flow, answered)
        return await final

    def _request(self, method: str, flow: Flow, expires_s: int) -> Request:
        self._sequence += 1
        trunk = self._trunk
        registrar = SipUri(host=trunk.host, port=trunk.port or None)
        place = trunk.from_domain or (trunk.host if trunk.register else self._host)
        ours = Address(uri=SipUri(user=trunk.username or "ringfence", host=place))
        called = ours if method == "REGISTER" else Address(uri=registrar)
        headers = Headers(
            [
                *([("route", f"<sip:{trunk.outbound_proxy};lr>")] if trunk.outbound_proxy else []),
                ("max-forwards", "70"),
                ("from", str(ours.with_tag(self._tag))),
                ("to", str(called)),
                ("call-id", self._call_id),
                ("cseq", f"{self._sequence} {method}"),
                ("contact", str(self._contact(flow))),
                *([("expires", str(expires_s))] if method == "REGISTER" else []),
            ]
        )
        return Request(method, registrar, headers)

    def _granted_s(self, response: Response, flow: Flow, asked_s: int) -> int:
        """For how long: what our own contact says in the answer, else its Expires, else what we asked for."""
        ours = self._contact(flow).uri
        try:
            for contact in response.contacts:
                expires = contact.parameter("expires")
                if expires and same_uri(contact.uri, ours):
                    return parse_number(expires, most=_MOST_EXPIRES_S)
            text = response.headers.single("expires")
            return asked_s if text is None else parse_number(text, most=_MOST_EXPIRES_S)
        except MalformedError:
            return asked_s


def _least(response: Response, asked_s: int) -> int:
    """The expiry that a 423 wants; 0 where it wants none that is longer."""
    try:
        least_s = parse_number(response.headers.single("min-expires") or "", most=_MOST_EXPIRES_S)
    except MalformedError:
        return 0
    return least_s if least_s > asked_s else 0
