"""ICE of one leg on one socket: which address of the peer is proven, which one it wants, and whether it still wants us.

Datagrams and time go in, datagrams come out by `send`; no clock and no socket. An address counts only after a check
that carried the password. The peer's word decides on the path, again and again: browsers nominate a better one long
after the first. Consent that is not renewed for 30 s ends the leg.

Source: RFC 8445 (ICE), sections 7 and 8; RFC 7675 (consent).
"""

import re
import secrets
from collections.abc import Callable, Sequence

import msgspec

from ringfence.media import stun
from ringfence.media.rtp import InvalidPacketError
from ringfence.media.stun import Address, StunMessage, parse_stun, write_stun

PACE_MS = 50
FIRST_TIMEOUT_MS = 500
LAST_TIMEOUT_MS = 2_000
NOMINATION_ATTEMPTS = 6
GIVE_UP_MS = 30_000
CONSENT_MS = 5_000
CONSENT_EXPIRY_MS = 30_000
MAX_PAIRS = 32
MAX_EARLY = 8

_HOST_PREFERENCE, _PEER_REFLEXIVE_PREFERENCE = 126, 110
_CANDIDATE = re.compile(
    r"[A-Za-z0-9+/]{1,32} 1 udp [0-9]{1,10} ([0-9A-Fa-f.:]{2,45}) ([0-9]{1,5}) typ [a-z]+(?: .*)?", re.IGNORECASE
)


def host_candidates(addresses: Sequence[Address]) -> tuple[str, ...]:
    """The values of `a=candidate` for addresses at which a leg is reached, the preferred one first."""
    return tuple(
        f"{number + 1} 1 udp {_priority(_HOST_PREFERENCE, number)} {host} {port} typ host"
        for number, (host, port) in enumerate(addresses)
    )


def read_candidate(value: str) -> Address | None:
    """The address of a candidate, or None where it is of no use: over TCP, a name (mDNS), another component."""
    match = _CANDIDATE.fullmatch(value.strip())
    if match is None or not 0 < int(match[2]) <= 65_535:
        return None
    return match[1], int(match[2])


class _Pair(msgspec.Struct):
    """One address of the peer. `request` is the check under way, `valid` whether one succeeded."""

    address: Address
    valid: bool = False
    failed: bool = False
    wanted: bool = False
    request: bytes = b""
    transaction: bytes = b""
    nominating: bool = False
    attempts: int = 0
    due_ms: int = 0


class IceAgent:
    """One leg's end. Until `connect` it answers checks; from then on it makes its own.

    `on_path(address)` is called for the first path and for each that the peer moves to; `on_end(cause)` once, when
    there is none or consent has ended. Call `tick` at `due_ms`, which changes with each call. `credentials` are our
    fragment and password, where a description has named them already.
    """

    def __init__(
        self,
        send: Callable[[bytes, Address], None],
        on_path: Callable[[Address], None],
        on_end: Callable[[str], None],
        credentials: tuple[str, str] | None = None,
    ) -> None:
        self.ufrag, self.password = credentials or (secrets.token_hex(4), secrets.token_hex(16))
        self.path: Address | None = None
        self.controlling = False
        self._send, self._on_path, self._on_end = send, on_path, on_end
        self._peer: tuple[str, str] | None = None
        self._tie_breaker = secrets.token_bytes(8)
        self._pairs: dict[Address, _Pair] = {}
        self._early: dict[Address, bool] = {}
        self._next_ms = 0
        self._give_up_ms = 0
        self._consent_ms = 0
        self._consented_ms = 0
        self._asked: dict[bytes, Address] = {}
        self._ended = False

    def __repr__(self) -> str:
        return f"IceAgent({'ended' if self._ended else 'connected' if self.path else 'checking'})"

    @property
    def due_ms(self) -> int | None:
        """When `tick` has something to do; None while nothing is expected."""
        if self._peer is None or self._ended:
            return None
        pending = [pair.due_ms for pair in self._pairs.values() if pair.request]
        if self.path is not None:
            return min([self._consent_ms, self._consented_ms + CONSENT_EXPIRY_MS, *pending])
        return min([self._give_up_ms, *pending, *([self._next_ms] if self._waiting() else [])])

    def connect(self, ufrag: str, password: str, candidates: Sequence[str], *, controlling: bool, now_ms: int) -> None:
        """Begin checks with what the peer's description says; more candidates may follow by a further call."""
        if self._ended:
            return
        if self._peer is None:
            self._peer = ufrag, password
            self.controlling = controlling
            self._give_up_ms = now_ms + GIVE_UP_MS
        for address in filter(None, map(read_candidate, candidates)):
            self._pair(address)
        for address, wanted in self._early.items():
            self._checked(address, wanted, now_ms)
        self._early.clear()
        self.tick(now_ms)

    def knows(self, address: Address) -> bool:
        """Whether the peer has proven that it is at this address."""
        pair = self._pairs.get(address)
        return pair is not None and pair.valid

    def datagram(self, data: bytes, address: Address, now_ms: int) -> None:
        """Take a datagram that looks like STUN; what is not the peer's says nothing and changes nothing."""
        try:
            message = parse_stun(data)
        except InvalidPacketError:
            return
        if self._ended:
            return
        if message.kind == "request":
            self._request(message, address, now_ms)
        elif message.kind in ("success", "error") and self._peer is not None and message.signed_by(self._peer[1]):
            self._answer(message, address, now_ms)

    def tick(self, now_ms: int) -> None:
        """Do what is due: the next check, a repeated one, a consent check, or the end."""
        if self._peer is None or self._ended:
            return
        if self.path is None and now_ms >= self._give_up_ms:
            self._end("no path to the peer was found")
            return
        if self.path is not None and now_ms >= self._consented_ms + CONSENT_EXPIRY_MS:
            self._end("the peer has not answered for 30 s")
            return
        for pair in [pair for pair in self._pairs.values() if pair.request and now_ms >= pair.due_ms]:
            self._repeat(pair, now_ms)
        if now_ms >= self._next_ms and (waiting := self._waiting()) is not None:
            self._check(waiting, now_ms)
            self._next_ms = now_ms + PACE_MS
        if self.path is not None and now_ms >= self._consent_ms:
            self._ask_consent(self.path, now_ms)

    def close(self) -> None:
        """Say nothing any more, and hold on to nobody."""
        self._ended = True
        self._send = self._on_path = self._on_end = _nothing

    def _request(self, message: StunMessage, address: Address, now_ms: int) -> None:
        ours, _, theirs = message.username.partition(":")
        known = self._peer is None or theirs == self._peer[0]
        if ours != self.ufrag or not known or not message.signed_by(self.password):
            return
        if self._peer is not None and not self._role_agreed(message, address):
            return
        mapped = {stun.XOR_MAPPED_ADDRESS: stun.xor_address(address, message.transaction)}
        self._reply("success", message.transaction, mapped, address)
        wanted = stun.USE_CANDIDATE in message.attributes
        if self._peer is not None:
            self._checked(address, wanted, now_ms)
        elif address in self._early or len(self._early) < MAX_EARLY:
            self._early[address] = self._early.get(address, False) or wanted

    def _role_agreed(self, message: StunMessage, address: Address) -> bool:
        """Settle a conflict of roles (RFC 8445, section 7.3.1.1): False where the peer is to give way."""
        theirs = message.attributes.get(stun.ICE_CONTROLLING if self.controlling else stun.ICE_CONTROLLED)
        if theirs is None:
            return True
        if (self._tie_breaker >= theirs) != self.controlling:
            self._switch(not self.controlling)
            return True
        self._reply(
            "error",
            message.transaction,
            {stun.ERROR_CODE: stun.error_value(stun.ROLE_CONFLICT, "Role Conflict")},
            address,
        )
        return False

    def _reply(self, kind: stun.Class, transaction: bytes, attributes: dict[int, bytes], address: Address) -> None:
        answer = StunMessage(kind=kind, transaction=transaction, attributes=attributes)
        self._send(write_stun(answer, self.password), address)

    def _checked(self, address: Address, wanted: bool, now_ms: int) -> None:
        """The peer has checked from this address: check back, and go there if that is what it wants."""
        pair = self._pair(address)
        if pair is None:
            return
        pair.wanted = pair.wanted or (wanted and not self.controlling)
        if pair.valid:
            if wanted and not self.controlling:
                self._take(pair, now_ms)
        elif not pair.request:
            self._check(pair, now_ms)

    def _answer(self, message: StunMessage, address: Address, now_ms: int) -> None:
        if self._asked.pop(message.transaction, None) == address:
            if message.kind == "success" and address == self.path:
                self._consented_ms = now_ms
            return
        pair = self._pairs.get(address)
        if pair is None or not pair.request or pair.transaction != message.transaction:
            return
        nominating = pair.nominating
        pair.request, pair.nominating = b"", False
        if message.error_code == stun.ROLE_CONFLICT:
            self._switch(not self.controlling)
            return
        pair.valid, pair.failed = message.kind == "success", message.kind == "error"
        if pair.valid and (nominating or pair.wanted):
            self._take(pair, now_ms)
        else:
            self._nominate(now_ms)

    def _nominate(self, now_ms: int) -> None:
        """Choose a path, where that is ours to do: the first that is proven, and one at a time."""
        if not self.controlling or self.path is not None or any(pair.nominating for pair in self._pairs.values()):
            return
        proven = next((pair for pair in self._pairs.values() if pair.valid and not pair.request), None)
        if proven is not None:
            self._check(proven, now_ms, nominating=True)

    def _take(self, pair: _Pair, now_ms: int) -> None:
        """Use this path from now on."""
        if self.path == pair.address:
            return
        if self.path is None:
            self._plan_consent(now_ms)
        self.path, self._consented_ms = pair.address, now_ms
        for other in self._pairs.values():
            if not other.wanted:
                other.request = b""
        self._on_path(pair.address)

    def _pair(self, address: Address) -> _Pair | None:
        if address not in self._pairs and len(self._pairs) < MAX_PAIRS:
            self._pairs[address] = _Pair(address)
        return self._pairs.get(address)

    def _waiting(self) -> _Pair | None:
        """The next pair to be checked: in the order they became known, as each is on the same socket."""
        if self.path is not None:
            return None
        idle = (pair for pair in self._pairs.values() if not (pair.valid or pair.failed or pair.request))
        return next(idle, None)

    def _check(self, pair: _Pair, now_ms: int, *, nominating: bool = False) -> None:
        pair.failed, pair.nominating, pair.attempts = False, nominating, 0
        pair.transaction, pair.request = self._binding(nominate=nominating)
        self._repeat(pair, now_ms)

    def _repeat(self, pair: _Pair, now_ms: int) -> None:
        if pair.nominating and pair.attempts == NOMINATION_ATTEMPTS:
            pair.request, pair.nominating, pair.valid, pair.failed = b"", False, False, True
            self._nominate(now_ms)
            return
        pair.due_ms = now_ms + min(FIRST_TIMEOUT_MS << pair.attempts, LAST_TIMEOUT_MS)
        pair.attempts += 1
        self._send(pair.request, pair.address)

    def _ask_consent(self, path: Address, now_ms: int) -> None:
        transaction, request = self._binding(nominate=False)
        self._asked[transaction] = path
        while len(self._asked) > CONSENT_EXPIRY_MS // CONSENT_MS + 2:
            del self._asked[next(iter(self._asked))]
        self._plan_consent(now_ms)
        self._send(request, path)

    def _plan_consent(self, now_ms: int) -> None:
        self._consent_ms = now_ms + CONSENT_MS * 4 // 5 + secrets.randbelow(CONSENT_MS * 2 // 5)

    def _binding(self, *, nominate: bool) -> tuple[bytes, bytes]:
        """A transaction and its request, signed for the peer."""
        assert self._peer is not None
        ufrag, password = self._peer
        transaction = secrets.token_bytes(stun.TRANSACTION_BYTES)
        role = stun.ICE_CONTROLLING if self.controlling else stun.ICE_CONTROLLED
        attributes = {
            stun.USERNAME: f"{ufrag}:{self.ufrag}".encode(),
            stun.PRIORITY: _priority(_PEER_REFLEXIVE_PREFERENCE, 0).to_bytes(4, "big"),
            role: self._tie_breaker,
        }
        if nominate:
            attributes[stun.USE_CANDIDATE] = b""
        request = StunMessage(kind="request", transaction=transaction, attributes=attributes)
        return transaction, write_stun(request, password)

    def _switch(self, controlling: bool) -> None:
        self.controlling = controlling
        for pair in self._pairs.values():
            pair.request, pair.nominating = b"", False

    def _end(self, cause: str) -> None:
        self._ended = True
        self._on_end(cause)


def _priority(preference: int, number: int) -> int:
    """RFC 8445, section 5.1.2.1, for component 1: `number` counts our addresses, the preferred one first."""
    return preference << 24 | (65_535 - number) << 8 | 255


def _nothing(*_: object) -> None:
    return
