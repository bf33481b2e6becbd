"""A whole installation under attack while calls go on: who is heard beside a flood."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients.phones import Carrier, PhoneCall
from tests.clients.test_calls import SHOP, Installation, Program, over, wav_tone
from tests.clients.test_sipp import free_port

pytestmark = pytest.mark.slow

AMY = "+12025550177"


@pytest.fixture(scope="module")
def carrier() -> Iterator[Carrier]:
    made = Carrier().open()
    yield made
    made.close()


@pytest.fixture
def calling(tmp_path: Path, carrier: Carrier) -> Iterator[Installation]:
    made = Installation(tmp_path, carrier)
    yield made
    carrier.clear()
    made.stop()


@pytest.fixture
def program(calling: Installation) -> Iterator[Program]:
    made = Program(calling.auth_token)
    yield made
    made.close()


@pytest.mark.skipif(shutil.which("sipp") is None, reason="SIPp is not installed (Debian: sip-tester)")
def test_a_call_goes_on_beside_a_flood_of_strangers(
    calling: Installation, program: Program, carrier: Carrier, tmp_path: Path
) -> None:
    """SIPp sends a thousand INVITEs a second from an address that nobody knows."""
    program.pages["/tone.wav"] = wav_tone(700, 2.0)
    carrier.on_call = PhoneCall.answer
    made = calling.client.calls.create(
        to=AMY, from_=SHOP, url=program.says("/voice", "<Play loop='0'>/tone.wav</Play>")
    )
    amy = carrier.rung(AMY)
    amy.hears(700)

    async def flood() -> int:
        process = await asyncio.create_subprocess_exec(
            *("sipp", "-sn", "uac", f"127.0.0.1:{calling.sip_port}", "-i", "127.0.0.9", "-p", str(free_port())),
            *("-m", "5000", "-r", "1000", "-nostdin", "-timeout", "8s", "-recv_timeout", "1000"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        deadline_s = asyncio.get_running_loop().time() + 6
        heard = 0
        while asyncio.get_running_loop().time() < deadline_s:
            await asyncio.to_thread(amy.deaf)
            await asyncio.to_thread(amy.hears, 700)
            heard += 1
        process.kill()
        await process.wait()
        return heard

    assert asyncio.run(flood()) > 0
    # A new call of the neighbour's is set up as ever, and the one before has not ended.
    other = calling.client.calls.create(to="+12025550188", from_=SHOP, url=f"{program.url}/voice")
    carrier.rung("+12025550188").hears(700)
    assert calling.client.calls(made.sid).fetch().status == "in-progress"
    for one in (made, other):
        calling.client.calls(one.sid).update(status="completed")
        assert over(calling, one.sid).status == "completed"
    assert len(calling.client.calls.list()) == 2, "nobody of the flood came in"
