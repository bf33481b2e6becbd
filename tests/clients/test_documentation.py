"""What the tutorial and the how-to guides tell a reader to do is done here, and shows what they say it shows.

A block of `python title=F` or `js title=F` is written to F. A block of `bash` is run, and must print the `text` block
that follows it, in which … stands for anything. A block of `console` runs on beside the others. A line with … in a
command is for the reader to fill in: its value is in the environment already.
"""

import fnmatch
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What has been done for the reader already, or is shown by another test.
DONE = ("make ", "ringfence up", "ringfence demo barber", "ringfence demo call", "python -m pip ")


class Reader:
    """Follows one page in a folder of its own."""

    def __init__(self, installation: Any, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        self._base_url = installation.base_url
        self._folder = folder
        self._environment = installation.program_environment | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RINGFENCE_DATA_DIR": str(installation.data),
            "RINGFENCE_PORT": str(installation.port),
        }
        self.running: list[subprocess.Popen[str]] = []

    def follow(self, page: str) -> int:
        """Do all that the page says; returns how many commands ran."""
        blocks = BLOCK.findall((DOCS / page).read_text())
        ran = 0
        for (kind, title, text), (next_kind, _, expected) in zip(blocks, [*blocks[1:], ("", "", "")], strict=True):
            text = text.replace("http://localhost:8420", self._base_url).replace("5000", self.port)
            expected = expected.replace("127.0.0.1:5000", f"127.0.0.1:{self.port}")
            if title:
                (self._folder / title).write_text(text)
            elif kind == "console" and not text.startswith(DONE):
                self._start(text)
                ran += 1
            elif kind == "bash":
                self._run(text, expected if next_kind == "text" else None)
                ran += 1
        return ran

    def _run(self, text: str, expected: str | None) -> None:
        commands = "\n".join(line for line in text.splitlines() if "…" not in line)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        if expected is not None:
            pattern = re.sub(r"([\[\]?*])", r"[\1]", expected).replace("…", "*")
            assert fnmatch.fnmatchcase(done.stdout, pattern), f"{done.stdout}\nis not\n{expected}"

    def _start(self, text: str) -> None:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {text}"],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.running.append(process)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", int(self.port)), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"{text} does not listen")

    def stop(self) -> str:
        """End what runs beside; returns what it printed."""
        printed = ""
        for process in self.running:
            process.terminate()
            printed += process.communicate(timeout=10)[0]
        self.running.clear()
        return printed


@pytest.fixture
def reader(installation: Any, tmp_path: Path) -> Iterator[Reader]:
    folder = tmp_path / "reader"
    folder.mkdir()
    reader = Reader(installation, folder)
    yield reader
    reader.stop()


@pytest.fixture
def voice_url(installation: Any) -> Iterator[None]:
    """The shop's calls go nowhere when a reader has gone."""
    yield
    (number,) = installation.client().incoming_phone_numbers.list(phone_number=installation.shop)
    number.update(voice_url="", voice_fallback_url="", status_callback="")


def test_your_first_text(reader: Reader, handset: Any) -> None:
    customer = handset("+12025550177")
    assert reader.follow("tutorials/first-text.md") == 5
    customer.await_text("Haircut Tue 15:00.", status="delivered")
    customer.await_text("See you Tuesday!")


def test_point_a_program(reader: Reader) -> None:
    assert reader.follow("howto/point-a-program.md") == 3


def test_run_unchanged(reader: Reader) -> None:
    assert reader.follow("howto/run-unchanged.md") == 1


def test_receive_texts(reader: Reader, handset: Any) -> None:
    phone = handset("+12025550178")
    assert reader.follow("howto/receive-texts.md") == 4
    phone.await_text("You wrote 5 characters.")
    phone.await_text("On our way")
    time.sleep(0.5)
    statuses = [line.split()[1] for line in reader.stop().splitlines() if line.startswith("SM")]
    assert statuses == ["sent", "delivered"]


def test_your_first_call(reader: Reader, voice_url: None) -> None:
    assert reader.follow("tutorials/first-call.md") == 6
    time.sleep(0.5)
    assert "ringing" in reader.stop().splitlines()


def test_receive_calls(reader: Reader, voice_url: None) -> None:
    assert reader.follow("howto/receive-calls.md") == 4
    time.sleep(0.5)
    statuses = [line.split()[1] for line in reader.stop().splitlines() if line.startswith("CA")]
    assert statuses == ["completed"]


def test_record_calls(reader: Reader) -> None:
    assert reader.follow("howto/record-calls.md") == 1
    for program in ("control.py", "recorded.py"):
        compile((reader._folder / program).read_text(), program, "exec")


def test_use_node(reader: Reader, node_modules: Path) -> None:
    (reader._folder / "node_modules").symlink_to(node_modules)
    assert reader.follow("howto/use-node.md") == 1


def test_connect_telephones(reader: Reader, installation: Any) -> None:
    assert reader.follow("howto/connect-telephones.md") == 1
    (domain,) = installation.client().sip.domains.list()
    assert (domain.domain_name, domain.auth_type) == ("shop.sip.twilio.com", "CREDENTIAL_LIST")
    assert domain.sip_registration is True
