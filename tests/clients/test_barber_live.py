"""The barber on a running installation: in Python by `ringfence demo barber`, in Node by hand."""

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CUSTOMER = "+12025550177"
NODE_PROGRAM = Path(__file__).parents[2] / "examples" / "barber-node"


@pytest.fixture
def customer(handset: Any) -> Any:
    return handset(CUSTOMER)


def sms_url(installation: Any) -> str | None:
    return installation.client().incoming_phone_numbers.list(phone_number=installation.shop)[0].sms_url


def demo(installation: Any, *flags: str) -> list[str]:
    place = ("--data", str(installation.data), "--port", str(installation.port))
    return [sys.executable, "-m", "ringfence", "demo", "barber", *place, *flags]


def test_the_demo_plays_the_whole_story(installation: Any, start_program: Any) -> None:
    before = sms_url(installation)
    program = start_program(demo(installation, "--auto"), Path.cwd(), installation.environment)
    for words in (
        "(signature ok) · appointment CONFIRMED",
        "phone    ← Fade & Co: confirmed. See you Tue 15:00!",
        "(signature ok) · 3 times offered",
        "(signature ok) · appointment RESCHEDULED",
        "phone    ← Fade & Co: moved to Thu 12:00 with Sam. See you then!",
        "(signature ok) · STOP is answered for us",
        "reminder refused (21610) · customer OPTED OUT",
        "(signature ok) · START is answered for us",
    ):
        program.await_line(words)
    program.await_line("that is all")
    assert program.process.wait(20) == 0
    assert not [line for line in program.seen if "signature wrong" in line]
    assert sms_url(installation) == before


def test_ctrl_c_ends_the_demo_and_leaves_nothing(installation: Any, customer: Any, start_program: Any) -> None:
    before = sms_url(installation)
    program = start_program(demo(installation), Path.cwd(), installation.environment)
    line = program.await_line("a Flask program at http://127.0.0.1:")
    port = int(line.rpartition(":")[2])
    program.await_line("now you  open")
    assert sms_url(installation) == f"http://127.0.0.1:{port}/sms"
    customer.reply("C")
    program.await_line("appointment CONFIRMED")
    assert program.stop(signal.SIGINT) == 130
    assert sms_url(installation) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.fixture
def node_barber(installation: Any, node_folder: Path, start_program: Any) -> Iterator[Any]:
    for file in NODE_PROGRAM.glob("*.js"):
        shutil.copy(file, node_folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = installation.program_environment | {"PORT": str(port), "REMIND_EVERY_S": "1"}
    subprocess.run(["node", "connect.js"], cwd=node_folder, env=environment, timeout=20, check=True)
    yield start_program(["node", "app.js"], node_folder, environment)
    installation.client().incoming_phone_numbers.list(phone_number=installation.shop)[0].update(sms_url="")


def test_the_node_barber_confirms_reschedules_and_hears_of_stop(node_barber: Any, customer: Any) -> None:
    node_barber.await_line("reminder delivered")
    customer.reply("C")
    node_barber.await_line("webhook 200 (signature ok) · appointment CONFIRMED")
    customer.await_text("confirmed. See you Tue 15:00!")
    customer.reply("R")
    node_barber.await_line("3 times offered")
    customer.reply("STOP")
    node_barber.await_line("STOP is answered for us")
    customer.reply("3")
    node_barber.await_line("appointment RESCHEDULED")
    node_barber.await_line("reminder refused (21610) · customer OPTED OUT")
    customer.reply("START")
    node_barber.await_line("START is answered for us")
    node_barber.await_line("reminder delivered")
