"""The recorder: what it is ticked with is in the sealed file, cut, paused, trimmed and ended as was asked."""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.domain.sealing.recording import HEADER_BYTES
from ringfence.media import recording_file, recording_writer
from ringfence.media.g711 import Samples
from ringfence.media.recorder import LEFT_AFTER_FRAMES, LEFT_BEFORE_FRAMES, SILENCE_RMS, Recorder
from ringfence.media.recording_reader import RecordingReader
from unit.media.recordings import FRAME, Deck, companded, key, noise, plan, sid

Scene = Callable[[Deck], Awaitable[Any]]


def played(folder: Path, scene: Scene) -> Deck:
    """The deck after a scene, its recorder closed."""

    async def run() -> Deck:
        deck = Deck(folder)
        await scene(deck)
        await deck.recorder.close()
        return deck

    return asyncio.run(run())


def recorded(folder: Path, inbound: Samples, outbound: Samples | None = None, **plan: Any) -> tuple[Deck, Samples]:
    """One recording of these frames, stopped at their end."""

    async def scene(deck: Deck) -> None:
        slot = deck.begin(**plan)
        deck.feed(slot, inbound, outbound)
        deck.recorder.stop(slot, "stopped")
        await deck.until_ended()

    deck = played(folder, scene)
    return deck, deck.sound()


def channel(sound: Samples, number: int = 0) -> Samples:
    return sound[:, number]


class TestWhatIsRecorded:
    HEARD, SAID = noise(60, seed=1), noise(60, seed=2)

    @pytest.mark.parametrize(("tracks", "source"), [("inbound", HEARD), ("outbound", SAID)])
    def test_one_track_alone(self, tmp_path: Path, tracks: str, source: Samples) -> None:
        _, sound = recorded(tmp_path, self.HEARD, self.SAID, tracks=tracks)
        assert sound.shape == (60 * FRAME, 1)
        assert np.array_equal(channel(sound), source.ravel())

    def test_both_tracks_in_one_channel_are_their_sum(self, tmp_path: Path) -> None:
        _, sound = recorded(tmp_path, self.HEARD, self.SAID)
        assert np.array_equal(channel(sound), companded(self.HEARD + self.SAID).ravel())

    def test_a_sum_that_is_too_loud_is_clipped_and_does_not_turn_over(self, tmp_path: Path) -> None:
        loud = np.full((5, FRAME), 30_000, np.int16)
        _, sound = recorded(tmp_path, np.concatenate([loud, -loud]), np.concatenate([loud, -loud]))
        assert (channel(sound)[: 5 * FRAME] > 32_000).all()
        assert (channel(sound)[5 * FRAME :] < -32_000).all()

    def test_two_channels_keep_both_apart_inbound_first(self, tmp_path: Path) -> None:
        _, sound = recorded(tmp_path, self.HEARD, self.SAID, channels=2)
        assert np.array_equal(channel(sound, 0), self.HEARD.ravel())
        assert np.array_equal(channel(sound, 1), self.SAID.ravel())

    @pytest.mark.parametrize(("tracks", "place", "source"), [("inbound", 0, HEARD), ("outbound", 1, SAID)])
    def test_a_track_stays_in_its_channel(self, tmp_path: Path, tracks: str, place: int, source: Samples) -> None:
        _, sound = recorded(tmp_path, self.HEARD, self.SAID, channels=2, tracks=tracks)
        assert np.array_equal(channel(sound, place), source.ravel())
        assert not channel(sound, 1 - place).any()

    def test_a_recording_of_nothing_is_a_recording(self, tmp_path: Path) -> None:
        deck, sound = recorded(tmp_path, noise(0))
        assert deck.ends == [(sid(), 0, "stopped")]
        assert sound.shape == (0, 1)

    def test_the_file_holds_nothing_of_the_sound_in_clear(self, tmp_path: Path) -> None:
        deck, _ = recorded(tmp_path, np.full((60, FRAME), 1_000, np.int16))
        data = deck.path().read_bytes()[HEADER_BYTES:]
        assert max(data.count(bytes([byte]) * 4) for byte in range(1, 256)) < 4

    def test_the_file_is_its_owners_alone(self, tmp_path: Path) -> None:
        deck, _ = recorded(tmp_path, noise(1))
        assert deck.path().stat().st_mode & 0o777 == 0o600
        assert deck.path().parent.stat().st_mode & 0o777 == 0o700

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_many_at_once_get_each_its_own(self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
        kinds = st.tuples(st.sampled_from([1, 2]), st.sampled_from(["inbound", "outbound", "both"]))
        wanted = data.draw(st.lists(kinds, min_size=1, max_size=70))
        lengths = [data.draw(st.integers(0, 110)) for _ in wanted]
        heard, said = (
            [noise(count, seed=place + number, size=4_000) for number, count in enumerate(lengths)] for place in (0, 99)
        )

        async def scene(deck: Deck) -> None:
            slots = [
                deck.begin(number, channels=channels, tracks=tracks)
                for number, (channels, tracks) in enumerate(wanted, start=1)
            ]
            assert len(set(slots)) == len(slots)
            order = np.random.default_rng(len(slots)).permutation(len(slots))
            for frame in range(110):
                live = [number for number in order if frame < lengths[number]]
                if live:
                    deck.recorder.tick(
                        np.array([slots[number] for number in live]),
                        np.array([heard[number][frame] for number in live]),
                        np.array([said[number][frame] for number in live]),
                    )
                for number in order:
                    if frame + 1 == lengths[number]:
                        deck.recorder.stop(slots[number], "stopped")

        deck = played(tmp_path_factory.mktemp("many"), scene)
        for number, (channels, tracks) in enumerate(wanted):
            sound = deck.sound(number + 1)
            one, other = heard[number].ravel(), said[number].ravel()
            if channels == 2:
                expected = [one if tracks != "outbound" else 0 * one, other if tracks != "inbound" else 0 * other]
            else:
                expected = [{"inbound": one, "outbound": other, "both": companded(one + other)}[tracks]]
            assert np.array_equal(sound, np.stack(expected, axis=1))
        ends = {end[0]: end[1] for end in deck.ends}
        assert ends == {sid(number): 20 * count for number, count in enumerate(lengths, start=1)}


class TestWhenItEnds:
    def test_at_its_greatest_length(self, tmp_path: Path) -> None:
        sound = noise(120)

        async def scene(deck: Deck) -> None:
            deck.feed(deck.begin(max_length_s=2), sound)
            await deck.until_ended()

        deck = played(tmp_path, scene)
        assert deck.ends == [(sid(), 2_000, "length")]
        assert np.array_equal(channel(deck.sound()), sound[:100].ravel())

    @pytest.mark.parametrize(("quiet_frames", "ended"), [(99, False), (100, True)])
    def test_after_its_silence_and_not_a_frame_before(self, tmp_path: Path, quiet_frames: int, ended: bool) -> None:
        quiet = np.zeros((quiet_frames, FRAME), np.int16)

        async def scene(deck: Deck) -> None:
            slot = deck.begin(silence_timeout_s=2)
            deck.feed(slot, np.concatenate([noise(30), quiet, noise(5)]))
            deck.recorder.stop(slot, "stopped")
            await deck.until_ended()

        deck = played(tmp_path, scene)
        assert deck.ends == [(sid(), 2_600, "silence") if ended else (sid(), 2_680, "stopped")]

    def test_where_nobody_ever_speaks(self, tmp_path: Path) -> None:
        async def scene(deck: Deck) -> None:
            deck.feed(deck.begin(silence_timeout_s=1), np.zeros((80, FRAME), np.int16))
            await deck.until_ended()

        assert played(tmp_path, scene).ends == [(sid(), 1_000, "silence")]

    def test_either_channel_is_sound_enough(self, tmp_path: Path) -> None:
        async def scene(deck: Deck) -> None:
            slot = deck.begin(silence_timeout_s=1, channels=2)
            quiet = np.zeros((80, FRAME), np.int16)
            deck.feed(slot, quiet, noise(80))
            deck.feed(slot, noise(80), quiet)

        assert played(tmp_path, scene).ends == [(sid(), 3_200, "closed")]

    @pytest.mark.parametrize(("rms", "silent"), [(SILENCE_RMS - 10, True), (SILENCE_RMS + 10, False)])
    def test_a_lines_noise_is_silence(self, tmp_path: Path, rms: int, silent: bool) -> None:
        hum = np.tile(np.array([rms, -rms], np.int16), 80 * FRAME // 2).reshape(80, FRAME)

        async def scene(deck: Deck) -> None:
            deck.feed(deck.begin(silence_timeout_s=1), hum)

        assert played(tmp_path, scene).ends[0][2] == ("silence" if silent else "closed")

    def test_once_whatever_is_said_afterwards(self, tmp_path: Path) -> None:
        async def scene(deck: Deck) -> None:
            slot = deck.begin()
            deck.feed(slot, noise(10))
            deck.recorder.stop(slot, "stopped")
            deck.recorder.stop(slot, "closed")
            deck.recorder.pause(slot, silence=True)
            deck.recorder.resume(slot)
            deck.feed(slot, noise(10))
            await deck.until_ended()

        assert played(tmp_path, scene).ends == [(sid(), 200, "stopped")]

    def test_a_slot_is_free_again_when_its_end_was_told(self, tmp_path: Path) -> None:
        async def scene(deck: Deck) -> None:
            first = deck.begin(1)
            deck.recorder.stop(first, "stopped")
            assert deck.begin(2) != first
            await deck.until_ended()
            third = deck.begin(3)
            assert third == first
            deck.feed(third, noise(3))

        deck = played(tmp_path, scene)
        assert sorted(deck.ends) == [(sid(1), 0, "stopped"), (sid(2), 0, "closed"), (sid(3), 60, "closed")]

    def test_closing_ends_them_all(self, tmp_path: Path) -> None:
        async def scene(deck: Deck) -> None:
            for number in range(1, 6):
                deck.feed(deck.begin(number), noise(number))

        deck = played(tmp_path, scene)
        assert sorted(deck.ends) == [(sid(number), 20 * number, "closed") for number in range(1, 6)]

    def test_a_slot_that_nobody_began_records_nothing(self, tmp_path: Path) -> None:
        async def scene(deck: Deck) -> None:
            slot = deck.begin()
            deck.feed(slot + 1, noise(120))
            deck.feed(slot, noise(2))

        assert played(tmp_path, scene).ends == [(sid(), 40, "closed")]


class TestPauses:
    BEFORE, DURING, AFTER = noise(55, seed=3), noise(40, seed=4), noise(55, seed=5)

    def paused(self, folder: Path, *, silence: bool, **plan: Any) -> Deck:
        async def scene(deck: Deck) -> None:
            slot = deck.begin(**plan)
            deck.feed(slot, self.BEFORE)
            deck.recorder.pause(slot, silence=silence)
            deck.feed(slot, self.DURING)
            deck.recorder.resume(slot)
            deck.feed(slot, self.AFTER)

        return played(folder, scene)

    def test_nothing_of_a_skipped_pause_is_there(self, tmp_path: Path) -> None:
        deck = self.paused(tmp_path, silence=False)
        assert np.array_equal(channel(deck.sound()), np.concatenate([self.BEFORE, self.AFTER]).ravel())

    @pytest.mark.parametrize("channels", [1, 2])
    def test_a_silent_pause_keeps_its_time(self, tmp_path: Path, channels: int) -> None:
        deck = self.paused(tmp_path, silence=True, channels=channels)
        expected = np.concatenate([self.BEFORE, 0 * self.DURING, self.AFTER])
        assert np.array_equal(channel(deck.sound()), expected.ravel())

    @pytest.mark.parametrize("silence", [True, False])
    def test_a_pause_is_no_silence_that_ends_it(self, tmp_path: Path, silence: bool) -> None:
        async def scene(deck: Deck) -> None:
            slot = deck.begin(silence_timeout_s=1)
            deck.feed(slot, 0 * noise(30))
            deck.recorder.pause(slot, silence=silence)
            deck.feed(slot, 0 * noise(60))
            deck.recorder.resume(slot)
            deck.feed(slot, 0 * noise(19))

        assert played(tmp_path, scene).ends[0][2] == "closed"

    def test_one_kind_of_pause_may_follow_the_other(self, tmp_path: Path) -> None:
        async def scene(deck: Deck) -> None:
            slot = deck.begin()
            deck.recorder.pause(slot, silence=False)
            deck.feed(slot, noise(5))
            deck.recorder.pause(slot, silence=True)
            deck.feed(slot, noise(7))

        deck = played(tmp_path, scene)
        assert deck.ends == [(sid(), 140, "closed")]
        assert not deck.sound().any()

    def test_others_record_on(self, tmp_path: Path) -> None:
        async def scene(deck: Deck) -> None:
            slots = np.array([deck.begin(number) for number in (1, 2, 3)])
            deck.recorder.pause(int(slots[1]), silence=False)
            deck.recorder.pause(int(slots[2]), silence=True)
            for frame in noise(10):
                deck.recorder.tick(slots, np.tile(frame, (3, 1)), np.zeros((3, FRAME), np.int16))

        deck = played(tmp_path, scene)
        assert [len(deck.sound(number)) for number in (1, 2, 3)] == [1_600, 0, 1_600]
        assert np.array_equal(channel(deck.sound(1)), noise(10).ravel())
        assert not deck.sound(3).any()


class TestTrimming:
    def test_leaves_a_little_before_the_first_sound_and_after_the_last(self, tmp_path: Path) -> None:
        quiet = np.zeros((40, FRAME), np.int16)
        words = np.concatenate([noise(30), quiet, noise(20)])
        deck, sound = recorded(tmp_path, np.concatenate([quiet, words, quiet]), trim=True)
        assert np.array_equal(channel(sound)[LEFT_BEFORE_FRAMES * FRAME :][: words.size], words.ravel())
        assert len(sound) == words.size + (LEFT_BEFORE_FRAMES + LEFT_AFTER_FRAMES) * FRAME
        assert deck.ends == [(sid(), len(sound) // 8, "stopped")]

    def test_takes_nothing_where_there_is_sound_at_both_ends(self, tmp_path: Path) -> None:
        deck, sound = recorded(tmp_path, noise(30), trim=True)
        assert np.array_equal(channel(sound), noise(30).ravel())
        assert deck.ends[0][1] == 600

    def test_leaves_nothing_of_silence(self, tmp_path: Path) -> None:
        deck, sound = recorded(tmp_path, 0 * noise(30), trim=True)
        assert len(sound) == 0
        assert deck.ends == [(sid(), 0, "stopped")]


class TestDisks:
    def test_a_full_disk_fails_the_recording_that_it_refuses_and_no_other(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = os.write
        refused: set[int] = set()

        async def scene(deck: Deck) -> None:
            first, second = deck.begin(1), deck.begin(2)
            deck.feed(first, noise(60))
            deck.feed(second, noise(60))
            while not (deck.path(1).exists() and deck.path(2).exists() and deck.path(1).stat().st_size > 400):
                await asyncio.sleep(0.002)
            inode = deck.path(1).stat().st_ino

            def half_full(descriptor: int, data: Any) -> int:
                if os.fstat(descriptor).st_ino != inode:
                    return write(descriptor, data)
                if descriptor not in refused:
                    refused.add(descriptor)
                    return write(descriptor, data[: len(data) // 2])
                raise OSError(errno.ENOSPC, "full")

            monkeypatch.setattr(recording_file.os, "write", half_full)
            deck.feed(first, noise(100))
            deck.feed(second, noise(100))
            await deck.until_ended()
            deck.feed(second, noise(10))
            monkeypatch.setattr(recording_file.os, "write", write)

        deck = played(tmp_path, scene)
        first, second = sorted(deck.ends)
        assert (first[0], first[2]) == (sid(1), "failed")
        assert second == (sid(2), 3_400, "closed")
        with RecordingReader(deck.path(1), key(1)) as reader:
            assert reader.damage == "cut"
            assert reader.duration_ms == first[1] > 0
            assert np.array_equal(channel(reader.read(0, 400)), noise(60).ravel()[:400])

    def test_a_file_that_is_there_is_never_written_over(self, tmp_path: Path) -> None:
        async def scene(deck: Deck) -> None:
            deck.path().parent.mkdir()
            deck.path().write_bytes(b"another's")
            deck.feed(deck.begin(), noise(120))
            await deck.until_ended()

        deck = played(tmp_path, scene)
        assert deck.ends == [(sid(), 0, "failed")]
        assert deck.path().read_bytes() == b"another's"

    def test_a_folder_that_cannot_be_made_fails_it(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")

        async def scene(deck: Deck) -> None:
            slot = deck.recorder.begin(plan(), tmp_path / "file" / "x")
            deck.recorder.stop(slot, "stopped")
            await deck.until_ended()

        assert played(tmp_path, scene).ends == [(sid(), 0, "failed")]

    def test_a_disk_that_stands_still_fails_recordings_before_the_memory_is_full(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(recording_writer, "MAX_PENDING_BYTES", 0)

        async def scene(deck: Deck) -> None:
            deck.feed(deck.begin(), noise(120))
            await deck.until_ended()

        assert played(tmp_path, scene).ends[0][2] == "failed"

    def test_it_is_told_how_much_waits(self, tmp_path: Path) -> None:
        async def run() -> list[int]:
            told: list[int] = []
            recorder = Recorder(lambda *_: None, asyncio.get_running_loop(), waiting=told.append)
            slot = recorder.begin(plan(channels=2), tmp_path / "x")
            for frame in noise(60):
                recorder.tick(np.array([slot]), frame[None], frame[None])
            await recorder.close()
            await asyncio.sleep(0)
            return told

        told = asyncio.run(run())
        assert max(told) >= 2 * 2 * FRAME
        assert told[-1] == 0

    def test_no_sound_is_written_twice_a_second_for_all_at_once(self, tmp_path: Path) -> None:
        """Recordings that begin together are not handed over in one tick."""

        async def scene(deck: Deck) -> None:
            slots = np.array([deck.begin(number) for number in range(1, 51)])
            handed: list[int] = []
            for frame in noise(150):
                before = deck.recorder._writer.given_bytes
                deck.recorder.tick(slots, np.tile(frame, (50, 1)), np.zeros((50, FRAME), np.int16))
                handed.append(deck.recorder._writer.given_bytes - before)
            assert max(handed[50:]) == min(handed[50:]) > 0

        played(tmp_path, scene)
