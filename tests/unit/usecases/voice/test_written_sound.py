"""What a dead process wrote of a recording is measured by its file."""

import asyncio
from pathlib import Path

import pytest

from ringfence.media.recording_files import RecordingFolder
from ringfence.ports.recordings import OpenedRecording, RecordingUnreadableError
from ringfence.usecases.voice.written_sound import WrittenSound
from unit.media.recordings import ACCOUNT, RECORD_KEY, Deck, noise, sid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With one recording of 2.4 s, cut within its last second."""

    async def record() -> None:
        deck = Deck(tmp_path)
        slot = deck.begin(tracks="inbound")
        deck.feed(slot, noise(120))
        await deck.recorder.close()
        deck.path().write_bytes(deck.path().read_bytes()[:-1_000])

    asyncio.run(record())
    return tmp_path


def length_ms(written: WrittenSound, number: int = 1, key: bytes = RECORD_KEY) -> int | None:
    return asyncio.run(written.length_ms(ACCOUNT, sid(number), key))


def test_it_is_as_long_as_can_be_heard(folder: Path) -> None:
    assert length_ms(WrittenSound(RecordingFolder(folder))) == 2_020


def test_what_is_not_there_or_another_s_has_no_length(folder: Path) -> None:
    assert length_ms(WrittenSound(RecordingFolder(folder)), 2) == 0
    assert length_ms(WrittenSound(RecordingFolder(folder)), key=bytes(32)) == 0


def test_where_nothing_can_be_read_nothing_is_known(folder: Path) -> None:
    class Unreadable(RecordingFolder):
        async def open(self, account: str, sid: str, key: bytes) -> OpenedRecording:  # type: ignore[override]
            raise RecordingUnreadableError("without numpy")

    assert length_ms(WrittenSound()) is None
    assert length_ms(WrittenSound(Unreadable(folder))) is None
