"""The Phones page's way to calls: told from the voice role's file, with a reason where there is none."""

from pathlib import Path

import msgspec
import pytest

from ringfence.carriers.simulator.calling import Calling
from ringfence.roles.calling import NOT_RUNNING, calling_now
from ringfence.roles.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(data_dir=tmp_path)
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    return settings


def opened(settings: Settings, *listens: str) -> Calling:
    (settings.run_dir / "sip.json").write_bytes(msgspec.json.encode(listens))
    return calling_now(settings)


def test_the_first_websocket_is_the_one(settings: Settings) -> None:
    assert opened(settings, "udp:127.0.0.1:5060", "ws:127.0.0.1:41234") == Calling(port=41234)
    assert opened(settings, "wss:0.0.0.0:5067", "ws:127.0.0.1:5066") == Calling(port=5067, secure=True)


def test_it_says_why_there_are_no_calls(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert calling_now(settings) == Calling(reason=NOT_RUNNING)
    (settings.run_dir / "sip.json").write_text("[")
    assert calling_now(settings) == Calling(reason=NOT_RUNNING)
    assert "sip_listen" in opened(settings, "udp:127.0.0.1:5060").reason
    monkeypatch.setattr("ringfence.roles.calling.missing_for_calls", lambda: ["numpy", "pylibsrtp"])
    told = opened(settings, "ws:127.0.0.1:5066")
    assert told.port is None
    assert told.reason.startswith("Calls need numpy, pylibsrtp: pip install")
