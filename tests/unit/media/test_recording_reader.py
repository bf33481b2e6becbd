"""Reading a recording: samples and WAV bytes from any place, and what is left of one that was cut or altered."""

import asyncio
import io
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.domain.sealing.recording import InvalidRecordingError
from ringfence.media.g711 import Samples
from ringfence.media.recording_reader import RecordingReader, mixed
from unit.media.recordings import FRAME, Deck, key, noise, sid

FRAMES = 120


def made(folder: Path, *, channels: int = 2, number: int = 1) -> tuple[Path, Samples]:
    """A recording of 2.4 s and its samples, shaped (samples, channels)."""
    heard, said = noise(FRAMES, seed=number), noise(FRAMES, seed=number + 50)

    async def run() -> Path:
        deck = Deck(folder)
        tracks = "both" if channels == 2 else "inbound"
        slot = deck.begin(number, channels=channels, tracks=tracks)
        deck.feed(slot, heard, said)
        deck.recorder.stop(slot, "stopped")
        await deck.recorder.close()
        return deck.path(number)

    sound = np.stack([heard.ravel(), said.ravel()], axis=1)
    return asyncio.run(run()), sound[:, :channels]


@pytest.fixture(scope="module")
def stereo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Samples]:
    return made(tmp_path_factory.mktemp("stereo"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(-10, FRAMES * FRAME + 100), count=st.integers(-1, FRAMES * FRAME + 100))
def test_any_stretch_of_samples(stereo: tuple[Path, Samples], first: int, count: int) -> None:
    path, sound = stereo
    with RecordingReader(path, key()) as reader:
        assert np.array_equal(reader.read(first, count), sound[max(0, first) :][: max(0, count)])


@pytest.mark.parametrize("channels", [1, 2])
def test_the_wav_file_is_what_another_reader_takes_it_for(tmp_path: Path, channels: int) -> None:
    path, sound = made(tmp_path, channels=channels)
    with RecordingReader(path, key()) as reader:
        data = reader.read_wav(0, reader.wav_bytes)
        assert len(data) == reader.wav_bytes == 44 + sound.size * 2
        assert reader.duration_ms == 2_400
        assert reader.damage == ""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (channels, 2, 8_000)
        assert file.readframes(file.getnframes()) == sound.astype("<i2").tobytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offset=st.integers(0, 80_000), count=st.integers(0, 80_000))
def test_any_range_of_the_wav_file(stereo: tuple[Path, Samples], offset: int, count: int) -> None:
    path, sound = stereo
    with RecordingReader(path, key()) as reader:
        whole = reader.read_wav(0, 44) + sound.astype("<i2").tobytes()
        assert reader.read_wav(offset, count) == whole[offset : offset + count]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, FRAMES * FRAME), count=st.integers(0, FRAMES * FRAME))
def test_mixed_any_stretch_is_the_sum_of_both(stereo: tuple[Path, Samples], first: int, count: int) -> None:
    path, sound = stereo
    both = sound.astype(np.int64).sum(axis=1, keepdims=True).clip(-32_768, 32_767)
    with RecordingReader(path, key()) as reader:
        samples = reader.samples
        reader.mix()
        assert (reader.channels, reader.samples, reader.wav_bytes) == (1, samples, 44 + 2 * samples)
        assert np.array_equal(reader.read(first, count), both[first : first + count])


def test_mixed_it_is_no_louder_than_can_be() -> None:
    loud = np.array([[32_000, 32_000], [-32_000, -32_000], [5, -7]], np.int16)
    assert mixed(loud).tolist() == [[32_767], [-32_768], [-2]]


class TestDamage:
    def reader_of(self, path: Path, data: bytes, number: int = 1) -> RecordingReader:
        path.write_bytes(data)
        return RecordingReader(path, key(number))

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_a_file_that_was_cut_opens_up_to_its_last_whole_chunk(
        self, stereo: tuple[Path, Samples], tmp_path: Path, data: st.DataObject
    ) -> None:
        path, sound = stereo
        whole = path.read_bytes()
        left = data.draw(st.integers(96, len(whole) - 1))
        with self.reader_of(tmp_path / "cut", whole[:left]) as reader:
            assert reader.damage == "cut"
            assert reader.samples >= (left - 96) // 2 - 8_000 - 100
            assert np.array_equal(reader.read(0, reader.samples), sound[: reader.samples])

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_nothing_beyond_an_altered_byte_is_given_out(
        self, stereo: tuple[Path, Samples], tmp_path: Path, data: st.DataObject
    ) -> None:
        path, sound = stereo
        altered = bytearray(path.read_bytes())
        at = data.draw(st.integers(96, len(altered) - 1))
        altered[at] ^= data.draw(st.integers(1, 255))
        with self.reader_of(tmp_path / "altered", bytes(altered)) as reader:
            assert reader.damage in ("altered", "cut")
            assert reader.samples <= max(0, at - 96) // 2
            assert np.array_equal(reader.read(0, reader.samples), sound[: reader.samples])

    @pytest.mark.parametrize("at", [0, 6, 7, 8, 12, 28, 62])
    def test_an_altered_header_opens_nothing(self, stereo: tuple[Path, Samples], tmp_path: Path, at: int) -> None:
        altered = bytearray(stereo[0].read_bytes())
        altered[at] ^= 3
        try:
            with self.reader_of(tmp_path / "altered", bytes(altered)) as reader:
                assert (reader.damage, reader.samples) == ("altered", 0)
        except InvalidRecordingError:
            pass

    def test_more_behind_its_end_is_found(self, stereo: tuple[Path, Samples], tmp_path: Path) -> None:
        with self.reader_of(tmp_path / "more", stereo[0].read_bytes() + b"\0") as reader:
            assert reader.damage == "altered"

    def test_chunks_that_changed_places_are_found(self, stereo: tuple[Path, Samples], tmp_path: Path) -> None:
        data = stereo[0].read_bytes()
        first, second, third = 96, 96 + 20 + 320, 96 + 2 * 20 + 320 + 16_000
        swapped = data[:first] + data[second:third] + data[first:second] + data[third:]
        with self.reader_of(tmp_path / "swapped", swapped) as reader:
            assert (reader.damage, reader.samples) == ("altered", 0)

    def test_another_recordings_file_does_not_open_in_its_place(self, tmp_path: Path) -> None:
        path, _ = made(tmp_path, number=2)
        with RecordingReader(path, key(1)) as reader:
            assert (reader.damage, reader.samples) == ("altered", 0)

    def test_what_is_altered_while_it_is_read_is_not_given_out(self, tmp_path: Path) -> None:
        path, _ = made(tmp_path)
        with RecordingReader(path, key()) as reader:
            data = bytearray(path.read_bytes())
            data[5_000] ^= 1
            path.write_bytes(bytes(data))
            with pytest.raises(InvalidRecordingError):
                reader.read(0, reader.samples)

    @pytest.mark.parametrize("data", [b"", b"RFREC", b"\0" * 500])
    def test_other_files_are_no_recordings(self, tmp_path: Path, data: bytes) -> None:
        with pytest.raises(InvalidRecordingError):
            self.reader_of(tmp_path / "other", data)

    def test_a_recording_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            RecordingReader(tmp_path / "none", key())


_KILLED = """
import asyncio, sys, time
from pathlib import Path
import numpy as np
from unit.media.recordings import Deck, noise

async def run():
    deck = Deck(Path(sys.argv[1]))
    slots = np.array([deck.begin(number, channels=2) for number in (1, 2, 3)])
    for frame, (heard, said) in enumerate(zip(noise(10_000, seed=1), noise(10_000, seed=2))):
        deck.recorder.tick(slots, np.tile(heard, (3, 1)), np.tile(said, (3, 1)))
        print(frame + 1, flush=True)
        await asyncio.sleep(0.001)

asyncio.run(run())
"""


def test_a_killed_process_leaves_all_but_the_last_second(tmp_path: Path) -> None:
    """What was recorded a second of ticks ago is in the files of a process that got SIGKILL."""
    root = Path(__file__).parents[2]
    program = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(tmp_path)], stdout=subprocess.PIPE, cwd=root, env={"PYTHONPATH": str(root)}
    )
    assert program.stdout is not None
    last = 0
    for line in program.stdout:
        last = int(line)
        if last >= 260:
            break
    # The thread that writes has had time for all but what was just handed over.
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(
        not (file := tmp_path / ("AC" + "a" * 32) / sid(number)).exists() or file.stat().st_size < 200 * 320
        for number in (1, 2, 3)
    ):
        time.sleep(0.01)
    program.send_signal(signal.SIGKILL)
    program.wait()
    program.stdout.close()
    expected = np.stack([noise(10_000, seed=1).ravel(), noise(10_000, seed=2).ravel()], axis=1)
    for number in (1, 2, 3):
        with RecordingReader(tmp_path / ("AC" + "a" * 32) / sid(number), key(number)) as reader:
            assert reader.damage == "cut"
            assert reader.samples >= 200 * FRAME
            assert np.array_equal(reader.read(0, reader.samples), expected[: reader.samples])
