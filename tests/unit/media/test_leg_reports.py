"""RTCP of a leg: what it says, what it believes, on a port of its own or on RTP's, and the figures it makes."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    middle_bits,
    ntp_time,
    parse_rtcp,
    write_rtcp,
)
from ringfence.ports.media import LegStats, LocalEnd
from unit.media.peer import Events, Peer, talk

TICKS = 251


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(PortPairs("127.0.0.1", PortRange(20_000, 29_999)), Events().append, max_legs=4)
    yield engine
    engine.close_all()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.close()


def called(engine: Engine, peer: Peer, **changes: object) -> LocalEnd:
    local = engine.open("CA1", "rtp")
    peer.knows(local)
    engine.connect("CA1", peer.remote(**changes))
    return local


def stats_of(engine: Engine) -> LegStats:
    stats = engine.stats("CA1")
    assert stats is not None
    return stats


def test_a_report_says_what_was_sent_and_heard(engine: Engine, peer: Peer) -> None:
    local = called(engine, peer)
    for number in range(TICKS):
        if number != 100:
            talk(engine, peer, ticks=1)
        else:
            peer.packet(b"")  # one that is lost
            engine.tick()
    report, description = (report for report in peer.reports if not isinstance(report, Goodbye))
    assert isinstance(report, SenderReport)
    assert report.ssrc == local.ssrc
    # It is made at the beginning of its tick, when what the tick makes has not been sent.
    assert report.packets in range(TICKS - 3, TICKS + 1)
    assert report.octets == report.packets * 160
    assert abs(report.ntp - ntp_time(time.time() * 1_000)) < 60 << 32
    (block,) = report.blocks
    assert (block.ssrc, block.lost) == (peer.ssrc, 1)
    assert block.fraction_lost > 0
    assert isinstance(description, SourceDescription)
    assert "@" not in description.cname


def test_a_leg_that_sends_nothing_reports_as_a_receiver(engine: Engine, peer: Peer) -> None:
    called(engine, peer, send=False)
    talk(engine, peer, ticks=TICKS)
    assert isinstance(peer.reports[0], ReceiverReport)
    assert peer.reports[0].blocks[0].ssrc == peer.ssrc


def test_reports_go_to_a_port_of_their_own_where_the_peer_has_one(engine: Engine, peer: Peer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp:
        rtcp.bind(("127.0.0.1", 0))
        rtcp.setblocking(False)
        local = called(engine, peer, rtcp_port=rtcp.getsockname()[1])
        talk(engine, peer, ticks=TICKS)
        data, source = rtcp.recvfrom(1_500)
        assert source[1] == local.rtcp_port == local.port + 1
        assert isinstance(parse_rtcp(data)[0], SenderReport)
        assert peer.reports == []


@pytest.mark.parametrize("shared", [True, False], ids=["on RTP's port", "on a port of its own"])
def test_the_round_trip_is_told_by_the_peers_block_about_us(engine: Engine, peer: Peer, shared: bool) -> None:
    local = called(engine, peer)
    talk(engine, peer, ticks=2)
    now = middle_bits(ntp_time(time.time() * 1_000))
    # We reported 1.5 s ago, and the peer held it for 1 s.
    block = ReportBlock(
        ssrc=local.ssrc,
        fraction_lost=0,
        lost=0,
        highest_sequence=1,
        jitter=0,
        last_report=now - 3 * 32_768,
        delay=65_536,
    )
    data = write_rtcp([ReceiverReport(ssrc=peer.ssrc, blocks=(block,))])
    if shared:
        peer.send(data)
    else:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp:
            rtcp.sendto(data, ("127.0.0.1", local.rtcp_port))
    engine.tick()
    trip_ms = stats_of(engine).round_trip_ms
    assert trip_ms is not None
    assert 400 < trip_ms < 10_000
    assert stats_of(engine).mos < 4.38


def test_a_block_about_somebody_else_and_a_report_that_is_none_tell_nothing(engine: Engine, peer: Peer) -> None:
    local = called(engine, peer)
    talk(engine, peer, ticks=2)
    other = ReportBlock(
        ssrc=local.ssrc ^ 1, fraction_lost=0, lost=0, highest_sequence=1, jitter=0, last_report=1, delay=1
    )
    peer.send(write_rtcp([ReceiverReport(ssrc=peer.ssrc, blocks=(other,))]))
    peer.send(b"\x80\xc9\x00\xff" + bytes(8))
    engine.tick()
    assert stats_of(engine).round_trip_ms is None
    assert stats_of(engine).packets_refused == 1


def test_the_peers_sender_report_is_quoted(engine: Engine, peer: Peer) -> None:
    called(engine, peer)
    talk(engine, peer, ticks=2)
    ntp = ntp_time(1_700_000_000_000)
    peer.send(write_rtcp([SenderReport(ssrc=peer.ssrc, ntp=ntp, rtp_timestamp=1, packets=1, octets=1)]))
    talk(engine, peer, ticks=TICKS)
    report = next(report for report in peer.reports if isinstance(report, SenderReport))
    assert report.blocks[0].last_report == middle_bits(ntp)


def test_loss_lowers_the_score_and_no_media_has_none(engine: Engine, peer: Peer) -> None:
    called(engine, peer)
    assert stats_of(engine).mos == 0
    talk(engine, peer, ticks=50)
    good = stats_of(engine).mos
    for number in range(50):
        if number % 4 == 0:
            peer.packet(b"")
            engine.tick()
        else:
            talk(engine, peer, ticks=1)
    assert good > 4.2 > stats_of(engine).mos + 0.3
    assert stats_of(engine).packets_lost == 13


def test_legs_that_come_and_go_leave_no_socket_behind(engine: Engine) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for number in range(100):
        peer = Peer()
        name = f"CA{number}"
        peer.knows(engine.open(name, "rtp"))
        engine.connect(name, peer.remote())
        talk(engine, peer, ticks=1)
        engine.close(name)
        peer.close()
    assert descriptors() <= before
    assert len(engine) == 0
