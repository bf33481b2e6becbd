"""Lines over SIP: trunks, registered phones and clients, and any SIP address. Implements `ports.line.Lines`.

Source: RFC 3261; RFC 3263 (locating servers); RFC 3325.
"""

import asyncio
import secrets
import ssl
import weakref
from collections.abc import Callable, Collection, Sequence
from functools import partial

import msgspec
import structlog

from ringfence.carriers.sip.address import Address
from ringfence.carriers.sip.ban_table import BanTable
from ringfence.carriers.sip.callee import IncomingCall
from ringfence.carriers.sip.caller import OutgoingCall
from ringfence.carriers.sip.dialog import Dialog
from ringfence.carriers.sip.endpoint import Endpoint, Incoming
from ringfence.carriers.sip.flow import Flow, UdpFlow
from ringfence.carriers.sip.front_desk import FrontDesk
from ringfence.carriers.sip.grammar import MalformedError
from ringfence.carriers.sip.identity import Identity
from ringfence.carriers.sip.incoming_line import CALL_SID, IncomingLine
from ringfence.carriers.sip.locator import AddressLocator, Locator, Target
from ringfence.carriers.sip.login import Login
from ringfence.carriers.sip.message import respond
from ringfence.carriers.sip.numbering import added_headers, called_of, caller_of, passed_headers, sender_of
from ringfence.carriers.sip.outgoing_line import OutgoingLine
from ringfence.carriers.sip.principal import Principal, record
from ringfence.carriers.sip.registrar import Binding, Registrar
from ringfence.carriers.sip.session import Listener, Session
from ringfence.carriers.sip.switchboard import Switchboard
from ringfence.carriers.sip.trunk import Trunk
from ringfence.carriers.sip.trunk_addresses import REFRESH_S, TrunkAddresses
from ringfence.carriers.sip.trunk_keeper import TrunkKeeper
from ringfence.carriers.sip.uri import SipUri, parse_host, parse_uri
from ringfence.ports.line import Destination, Line, LineListener, MediaKind, NoRouteError, Operator, Route
from ringfence.ports.sip_access import Authenticator, SipAccess

# How simulated handsets and clients write numbers: in full.
PHONES = Trunk(name="phones", host="localhost")


class SipLines:
    """All calls of one process.

    `host` is the address that others reach us by. `permits` and `permits_port` say what a SIP address of a program may
    mean, a trunk never; for numbers and registered phones nobody is asked. `locator` finds trunks, `place_locator` what
    programs name, so that their slow names hold up no trunk. `is_phones` knows the flows of the Phones page,
    whose requests are its simulated handsets'. `now_ms` is wall time. `trunk_is_up` is told whether a trunk answers.
    TrunkError where a password is not where it should be.
    """

    def __init__(
        self,
        operator: Operator,
        access: SipAccess,
        clients: Authenticator,
        *,
        host: str,
        now_ms: Callable[[], int],
        trunks: Sequence[Trunk] = (),
        locator: Locator | None = None,
        permits: Callable[[str], bool] = lambda address: True,
        permits_port: Callable[[int], bool] = lambda port: True,
        place_locator: Locator | None = None,
        is_phones: Callable[[Flow], bool] = lambda flow: False,
        tls: ssl.SSLContext | None = None,
        banned: Callable[[int], None] | None = None,
        trunk_is_up: Callable[[str, bool], None] = lambda name, up: None,
        desk: type[FrontDesk] = FrontDesk,
    ) -> None:
        self._operator = operator
        self._access = access
        self._host = host
        self._trunks = {trunk.name: trunk for trunk in trunks}
        self._locator = locator or AddressLocator()
        self._place_locator = place_locator or self._locator
        self._permits_port = permits_port
        self._permits = permits
        self._tls = tls
        self._trunk_is_up = trunk_is_up
        # Trunks that get no calls for now, by name: the next that takes a number does. What they bring is taken.
        self._paused: Collection[str] = ()
        self._ports: dict[str, int] = {}
        self._calls: dict[Session, Flow] = {}
        self._addresses = TrunkAddresses(trunks, self._locator)
        self._logins = {trunk.name: Login(trunk.username, trunk.secret()) for trunk in trunks if trunk.username}
        self._keepers: dict[str, TrunkKeeper] = {}
        self._log = structlog.get_logger("ringfence.sip")
        self.registrar = Registrar(_monotonic_ms, self._joins)
        self._ringing: weakref.WeakValueDictionary[str, OutgoingLine[Binding]] = weakref.WeakValueDictionary()
        self.bans = BanTable(_monotonic_ms, banned)
        self._desk = desk(
            Identity(
                access,
                clients,
                self.bans,
                now_ms=now_ms,
                trunks=[(trunk, self._logins[trunk.name]) for trunk in trunks if trunk.calls_by_password],
            ),
            self.registrar,
            self.bans,
            trunk_at=self._addresses.at,
            is_phones=is_phones,
            take=self._take,
            now_ms=now_ms,
        )
        self._switchboard = Switchboard(self._desk)
        self._desk.welcome = self._switchboard.welcome
        self.endpoint = Endpoint(
            self._switchboard,
            host=host,
            lost=self._lost,
            unbounded=lambda address: self._addresses.at(address) is not None,
        )

    def __repr__(self) -> str:
        return f"SipLines({len(self._trunks)} trunks, {len(self._calls)} calls)"

    def pause(self, trunks: Collection[str]) -> None:
        """Give calls to none of these for now, by name; the next trunk that takes a number gets them."""
        self._paused = trunks

    def reached_at(self, transport: str, port: int) -> None:
        """Name the port that others reach us at over a transport."""
        self._ports.setdefault(transport, port)

    async def run(self) -> None:
        """Keep trunks, look them up anew and forget what has expired, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for trunk in self._trunks.values():
                if trunk.register or trunk.ask:
                    self._keepers[trunk.name] = self._keeper(trunk)
                    tasks.create_task(self._keepers[trunk.name].run(), name=f"trunk {trunk.name}")
            while True:
                await self._addresses.refresh()
                self._desk.sweep()
                await asyncio.sleep(REFRESH_S)

    async def close(self) -> None:
        """Close every socket, after `run` has ended. No listener is told of it."""
        await self._desk.close()
        await self.endpoint.close()

    async def routes(self, destination: Destination) -> list[Route]:
        """The ways to a destination, the first to be tried first; NoRouteError where there is none."""
        try:
            added_headers(destination.headers)
        except MalformedError as error:
            raise NoRouteError(400, str(error)) from None
        if destination.kind == "number":
            return self._routes_of_number(destination.address)
        if destination.kind == "client":
            user = destination.address.removeprefix("client:")
            return [self._route_of_record("client", record("client", destination.account, user))]
        return [await self._route_of_address(destination)]

    async def call(
        self, route: Route, destination: Destination, caller: str, offer: bytes, listener: LineListener
    ) -> Line:
        """Call along a route: the INVITE goes out once it is known where to."""
        kind, _, name = route.key.partition(":")
        invitation = _Invitation(destination, caller, offer, secrets.token_hex(16))
        if kind == "record":
            line = OutgoingLine(
                partial(self._ring, invitation),
                partial(self._bindings, name),
                listener,
                call_id=invitation.call_id,
                at_once=True,
            )
            self._ringing[f"{name} {invitation.call_id}"] = line
            return line
        trunk = self._trunks[name] if kind == "trunk" else None
        return OutgoingLine(
            partial(self._reach, invitation, trunk),
            partial(self._targets, destination, trunk),
            listener,
            call_id=invitation.call_id,
            at_once=False,
        )

    async def flow_to(self, target: Target) -> Flow:
        """The flow to a place. OSError or TimeoutError where there is none."""
        if target.transport == "UDP":
            return self.endpoint.udp_flow(target.place)
        if target.transport == "TLS":
            try:
                return await self.endpoint.stream_flow(target.place, tls=self._tls, server_name=target.name)
            except ssl.SSLError as error:
                # Who reads this has to know that the carrier is there, and why it is not believed. A tenant's own
                # address is not named.
                if target.name in {trunk.host for trunk in self._trunks.values()}:
                    reason = getattr(error, "verify_message", "") or error.reason
                    self._log.error("trunk's certificate refused", host=target.name, reason=reason)
                raise
        return await self.endpoint.stream_flow(target.place)

    def _joins(self, user: str, binding: Binding) -> None:
        """A telephone that comes while its user is being called rings too."""
        for key, line in list(self._ringing.items()):
            if key.rpartition(" ")[0] == user:
                line.join(binding)

    def _routes_of_number(self, number: str) -> list[Route]:
        routes = []
        handset = record("handset", "", number)
        if self.registrar.bindings(handset):
            routes.append(self._route_of_record(PHONES.name, handset))
        # One that did not answer lately is tried last, in case it does now.
        for trunk in sorted(self._trunks.values(), key=lambda trunk: not self._is_up(trunk)):
            if trunk.takes(number) and trunk.name not in self._paused:
                key = f"trunk:{trunk.name}"
                routes.append(Route(name=trunk.name, media=trunk.media, key=key, encodings=trunk.codecs))
        if not routes and any(trunk.takes(number) for trunk in self._trunks.values()):
            raise NoRouteError(503, "what takes calls to this number is paused")
        if not routes:
            raise NoRouteError(404, "no trunk takes calls to this number")
        return routes

    def _is_up(self, trunk: Trunk) -> bool:
        keeper = self._keepers.get(trunk.name)
        return keeper is None or keeper.up

    def _keeper(self, trunk: Trunk) -> TrunkKeeper:
        return TrunkKeeper(
            trunk,
            self.endpoint,
            targets=partial(trunk_targets, trunk, self._locator),
            flow_to=self.flow_to,
            contact=self._contact,
            login=self._logins.get(trunk.name),
            host=self._host,
            noted=partial(self._trunk_is_up, trunk.name),
        )

    def _route_of_record(self, name: str, user: str) -> Route:
        bindings = self.registrar.bindings(user)
        if not bindings:
            raise NoRouteError(480, "not registered")
        return Route(name=name, media=_media_over(bindings[0].flow), key=f"record:{user}")

    async def _route_of_address(self, destination: Destination) -> Route:
        try:
            uri = parse_uri(destination.address)
        except MalformedError as error:
            raise NoRouteError(400, str(error)) from None
        if not isinstance(uri, SipUri):
            raise NoRouteError(416, "an address that is not SIP's")
        domain = await self._access.domain(uri.host)
        if domain is not None:
            if domain.account != destination.account:
                raise NoRouteError(403, "a SIP Domain of another account")
            return self._route_of_record(f"domain:{domain.sid}", record("domain", domain.sid, uri.user or ""))
        if self._addresses.leads(uri.host):
            raise NoRouteError(403, "a trunk's own host: call the number itself")
        if uri.port is not None and not self._permits_port(uri.port):
            raise NoRouteError(403, "a port that is closed to calls")
        secure = uri.scheme == "sips" or uri.parameter("transport") == "tls"
        return Route(name=uri.host, media="srtp" if secure else "rtp", key="address")

    async def _bindings(self, user: str) -> Sequence[Binding]:
        return self.registrar.bindings(user)

    async def _targets(self, destination: Destination, trunk: Trunk | None) -> Sequence[Target]:
        if trunk is not None:
            return await trunk_targets(trunk, self._locator)
        uri = _sip_uri(destination.address)
        transport = (uri.parameter("transport") or "").upper() or None
        secure = uri.scheme == "sips" or transport == "TLS"
        found = await self._place_locator.targets(
            uri.host, uri.port, transport, secure=secure, owner=destination.account
        )
        return [one for one in found if self._may_reach(*one.place)]

    def _may_reach(self, address: str, port: int) -> bool:
        """Whether a SIP address of a program may lead there; SRV records may name any port too."""
        return self._permits_port(port) and self._permits(address) and not self._addresses.leads(address)

    async def _ring(self, invitation: "_Invitation", binding: Binding, listener: Listener) -> OutgoingCall:
        """Call one registration, over the flow it came by."""
        target = binding.contact.uri
        if not isinstance(target, SipUri):
            raise MalformedError("a contact that SIP does not reach")
        named = invitation.destination.address
        if named.startswith(("sip:", "sips:")):
            called = _sip_uri(named)
        else:
            called = SipUri(user=named.removeprefix("client:"), host=self._host)
        sid = invitation.destination.call_sid
        told = ((CALL_SID, sid),) if sid else ()
        return self._invite(invitation, binding.flow, listener, target=target, called=called, told=told)

    async def _reach(
        self, invitation: "_Invitation", trunk: Trunk | None, target: Target, listener: Listener
    ) -> OutgoingCall:
        """Call one place of a trunk, or of a SIP address."""
        flow = await self.flow_to(target)
        destination = invitation.destination
        if trunk is None:
            called = _sip_uri(destination.address)
            login = Login(destination.username, destination.password) if destination.username else None
        else:
            called = SipUri(user=trunk.written(destination.address), host=trunk.host, port=trunk.port or None)
            login = self._logins.get(trunk.name)
        return self._invite(invitation, flow, listener, target=called, called=called, trunk=trunk, login=login)

    def _invite(
        self,
        invitation: "_Invitation",
        flow: Flow,
        listener: Listener,
        *,
        target: SipUri,
        called: SipUri,
        trunk: Trunk | None = None,
        login: Login | None = None,
        told: tuple[tuple[str, str], ...] = (),
    ) -> OutgoingCall:
        caller, more = caller_of(invitation.caller, self._host, trunk)
        if trunk is not None and trunk.outbound_proxy:
            more = [("route", f"<sip:{trunk.outbound_proxy};lr>"), *more]
        call = OutgoingCall(
            self.endpoint,
            flow,
            listener,
            target=target,
            caller=caller,
            called=Address(uri=called),
            contact=self._contact(flow),
            offer=invitation.offer,
            login=login,
            more=(*more, *told, *invitation.destination.headers),
            call_id=invitation.call_id,
        )
        self._add(call, flow, call.call_id, call.tag)
        call.start()
        return call

    def _contact(self, flow: Flow) -> Address:
        transport = flow.transport.lower()
        parameters = () if transport == "udp" else (("transport", transport),)
        port = self._ports.get(flow.transport, flow.local[1])
        return Address(uri=SipUri(user="ringfence", host=self._host, port=port, parameters=parameters))

    def _steer(self, dialog: Dialog, flow: Flow) -> Flow:
        """A trunk may send from one address and port and want to be sent to another of its own (RFC 3261, 12.2.1.1).

        Whoever is no trunk is reached where it spoke from: behind NAT its Contact names a place that nobody reaches.
        """
        hop = dialog.routes[0].uri if dialog.routes else dialog.remote_target
        if (
            not isinstance(flow, UdpFlow)
            or not isinstance(hop, SipUri)
            or hop.parameter("transport") not in {None, "udp"}
        ):
            return flow
        place = hop.host.strip("[]"), hop.port or hop.default_port
        trunk = self._addresses.at(place[0])
        # Only a trunk may send us to a trunk: who else names one wants our requests to go there.
        return flow.to(place) if trunk is not None and trunk is self._addresses.at(flow.remote[0]) else flow

    def _add(self, session: Session, flow: Flow, call_id: str, tag: str) -> None:
        forget = self._switchboard.add(session, call_id=call_id, tag=tag)
        self._calls[session] = flow

        def over() -> None:
            forget()
            self._calls.pop(session, None)

        session.over = over
        session.steer = self._steer

    def _take(self, incoming: Incoming, principal: Principal) -> None:
        """Make a line of an INVITE whose sender is known, and hand it to the operator."""
        request = incoming.request
        media = _media_of(request.body, incoming.flow)
        if principal.secure and media == "rtp":
            incoming.respond(respond(request, 488, tag=secrets.token_hex(8)))
            return
        trunk = principal.trunk or (PHONES if principal.kind in {"handset", "client"} else None)
        sender = {"handset": principal.user, "client": f"client:{principal.user}"}.get(principal.kind)
        try:
            line = IncomingLine(
                lambda ends: IncomingCall(self.endpoint, incoming, ends, contact=self._contact(incoming.flow)),
                to=called_of(request, trunk),
                sender=sender or sender_of(request, trunk),
                source=principal.source,
                account=principal.account,
                media=media,
                headers=passed_headers(request),
                application=principal.application,
                is_phone=principal.trunk is None,
                encodings=trunk.codecs if trunk else (),
            )
        except MalformedError:
            incoming.respond(respond(request, 400, tag=secrets.token_hex(8)))
            return
        self._add(line.call, incoming.flow, line.call_id, line.call.tag)
        self._operator.incoming(line)

    def _lost(self, flow: Flow) -> None:
        """A connection is gone. A browser's is its only one: its calls are over."""
        self._desk.lost(flow)
        for keeper in self._keepers.values():
            keeper.lost(flow)
        if flow.transport in {"WS", "WSS"}:
            for session in [session for session, over in self._calls.items() if over is flow]:
                session.lose()


class _Invitation(msgspec.Struct, frozen=True):
    """What every INVITE of a line has in common."""

    destination: Destination
    caller: str
    offer: bytes
    call_id: str

    def __repr__(self) -> str:
        return "_Invitation(…)"


async def trunk_targets(trunk: Trunk, locator: Locator) -> list[Target]:
    """The places of a trunk: its proxy's, where it has one."""
    transport = trunk.transport.upper()
    if not trunk.outbound_proxy:
        return await locator.targets(trunk.host, trunk.port or None, transport, secure=transport == "TLS")
    host, port = parse_host(trunk.outbound_proxy)
    return await locator.targets(host, port, transport, secure=transport == "TLS")


def _sip_uri(text: str) -> SipUri:
    """A SIP address as it may stand in a request: without headers and password. MalformedError."""
    uri = parse_uri(text)
    if not isinstance(uri, SipUri):
        raise MalformedError("an address that is not SIP's")
    return msgspec.structs.replace(uri, headers=(), password=None)


def _media_over(flow: Flow) -> MediaKind:
    """What a phone that registered this way speaks."""
    if flow.transport in {"WS", "WSS"}:
        return "webrtc"
    return "srtp" if flow.transport == "TLS" else "rtp"


def _media_of(offer: bytes, flow: Flow) -> MediaKind:
    """What an offer is for; without one, what its way suggests."""
    if not offer:
        return _media_over(flow)
    if b"a=fingerprint:" in offer:
        return "webrtc"
    return "srtp" if b"RTP/SAVP" in offer else "rtp"


def _monotonic_ms() -> float:
    return asyncio.get_running_loop().time() * 1_000
