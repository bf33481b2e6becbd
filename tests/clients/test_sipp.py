"""SIPp calls us and is called: its own scenarios, against our calls on loopback.

SIPp comes from Debian's sip-tester; without it these tests skip.
"""

import asyncio
import shutil
from pathlib import Path

import pytest
from tests.clients.bare import free_port
from tests.unit.carriers.sip.wire import ANSWER, HOST, Phone, closed, eventually, run

from ringfence.carriers.sip.callee import IncomingCall
from ringfence.carriers.sip.session import State

pytestmark = pytest.mark.skipif(shutil.which("sipp") is None, reason="SIPp is not installed (Debian: sip-tester)")

CALLS = 20


async def sipp(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run SIPp to its end, within 20 seconds: its exit code (0: every call went as its scenario says) and errors."""
    process = await asyncio.create_subprocess_exec(
        "sipp",
        *arguments,
        *(
            "-i",
            HOST,
            "-nostdin",
            "-timeout",
            "20s",
            "-timeout_error",
            "-trace_err",
            "-error_file",
            str(folder / "errors"),
        ),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    code = await process.wait()
    errors = folder / "errors"
    return code, errors.read_text()[:2_000] if errors.exists() else ""


def answers(call: IncomingCall) -> None:
    call.ring()
    call.answer(ANSWER)


@pytest.mark.parametrize("transport", ["u1", "t1"])
def test_sipp_calls_us(tmp_path: Path, transport: str) -> None:
    async def story() -> None:
        phone = await Phone(answers).open()
        port = phone.port if transport == "u1" else await phone.endpoint.listen_tcp(HOST, 0)
        code, errors = await sipp(
            tmp_path,
            "-sn",
            "uac",
            f"{HOST}:{port}",
            "-t",
            transport,
            "-p",
            str(free_port()),
            "-m",
            str(CALLS),
            "-r",
            "20",
        )
        assert (code, errors) == (0, "")
        await eventually(lambda: len(phone.calls) == CALLS and all(call.state is State.ENDED for call in phone.calls))
        assert [told for told in phone.heard.told if told[0] == "ended"] == [("ended", 200)] * CALLS
        await closed(phone)

    run(story)


def test_we_call_sipp(tmp_path: Path) -> None:
    async def story() -> None:
        phone, port = await Phone().open(), free_port()
        scenario = asyncio.create_task(sipp(tmp_path, "-sn", "uas", "-p", str(port), "-m", "5"))
        await asyncio.sleep(0.3)
        calls = [phone.dial(port) for _ in range(5)]
        await eventually(lambda: all(call.state is State.TALKING for call in calls))
        assert {told[0] for told in phone.heard.told} == {"ringing", "answered"}
        for call in calls:
            call.hang_up()
        # SIPp's callee waits some seconds after the BYE before it counts a call as done.
        assert (await scenario) == (0, "")
        await closed(phone)

    run(story)
