"""A world begins quickly, and leaves nothing behind."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest
import structlog
from twilio.http.http_client import TwilioHttpClient

from ringfence.testing.start import started


def test_one_world_after_another_has_its_first_text() -> None:
    """How long it takes is measured by benchmarks/first_test.py: a busy machine would make a test of it fail."""
    for _ in range(3):
        with started(numbers=["+12025550123"]) as world:
            world.client().messages.create(from_="+12025550123", to="+12025550177", body="Hi")
            assert len(world.phone("+12025550177").inbox) == 1


def test_all_is_as_before_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "mine")
    monkeypatch.delenv("TWILIO_AUTH_TOKEN", raising=False)
    threads, request, finders = threading.active_count(), TwilioHttpClient.request, list(sys.meta_path)
    # Whoever captured logs before has left it configured.
    structlog.reset_defaults()
    with started() as world:
        world.serve()
        assert TwilioHttpClient.request is not request
        assert os.environ["TWILIO_ACCOUNT_SID"] == world.account_sid
        assert structlog.is_configured()
    assert os.environ["TWILIO_ACCOUNT_SID"] == "mine"
    assert "TWILIO_AUTH_TOKEN" not in os.environ
    assert TwilioHttpClient.request is request
    assert sys.meta_path == finders
    assert threading.active_count() <= threads
    assert not structlog.is_configured()


def test_it_begins_now_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with started() as world:
        assert abs((world.clock.now - datetime.now(UTC)).total_seconds()) < 60
    with started(at=datetime(2026, 3, 1)) as world:
        assert world.clock.now.date().isoformat() == "2026-03-01"
    with pytest.raises(ValueError, match="isoformat"), started(at="tomorrow"):
        pass


def test_a_client_module_that_is_loaded_later_comes_here_too() -> None:
    program = """
import asyncio, sys
from ringfence.testing.start import started

with started(numbers=["+12025550123"]) as world:
    assert not any(name.startswith("twilio") for name in sys.modules)
    from twilio.http.async_http_client import AsyncTwilioHttpClient
    from twilio.rest import Client

    async def text():
        async with AsyncTwilioHttpClient() as http:
            await Client(http_client=http).messages.create_async(from_="+12025550123", to="+12025550177", body="later")

    asyncio.run(text())
    Client().messages.create(from_="+12025550123", to="+12025550177", body="sync")
    print([text.body for text in world.phone("+12025550177").inbox])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "['later', 'sync']\n", done.stderr
