"""ICE: two agents find each other over a wire that loses and delays, strangers are not heard, and consent ends."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media import stun
from ringfence.media.ice import (
    CONSENT_EXPIRY_MS,
    GIVE_UP_MS,
    MAX_PAIRS,
    IceAgent,
    host_candidates,
    read_candidate,
)
from ringfence.media.stun import Address, StunMessage, parse_stun, write_stun

HERE, THERE, ELSEWHERE = ("192.0.2.1", 4000), ("192.0.2.2", 5000), ("192.0.2.3", 6000)
TRANSACTION = bytes(12)


class End:
    """An agent, what it sent and what became of it."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.sent: list[tuple[bytes, Address]] = []
        self.paths: list[Address] = []
        self.causes: list[str] = []
        self.agent = IceAgent(lambda data, to: self.sent.append((data, to)), self.paths.append, self.causes.append)

    def take(self) -> list[tuple[bytes, Address]]:
        sent, self.sent = self.sent, []
        return sent

    def connect(self, other: "End", *, controlling: bool, now_ms: int = 0, known: bool = True) -> None:
        candidates = host_candidates([other.address]) if known else ()
        self.agent.connect(other.agent.ufrag, other.agent.password, candidates, controlling=controlling, now_ms=now_ms)

    def checks_from(self, peer: "End", source: Address, *, use: bool = False, password: str = "") -> list[StunMessage]:
        """What this end answers to a check of `peer` from `source`."""
        attributes = {
            stun.USERNAME: f"{self.agent.ufrag}:{peer.agent.ufrag}".encode(),
            stun.PRIORITY: bytes(4),
            stun.ICE_CONTROLLED if self.agent.controlling else stun.ICE_CONTROLLING: b"\xff" * 8,
        }
        if use:
            attributes[stun.USE_CANDIDATE] = b""
        check = StunMessage(kind="request", transaction=TRANSACTION, attributes=attributes)
        self.take()
        self.agent.datagram(write_stun(check, password or self.agent.password), source, 0)
        return [parse_stun(data) for data, to in self.sent if to == source]


def run(one: End, other: End, until_ms: int, lost: Callable[[], bool] = lambda: False) -> int:
    """Carry what both say, tick by tick, until both have a path or the time is over: the time it is then."""
    now_ms = 0
    while now_ms < until_ms and not (one.agent.path and other.agent.path):
        for end, peer in ((one, other), (other, one)):
            for data, to in end.take():
                if to == peer.address and not lost():
                    peer.agent.datagram(data, end.address, now_ms)
            due_ms = end.agent.due_ms
            if due_ms is not None and due_ms <= now_ms:
                end.agent.tick(now_ms)
        now_ms += 10
    return now_ms


def pair(*, controlling: bool = True) -> tuple[End, End]:
    one, other = End(HERE), End(THERE)
    one.connect(other, controlling=controlling)
    other.connect(one, controlling=not controlling)
    return one, other


@pytest.mark.parametrize("controlling", [True, False])
def test_two_agents_agree_on_the_path(controlling: bool) -> None:
    one, other = pair(controlling=controlling)
    run(one, other, 2_000)
    assert (one.paths, other.paths) == ([THERE], [HERE])
    assert one.agent.knows(THERE)
    assert not one.causes + other.causes


def test_a_peer_whose_address_is_not_known_is_found_by_its_own_checks() -> None:
    """Browsers hide their addresses behind mDNS names until a microphone is granted."""
    one, other = End(HERE), End(THERE)
    one.connect(other, controlling=False, known=False)
    other.connect(one, controlling=True)
    run(one, other, 2_000)
    assert one.paths == [THERE]


@pytest.mark.parametrize("controlling", [True, False])
def test_a_conflict_of_roles_is_settled(controlling: bool) -> None:
    one, other = End(HERE), End(THERE)
    one.connect(other, controlling=controlling)
    other.connect(one, controlling=controlling)
    run(one, other, 5_000)
    assert (one.paths, other.paths) == ([THERE], [HERE])
    assert one.agent.controlling != other.agent.controlling


@given(st.lists(st.booleans(), min_size=12, max_size=12), st.booleans())
def test_losses_only_delay(losses: list[bool], controlling: bool) -> None:
    one, other = pair(controlling=controlling)
    draws = iter([lost and number % 3 != 2 for number, lost in enumerate(losses)])
    run(one, other, GIVE_UP_MS, lambda: next(draws, False))
    assert (one.paths, other.paths) == ([THERE], [HERE])


def test_checks_that_come_before_the_description_count_later() -> None:
    """A browser that answers checks at once; its answer comes by signalling, later."""
    one, other = End(HERE), End(THERE)
    assert [answer.kind for answer in one.checks_from(other, THERE)] == ["success"]
    assert not one.agent.knows(THERE)
    one.connect(other, controlling=True, known=False)
    other.connect(one, controlling=False)
    run(one, other, 2_000)
    assert one.paths == [THERE]


def test_an_answer_says_where_the_check_came_from() -> None:
    one, other = pair()
    (answer,) = [message for message in one.checks_from(other, ELSEWHERE) if message.kind == "success"]
    mapped = answer.attributes[stun.XOR_MAPPED_ADDRESS]
    assert stun.read_xor_address(mapped, answer.transaction) == ELSEWHERE
    assert answer.signed_by(one.agent.password)


@pytest.mark.parametrize("wrong", ["password", "ours", "theirs", "noise"])
def test_a_stranger_gets_no_answer_and_no_check(wrong: str) -> None:
    one, other = pair()
    ufrags = {"ours": one.agent.ufrag, "theirs": other.agent.ufrag}
    if wrong in ufrags:
        ufrags[wrong] = "stranger"
    check = StunMessage(
        kind="request",
        transaction=TRANSACTION,
        attributes={stun.USERNAME: f"{ufrags['ours']}:{ufrags['theirs']}".encode(), stun.PRIORITY: bytes(4)},
    )
    data = write_stun(check, "guess" if wrong == "password" else one.agent.password)
    one.take()
    one.agent.datagram(b"\x00" * 40 if wrong == "noise" else data, ELSEWHERE, 0)
    assert one.sent == []
    assert not one.agent.knows(ELSEWHERE)


def test_an_answer_from_elsewhere_or_unsigned_proves_nothing() -> None:
    one, other = End(HERE), End(THERE)
    one.connect(other, controlling=True)
    ((request, _),) = one.take()
    transaction = parse_stun(request).transaction
    answer = StunMessage(kind="success", transaction=transaction, attributes={})
    one.agent.datagram(write_stun(answer, other.agent.password), ELSEWHERE, 0)
    one.agent.datagram(write_stun(answer, "guess"), THERE, 0)
    one.agent.datagram(write_stun(answer), THERE, 0)
    assert not one.agent.knows(THERE)
    one.agent.datagram(write_stun(answer, other.agent.password), THERE, 0)
    assert one.agent.knows(THERE)


def test_the_peer_moves_us_to_a_path_it_likes_better() -> None:
    """Chromium nominates again, on a pair that it checked long before."""
    one, other = pair(controlling=False)
    run(one, other, 2_000)
    checks = one.checks_from(other, ELSEWHERE, use=True)
    assert one.paths == [THERE], "not before we have checked the new path ourselves"
    (ours,) = [message for message in checks if message.kind == "request"]
    answer = StunMessage(kind="success", transaction=ours.transaction, attributes={})
    one.agent.datagram(write_stun(answer, other.agent.password), ELSEWHERE, 5)
    assert one.paths == [THERE, ELSEWHERE]
    one.checks_from(other, THERE, use=True)
    assert one.paths == [THERE, ELSEWHERE, THERE], "and back again at once: that path is proven"


def test_consent_is_asked_for_and_ends_the_leg_when_it_stays_away() -> None:
    one, other = pair()
    at_ms = run(one, other, 2_000)
    one.take()
    asked = 0
    while not one.causes:
        due_ms = one.agent.due_ms
        assert due_ms is not None
        at_ms = max(at_ms, due_ms)
        one.agent.tick(at_ms)
        asked += len(one.take())
    assert one.causes == ["the peer has not answered for 30 s"]
    assert CONSENT_EXPIRY_MS <= at_ms <= CONSENT_EXPIRY_MS + 2_100
    assert 5 <= asked <= 8
    assert one.agent.due_ms is None


def test_consent_that_is_given_goes_on_for_ever() -> None:
    one, other = pair()
    run(one, other, 2_000)
    now_ms = 2_000
    for _ in range(100):
        for end, peer in ((one, other), (other, one)):
            now_ms = max(now_ms, end.agent.due_ms or 0)
            end.agent.tick(now_ms)
            for data, _ in end.take():
                peer.agent.datagram(data, end.address, now_ms)
    assert now_ms > 4 * CONSENT_EXPIRY_MS
    assert not one.causes + other.causes


def test_a_peer_that_never_answers_is_given_up() -> None:
    one, other = End(HERE), End(THERE)
    one.connect(other, controlling=True)
    now_ms, steps = 0, 0
    while not one.causes:
        now_ms = max(now_ms, one.agent.due_ms or 0)
        one.agent.tick(now_ms)
        steps += 1
    assert one.causes == ["no path to the peer was found"]
    assert now_ms == GIVE_UP_MS
    assert len(one.sent) == 17
    assert steps == 17, "nothing wakes it for nothing"


def test_a_description_full_of_addresses_is_bounded() -> None:
    one, other = End(HERE), End(THERE)
    many = host_candidates([("192.0.2.9", port) for port in range(1, 2_000)])
    one.agent.connect(other.agent.ufrag, other.agent.password, many, controlling=True, now_ms=0)
    for now_ms in range(0, GIVE_UP_MS, 10):
        one.agent.tick(now_ms)
    assert len({to for _, to in one.sent}) == MAX_PAIRS


def test_nothing_is_said_once_it_is_closed() -> None:
    one, other = pair()
    one.agent.close()
    one.take()
    assert one.checks_from(other, THERE) == []
    one.agent.tick(GIVE_UP_MS)
    assert one.agent.due_ms is None
    assert one.causes == []


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("1 1 udp 2130706431 192.0.2.7 4000 typ host", ("192.0.2.7", 4000)),
        ("0Ab+/ 1 UDP 1 2001:db8::1 4000 typ srflx raddr 10.0.0.1 rport 9 generation 0", ("2001:db8::1", 4000)),
        ("1 1 tcp 1 192.0.2.7 9 typ host tcptype active", None),
        ("1 2 udp 1 192.0.2.7 4000 typ host", None),
        ("1 1 udp 1 5f6c1f62-3a3b.local 4000 typ host", None),
        ("1 1 udp 1 192.0.2.7 0 typ host", None),
        ("1 1 udp 1 192.0.2.7 65536 typ host", None),
        ("", None),
    ],
)
def test_candidates_that_are_of_use(value: str, address: Address | None) -> None:
    assert read_candidate(value) == address


def test_our_candidates_are_read_by_others() -> None:
    aioice = pytest.importorskip("aioice")
    first, second = (aioice.Candidate.from_sdp(value) for value in host_candidates([HERE, ELSEWHERE]))
    assert (first.host, first.port, first.type, first.component, first.transport) == (*HERE, "host", 1, "udp")
    assert first.priority > second.priority
    assert first.foundation != second.foundation


@pytest.mark.parametrize("controlling", [True, False])
def test_another_implementation_agrees(controlling: bool) -> None:
    aioice = pytest.importorskip("aioice")

    async def talk() -> tuple[list[Address], Address]:
        loop = asyncio.get_running_loop()
        paths: list[Address] = []
        transports: list[asyncio.DatagramTransport] = []

        class Socket(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, address: Address) -> None:
                agent.datagram(data, address, now_ms())

        def now_ms() -> int:
            return round(loop.time() * 1_000)

        agent = IceAgent(lambda data, to: transports[0].sendto(data, to), paths.append, pytest.fail)
        transport, _ = await loop.create_datagram_endpoint(Socket, local_addr=("127.0.0.1", 0))
        transports.append(transport)
        peer = aioice.Connection(ice_controlling=not controlling, use_ipv6=False)
        await peer.gather_candidates()
        peer.remote_username, peer.remote_password = agent.ufrag, agent.password
        await peer.add_remote_candidate(
            aioice.Candidate.from_sdp(host_candidates([transport.get_extra_info("sockname")])[0])
        )
        await peer.add_remote_candidate(None)
        agent.connect(
            peer.local_username,
            peer.local_password,
            [candidate.to_sdp() for candidate in peer.local_candidates],
            controlling=controlling,
            now_ms=now_ms(),
        )
        joining = asyncio.create_task(peer.connect())
        async with asyncio.timeout(20):
            while not (joining.done() and paths):
                await asyncio.sleep(0.01)
                agent.tick(now_ms())
        local = peer._nominated[1].local_addr
        agent.close()
        await peer.close()
        transport.close()
        return paths, local

    paths, local = asyncio.run(talk())
    assert paths[-1] == local


def said(end: End, to: Address) -> list[StunMessage]:
    """What an end has sent to an address, taken."""
    sent, rest = [], []
    for data, address in end.take():
        (sent if address == to else rest).append((data, address))
    end.sent += rest
    return [parse_stun(data) for data, _ in sent]


def answer(end: End, peer: End, check: StunMessage, source: Address, *, error: int = 0, now_ms: int = 0) -> None:
    """The peer's answer to a check of `end`."""
    attributes = {stun.ERROR_CODE: stun.error_value(error, "no")} if error else {}
    kind: stun.Class = "error" if error else "success"
    message = StunMessage(kind=kind, transaction=check.transaction, attributes=attributes)
    end.agent.datagram(write_stun(message, peer.agent.password), source, now_ms)


def connected_to(*addresses: Address, controlling: bool) -> tuple[End, End]:
    """An end that checks these addresses of a peer, and the peer."""
    one, other = End(HERE), End(THERE)
    one.agent.connect(
        other.agent.ufrag, other.agent.password, host_candidates(addresses), controlling=controlling, now_ms=0
    )
    one.agent.tick(1_000 - 1)
    return one, other


def test_whoever_checked_early_is_checked_back_at_once() -> None:
    one, other = End(HERE), End(THERE)
    one.checks_from(other, THERE)
    one.take()
    one.connect(other, controlling=True, known=False)
    assert [message.kind for message in said(one, THERE)] == ["request"]


def test_a_wish_that_came_early_is_not_forgotten_for_a_later_check_without_it() -> None:
    one, other = End(HERE), End(THERE)
    one.checks_from(other, THERE, use=True)
    one.checks_from(other, THERE)
    one.take()
    one.connect(other, controlling=False, known=False)
    (check,) = said(one, THERE)
    answer(one, other, check, THERE)
    assert one.paths == [THERE]


@pytest.mark.parametrize("controlling", [True, False])
@pytest.mark.parametrize("ours_is_greater", [True, False])
def test_the_greater_number_controls(controlling: bool, ours_is_greater: bool) -> None:
    """RFC 8445, section 7.3.1.1: both ends claim one role; who is to change it, changes or is told to."""
    one, other = connected_to(THERE, controlling=controlling)
    one.agent._tie_breaker = b"\x02" * 8
    theirs = b"\x01" * 8 if ours_is_greater else b"\x03" * 8
    attributes = {
        stun.USERNAME: f"{one.agent.ufrag}:{other.agent.ufrag}".encode(),
        stun.PRIORITY: bytes(4),
        stun.ICE_CONTROLLING if controlling else stun.ICE_CONTROLLED: theirs,
    }
    one.take()
    check = StunMessage(kind="request", transaction=TRANSACTION, attributes=attributes)
    one.agent.datagram(write_stun(check, one.agent.password), ELSEWHERE, 1_000)
    assert one.agent.controlling == ours_is_greater
    first, *more = said(one, ELSEWHERE)
    if controlling == ours_is_greater:
        assert (first.kind, first.error_code, more) == ("error", stun.ROLE_CONFLICT, [])
    else:
        assert first.kind == "success"


@pytest.mark.parametrize("controlling", [True, False])
def test_an_end_that_is_told_to_changes_its_role_and_checks_again(controlling: bool) -> None:
    one, other = connected_to(THERE, controlling=controlling)
    check, *_ = said(one, THERE)
    answer(one, other, check, THERE, error=stun.ROLE_CONFLICT, now_ms=1_000)
    assert one.agent.controlling != controlling
    one.agent.tick(1_100)
    (again,) = said(one, THERE)
    assert again.number(stun.ICE_CONTROLLED if controlling else stun.ICE_CONTROLLING) is not None


def test_an_address_that_refuses_is_left_alone() -> None:
    one, other = connected_to(THERE, controlling=True)
    check, *_ = said(one, THERE)
    answer(one, other, check, THERE, error=400, now_ms=1_000)
    for now_ms in range(1_000, 10_000, 50):
        one.agent.tick(now_ms)
    assert one.sent == []
    assert not one.agent.knows(THERE)


def test_one_address_is_nominated_at_a_time_and_the_next_when_it_stays_silent() -> None:
    one, other = connected_to(THERE, ELSEWHERE, controlling=True)
    for address in (THERE, ELSEWHERE):
        check, *_ = said(one, address)
        answer(one, other, check, address, now_ms=1_000)
    assert [stun.USE_CANDIDATE in message.attributes for message in said(one, THERE)] == [True]
    assert said(one, ELSEWHERE) == []
    now_ms = 1_000
    while not (nominations := said(one, ELSEWHERE)):
        now_ms = one.agent.due_ms or now_ms
        one.agent.tick(now_ms)
    assert not one.agent.knows(THERE)
    assert stun.USE_CANDIDATE in nominations[0].attributes
    answer(one, other, nominations[0], ELSEWHERE, now_ms=now_ms)
    assert one.paths == [ELSEWHERE]
    assert said(one, ELSEWHERE) == []


def test_other_addresses_are_no_longer_checked_once_there_is_a_path() -> None:
    one, other = connected_to(THERE, ELSEWHERE, controlling=True)
    for _ in range(2):
        check = said(one, THERE)[-1]
        answer(one, other, check, THERE, now_ms=1_000)
    assert one.paths == [THERE]
    one.take()
    for now_ms in range(1_000, 4_000, 50):
        one.agent.tick(now_ms)
    assert one.sent == []


def test_the_end_that_controls_is_not_moved_by_the_others_wish() -> None:
    one, other = connected_to(THERE, ELSEWHERE, controlling=True)
    for address in (ELSEWHERE, THERE, ELSEWHERE):
        answer(one, other, said(one, address)[-1], address, now_ms=1_000)
    assert one.paths == [ELSEWHERE]
    assert one.agent.knows(THERE)
    one.checks_from(other, THERE, use=True)
    assert one.paths == [ELSEWHERE]
