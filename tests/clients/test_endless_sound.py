"""A sound that never ends is an error of the call that plays it; the neighbour's goes on without a gap."""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.clients.phones import Carrier, PhoneCall
from tests.clients.test_calls import AMY, BEN, Installation, Program, call, calling, carrier, over, program, wav_tone

__all__ = ["calling", "carrier", "program"]  # fixtures

pytestmark = pytest.mark.slow


@pytest.fixture
def endless() -> Iterator[str]:
    """A server whose sound goes on for as long as anybody listens."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with contextlib.suppress(OSError), connection:
                    connection.recv(65_536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\n\r\n" + wav_tone(700, 1.0))
                    while True:
                        connection.sendall(bytes(65_536))

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/endless.wav"
    listening.close()


def test_it_ends_with_its_call_and_nobody_else_hears_of_it(
    calling: Installation, program: Program, carrier: Carrier, endless: str
) -> None:
    program.pages["/low.wav"] = wav_tone(500, 1.0)
    steady = program.says("/voice", "<Play loop='0'>/low.wav</Play>")
    bad = program.says("/bad", f"<Play>{endless}</Play>")
    carrier.on_call = PhoneCall.answer
    neighbour = call(calling, program, steady)
    amy = carrier.rung(AMY)
    amy.hears(500)
    amy.deaf()
    made = call(calling, program, bad, to=BEN)
    assert over(calling, made.sid, 60).status == "completed"
    amy.hears(500)
    numbers: list[Any] = [packet.sequence for packet in amy._peer.heard]
    assert {after - before & 0xFFFF for before, after in itertools.pairwise(numbers)} == {1}
    assert tells_of_its_error(calling, made.sid)
    calling.client.calls(neighbour.sid).update(status="completed")
    assert amy.await_end() == 200


def tells_of_its_error(calling: Installation, sid: str) -> bool:
    """Whether the call's timeline tells, a moment after its end at the latest, of a sound that could not be had."""
    for _ in range(100):
        codes = {one.error_code for one in calling.client.calls(sid).notifications.list()}
        if codes & {"11200", "11205", "11750", "12400"}:
            return True
        time.sleep(0.1)
    return False
