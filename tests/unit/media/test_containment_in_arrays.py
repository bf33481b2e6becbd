"""What nobody foresaw in work done for all legs at once: the row that makes it raise fails, its neighbours play on."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ringfence.media.containment import in_halves, place_of
from ringfence.media.engine import Engine
from ringfence.media.port_pairs import PortPairs, PortRange
from ringfence.media.recorder import Recorder
from ringfence.media.recording_reader import RecordingReader
from ringfence.ports.media import KeyPressed, LegFailed, RecordingEnded
from unit.media.peer import FRAME, Events, Peer, level_of, talk, tone
from unit.media.recordings import ACCOUNT, key, plan, sid

PORTS = PortRange(20_000, 29_999)
NAMES = ("CA0", "CA1", "CA2", "CA3", "CA4")
BAD, ROW = "CA2", 2
WORDS = "what the peer sent"


class Trouble(Exception):
    """Of a kind that nothing expects."""


def raising_where(owner: object, method: str, concerns: Callable[..., bool]) -> None:
    """From now on a method raises whenever the bad row is among those that it is called for."""
    work = getattr(owner, method)

    def spoiled(*arguments: Any) -> Any:
        if concerns(*arguments):
            raise Trouble(WORDS)
        return work(*arguments)

    setattr(owner, method, spoiled)


def among(rows: np.ndarray, *_: object) -> bool:
    return ROW in rows


def law(engine: Engine) -> None:
    engine._arrivals._law[ROW] = 9


def partner(engine: Engine) -> None:
    hearing, heard = engine._bridges
    engine._bridges = hearing, np.where(hearing == ROW, 9_999, heard)


def counts(engine: Engine) -> None:
    raising_where(engine._arrivals.receptions, "take", among)


def buffers(engine: Engine) -> None:
    raising_where(engine._arrivals.buffers, "take", lambda out, first: first <= ROW < first + len(out))


def tones(engine: Engine) -> None:
    raising_where(engine._tone_keys, "hear", among)


def packets(engine: Engine) -> None:
    raising_where(engine._departures, "_make_rows", lambda samples, first: first <= ROW < first + len(samples))


def ripening(engine: Engine) -> None:
    leg = engine._legs[BAD]
    engine._arrivals._unquiet.add(leg)
    raising_where(leg, "ripen", lambda tick: True)


SPOILERS = {
    "law": law,
    "partner": partner,
    "counts": counts,
    "buffers": buffers,
    "tones": tones,
    "packets": packets,
    "ripening": ripening,
}


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def engine(events: Events) -> Iterator[Engine]:
    engine = Engine(PortPairs("127.0.0.1", PORTS), events.append, max_legs=8)
    yield engine
    engine.close_all()


@pytest.fixture
def peers(engine: Engine) -> Iterator[list[Peer]]:
    """Five that are called, and heard for tones; the bad one in their middle is bridged with the last."""
    made = [Peer(ssrc=number + 1) for number in range(len(NAMES))]
    for name, peer in zip(NAMES, made, strict=True):
        peer.knows(engine.open(name, "rtp"))
        engine.connect(name, peer.remote(event_payload_type=None))
    engine.bridge("CA0", "CA1")
    engine.bridge(BAD, "CA4")
    yield made
    for peer in made:
        peer.close()


@pytest.mark.parametrize("trouble", SPOILERS)
def test_the_row_at_fault_fails_once_and_its_neighbours_lose_no_packet(
    engine: Engine, events: Events, peers: list[Peer], trouble: str
) -> None:
    sounds = [tone(300 + 200 * number, 1_600) for number in range(len(NAMES))]
    talk(engine, *peers, ticks=20, sounds=sounds)
    assert events.of(LegFailed) == []
    SPOILERS[trouble](engine)
    with capture_logs() as lines:
        talk(engine, *peers, ticks=60, sounds=sounds)
    assert [event.leg for event in events.of(LegFailed)] == [BAD]  # type: ignore[attr-defined]
    assert [line["leg"] for line in lines if line["event"] == "media.leg_broke"] == [BAD]
    assert WORDS not in str(lines)
    for name, peer in zip(NAMES, peers, strict=True):
        if name == BAD:
            continue
        assert len(peer.heard) == 79
        assert all(later.sequence - earlier.sequence & 0xFFFF == 1 for earlier, later in pairwise(peer.heard))
        stats = engine.stats(name)
        assert stats is not None
        assert (stats.packets_received, stats.packets_lost) == (80, 0)
    one, other = peers[0].sound()[30 * FRAME :], peers[1].sound()[30 * FRAME :]
    assert level_of(one, 500) > 7_000
    assert level_of(other, 300) > 7_000
    # Whom the bad one was bridged with hears nothing more of it.
    assert not peers[4].sound()[60 * FRAME :].any()
    # Its place can be another's, once what was wrong is over.
    engine.close(BAD)
    assert len(engine) == len(NAMES) - 1


def test_keys_in_the_sound_of_neighbours_are_still_heard(engine: Engine, events: Events, peers: list[Peer]) -> None:
    talk(engine, *peers, ticks=10)
    tones(engine)
    key_5 = tone(770, 200, 6_000) + tone(1_336, 200, 6_000)
    nothing = np.zeros(len(key_5), np.int16)
    talk(engine, *peers, ticks=10, sounds=[nothing, key_5, nothing, nothing, nothing])
    talk(engine, *peers, ticks=10)
    assert events.of(KeyPressed) == [KeyPressed("CA1", "5")]


@pytest.mark.parametrize("stopping", [True, False])
def test_a_recording_at_fault_fails_and_calls_and_other_recordings_go_on(tmp_path: Path, stopping: bool) -> None:
    events = Events()

    async def scene() -> None:
        recorders: list[Recorder] = []

        def recorder(ended: Any) -> Recorder:
            recorders.append(Recorder(ended, asyncio.get_running_loop()))
            return recorders[0]

        engine = Engine(
            PortPairs("127.0.0.1", PORTS), events.append, recordings_dir=tmp_path, recorder=recorder, max_legs=3
        )
        peers = [Peer(ssrc=number + 1) for number in range(3)]
        for number, peer in enumerate(peers):
            peer.knows(engine.open(NAMES[number], "rtp"))
            engine.connect(NAMES[number], peer.remote())
            engine.record(NAMES[number], plan(number))
        talk(engine, *peers, ticks=10)
        slot = engine._legs["CA1"].recordings[sid(1)]
        # Beyond what a slot holds: its sound has no place.
        recorders[0]._fill[slot] = 999
        if not stopping:
            raising_where(recorders[0], "stop", lambda stopped, cause: stopped == slot)
        with capture_logs() as lines:
            talk(engine, *peers, ticks=60, sounds=[tone(700, 1_200)] * 3)
        assert [line["leg"] for line in lines if line["event"] == "media.recording_broke"] == ["CA1"]
        assert events.of(LegFailed) == []
        engine.close_all()
        vars(recorders[0]).pop("stop", None)
        async with asyncio.timeout(30):
            while len(events.of(RecordingEnded)) < 3:
                await asyncio.sleep(0.005)
        for peer in peers:
            assert len(peer.heard) == 69
            peer.close()
        await recorders[0].close()

    asyncio.run(scene())
    ends = {event.sid: (event.leg, event.cause) for event in events.of(RecordingEnded)}  # type: ignore[attr-defined]
    assert ends == {sid(0): ("CA0", "closed"), sid(1): ("CA1", "failed"), sid(2): ("CA2", "closed")}
    for number in (0, 2):
        with RecordingReader(tmp_path / ACCOUNT / sid(number), key(number)) as reader:
            assert reader.damage == ""
            assert reader.samples == 70 * FRAME
            assert level_of(reader.read(20 * FRAME, reader.samples - 30 * FRAME)[:, 0], 700) > 7_000


@given(count=st.integers(0, 40), bad=st.sets(st.integers(0, 39)))
def test_just_the_places_at_fault_are_told_and_all_others_are_done(count: int, bad: set[int]) -> None:
    done: set[int] = set()
    told: list[int] = []

    def work(first: int, end: int) -> None:
        for place in range(first, end):
            if place in bad:
                raise Trouble(place)
            done.add(place)

    def broke(place: int, error: Exception) -> None:
        assert error.args == (place,)
        told.append(place)

    in_halves(0, count, work, broke)
    assert told == sorted(place for place in bad if place < count)
    assert done == set(range(count)) - bad


def test_work_that_raises_nothing_is_done_once() -> None:
    calls: list[tuple[int, int]] = []
    in_halves(0, 7, lambda first, end: calls.append((first, end)), lambda *_: None)
    in_halves(3, 3, lambda first, end: calls.append((first, end)), lambda *_: None)
    assert calls == [(0, 7)]


def test_a_place_in_the_code_has_no_words_of_what_was_raised() -> None:
    with pytest.raises(Trouble) as raised:
        raise Trouble(WORDS)
    assert place_of(raised.value).startswith("test_containment_in_arrays.py:")
    assert place_of(Trouble(WORDS)) == ""
