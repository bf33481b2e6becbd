"""A browser's leg: finds its address by ICE, agrees on keys by DTLS, and hands both to the engine, which does the rest.

ICE may begin anew under other credentials, as after a change of the peer's network (RFC 8445, section 2.4): media goes
on over the old path until the new one is nominated, and keys stay.

Source: RFC 7983 (which packet is whose), RFC 8445, RFC 5764; RFC 8842, section 5 (who begins the handshake).
"""

import asyncio
import functools
import ipaddress
import math
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from ringfence.media.dtls import DtlsHandshake, Identity, SrtpKeys
from ringfence.media.ice import IceAgent, host_candidates, read_candidate
from ringfence.ports.media import IceEnd

MAX_EARLY = 8

# SDES's names for the profiles of DTLS-SRTP: the same transforms (RFC 7714, section 14).
_SUITES = {
    "SRTP_AEAD_AES_128_GCM": "AEAD_AES_128_GCM",
    "SRTP_AES128_CM_SHA1_80": "AES_CM_128_HMAC_SHA1_80",
}


class LegWire(Protocol):
    """The leg in the engine: one socket that is reached at `address` and `port`."""

    name: str
    address: str
    port: int

    def send_raw(self, data: bytes, address: tuple[Any, ...]) -> None:
        """Send a datagram that is no RTP. What the kernel refuses is dropped."""

    def set_remote(self, address: tuple[Any, ...] | None) -> None:
        """Media goes there and is taken from there only; None: from and to nobody."""

    def set_srtp(self, session: Any) -> None:
        """Packets are protected from now on."""

    def fail(self, cause: str) -> None:
        """The leg cannot have media any more."""


class BrowserLegs:
    """Makes the control of each browser leg of a worker: one certificate for all of them.

    `srtp` makes a session of SDES's suite name, the key we send under and the key we receive under.
    """

    def __init__(self, srtp: Callable[[str, bytes, bytes], Any]) -> None:
        self._identity = Identity()
        self._srtp = srtp

    def __call__(self, leg: LegWire) -> "BrowserLeg":
        return BrowserLeg(leg, self._identity, self._srtp)


class BrowserLeg:
    """ICE and DTLS of one leg, with the one timer that both need."""

    def __init__(self, leg: LegWire, identity: Identity, srtp: Callable[[str, bytes, bytes], Any]) -> None:
        self._leg, self._identity, self._srtp = leg, identity, srtp
        self._loop = asyncio.get_running_loop()
        self._generation = 0
        self._ice = self._agent()
        # ICE that has begun anew and has no path yet.
        self._next: IceAgent | None = None
        self._lost = False
        self._remote: IceEnd | None = None
        self._dtls: DtlsHandshake | None = None
        self._early: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"BrowserLeg({self._ice!r})"

    def local(self, public: str = "") -> IceEnd:
        """Our end, for the description: where we are, and by what we are reached through a NAT."""
        places = [(address, self._leg.port) for address in (public, self._leg.address) if address]
        return IceEnd(
            ufrag=self._ice.ufrag,
            password=self._ice.password,
            fingerprint=self._identity.fingerprint,
            setup="actpass",
            candidates=host_candidates(places),
        )

    def connect(self, remote: IceEnd, own: IceEnd | None = None) -> None:
        """The other end's: the first one begins the checks; a later one (a hold, say) can add candidates.

        Where `own`, our end as it was described with it, has other credentials than before, ICE begins anew.
        """
        if self._closed:
            return
        if self._remote is None:
            self._remote = remote
            # Who offered has written actpass, and is the controlling end.
            self._begin(self._ice, remote, controlling=remote.setup != "actpass")
        elif own is not None and own.ufrag != self._newest.ufrag:
            # The handshake is what the first description says: its roles and its certificate.
            self._remote = msgspec.structs.replace(self._remote, ufrag=remote.ufrag, password=remote.password)
            self._begin_anew(remote, own)
        elif (remote.ufrag, remote.password) == (self._remote.ufrag, self._remote.password):
            self._begin(self._newest, remote, controlling=self._newest.controlling)
        self._arm()

    def datagram(self, data: bytes, address: tuple[Any, ...]) -> None:
        """A packet that is neither RTP nor RTCP: a check, or a record of the handshake."""
        if self._closed or not data:
            return
        source = (address[0], address[1])
        if data[0] < 4:
            # Each takes what is signed under its own credentials.
            for ice in self._agents():
                ice.datagram(data, source, self._now_ms())
        elif 20 <= data[0] <= 63 and any(ice.knows(source) for ice in self._agents()):
            if self._dtls is not None:
                self._dtls.datagram(data, self._now_ms())
            elif len(self._early) < MAX_EARLY:
                self._early.append(data)
        self._arm()

    def close(self) -> None:
        """Say good-bye. Nothing is done or told from then on."""
        if self._closed:
            return
        if self._dtls is not None:
            self._dtls.close()
        self._stop()

    @property
    def _newest(self) -> IceAgent:
        return self._next or self._ice

    def _agents(self) -> tuple[IceAgent, ...]:
        return (self._ice,) if self._next is None else (self._ice, self._next)

    def _agent(self, credentials: tuple[str, str] | None = None) -> IceAgent:
        self._generation += 1
        on_path, on_end = (functools.partial(told, self._generation) for told in (self._on_path, self._on_end))
        return IceAgent(self._leg.send_raw, on_path, on_end, credentials)

    def _begin(self, ice: IceAgent, remote: IceEnd, *, controlling: bool) -> None:
        candidates = [candidate for candidate in remote.candidates if self._can_reach(candidate)]
        ice.connect(remote.ufrag, remote.password, candidates, controlling=controlling, now_ms=self._now_ms())

    def _begin_anew(self, remote: IceEnd, own: IceEnd) -> None:
        """Check under other credentials, beside the path in use (RFC 8445, section 9)."""
        if self._next is not None:
            self._next.close()
        self._next = self._agent((own.ufrag, own.password))
        # Who controls stays who it is (section 6.1.1).
        self._begin(self._next, remote, controlling=self._ice.controlling)

    def _can_reach(self, candidate: str) -> bool:
        address = read_candidate(candidate)
        try:
            return address is not None and (
                ipaddress.ip_address(address[0]).version == ipaddress.ip_address(self._leg.address).version
            )
        except ValueError:
            return False

    def _on_path(self, generation: int, address: tuple[str, int]) -> None:
        if self._next is not None and generation == self._generation:
            self._ice.close()
            self._ice, self._next, self._lost = self._next, None, False
        self._leg.set_remote(address)
        if self._dtls is not None:
            return
        assert self._remote is not None
        self._dtls = dtls = DtlsHandshake(
            self._identity,
            client=self._remote.setup != "active",
            fingerprint=self._remote.fingerprint,
            send=self._send_on_path,
            on_keys=self._on_keys,
            on_end=self._fail,
        )
        dtls.start(self._now_ms())
        early, self._early = self._early, []
        for data in early:
            dtls.datagram(data, self._now_ms())

    def _on_end(self, generation: int, cause: str) -> None:
        if self._next is None or self._lost:
            self._fail(cause)
        elif generation == self._generation:
            # What was begun anew came to nothing: the path that is there goes on.
            self._next.close()
            self._next = None
        else:
            # No word on a path without consent (RFC 7675, section 5.1): quiet, until there is another.
            self._lost = True
            self._leg.set_remote(None)

    def _send_on_path(self, data: bytes) -> None:
        if self._ice.path is not None:
            self._leg.send_raw(data, self._ice.path)

    def _on_keys(self, keys: SrtpKeys) -> None:
        self._leg.set_srtp(self._srtp(_SUITES[keys.profile], keys.send, keys.receive))

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        parts = (*self._agents(), self._dtls)
        due = [part.due_ms for part in parts if part is not None and part.due_ms is not None]
        if due and not self._closed:
            self._timer = self._loop.call_at(min(due) / 1_000, self._tick)

    def _tick(self) -> None:
        now_ms = self._now_ms()
        for ice in self._agents():
            ice.tick(now_ms)
        if self._dtls is not None and self._dtls.due_ms is not None and self._dtls.due_ms <= now_ms:
            self._dtls.tick(now_ms)
        self._arm()

    def _now_ms(self) -> int:
        # Rounded up: a timer that fires for a millisecond finds it over.
        return math.ceil(self._loop.time() * 1_000)

    def _fail(self, cause: str) -> None:
        if self._closed:
            return
        self._stop()
        self._leg.fail(cause)

    def _stop(self) -> None:
        self._closed = True
        for ice in self._agents():
            ice.close()
        # It holds on to what it tells.
        self._dtls = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
