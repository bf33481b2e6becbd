"""A whole installation under attack while calls go on: what lies on its disk, and who is heard beside a flood."""

import asyncio
import io
import secrets
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from tests.clients.bare import free_port
from tests.clients.browser_phone import BrowserPhone
from tests.clients.phones import Carrier, PhoneCall, wait_for
from tests.clients.test_calls import SHOP, Installation, Program, over, wav_tone

from ringfence.drills.canary import Canaries
from ringfence.media import g711

pytestmark = pytest.mark.slow

AMY = "+12025550177"


@pytest.fixture(scope="module")
def carrier() -> Iterator[Carrier]:
    made = Carrier().open()
    yield made
    made.close()


@pytest.fixture
def calling(tmp_path: Path, carrier: Carrier) -> Iterator[Installation]:
    trunk = f'[[trunk]]\nname = "loopback"\nhost = "127.0.0.1"\nport = {carrier.port}\n'
    made = Installation(tmp_path, carrier, f'sip_listen = ["udp:127.0.0.1:0", "ws:127.0.0.1:0"]\n{trunk}')
    yield made
    carrier.clear()
    made.stop()


@pytest.fixture
def program(calling: Installation) -> Iterator[Program]:
    made = Program(calling.auth_token)
    yield made
    made.close()


def test_nothing_of_a_call_is_readable_on_the_disk_or_in_the_log(
    calling: Installation, program: Program, carrier: Carrier, tmp_path: Path
) -> None:
    """Words, keys, number, URLs and sound of a recorded call: while it goes on, after it, and when all has stopped."""
    canaries = Canaries(secrets.token_bytes(32))
    called = canaries.number("call", "number", secrets.randbelow(8_000_000))
    keys, sent = canaries.code("call", "keys pressed", 0), canaries.code("call", "keys sent", 1)
    words, menu, told, gone = (canaries.mark("call", kind) for kind in ("words", "action", "callback", "missing page"))
    start = program.says(
        "/voice",
        f"<Gather numDigits='10' action='/{menu}'><Say>{words}</Say><Pause length='60'/></Gather>",
    )
    program.pages[f"/{menu}"] = lambda form: (
        f"<Response><Play digits='{sent}'/><Redirect>/{gone}</Redirect></Response>".encode()
        if form["Digits"] == keys
        else b"<Response><Redirect>/voice</Redirect></Response>"
    )
    carrier.on_call = PhoneCall.answer
    made = calling.client.calls.create(
        to=called,
        from_=SHOP,
        url=start,
        record=True,
        status_callback=f"{program.url}/status?{told}",
        status_callback_event=["initiated", "completed"],
    )
    phone = carrier.rung(called)
    phone.await_answer()
    (recording,) = wait_for_list(calling.client.calls(made.sid).recordings)
    # Who says nothing has no recording that can be heard: silence at its ends is cut off.
    phone.say(943, 1_000)
    wait_for(lambda: any(path.stat().st_size > 8_000 for path in calling.data.rglob(recording.sid)))
    assert found_on_disk(canaries, tmp_path) == {}, "while it goes on"

    phone.press(keys)
    wait_for(lambda: program.forms(f"/{menu}"))
    assert [form["Digits"] for form in program.forms(f"/{menu}")] == [keys]
    assert over(calling, made.sid).status == "completed"
    assert program.forms(f"/{gone}"), "the page that is missing was asked for"
    wait_for(lambda: calling.client.recordings(recording.sid).fetch().status == "completed")
    sound = fetched(calling, recording.sid)
    assert found_on_disk(canaries, tmp_path, sound) == {}, "after it"

    calling.stop()
    assert found_on_disk(canaries, tmp_path, sound) == {}, "after everything has been written down"
    with calling.log.open("ab") as log:
        log.write(words.encode() + sound[0])
    assert found_on_disk(canaries, tmp_path, sound) == {"log": {"words", "sound"}}, "what lay there would be found"


@pytest.mark.long
def test_nothing_of_a_browser_s_call_is_readable_on_the_disk_or_in_the_log(
    calling: Installation, program: Program, tmp_path: Path
) -> None:
    """Descriptions, ICE's passwords, certificates, keys that DTLS gave, keys pressed and sound of a recorded call."""
    canaries = Canaries(secrets.token_bytes(32))
    called = canaries.number("call", "number", secrets.randbelow(8_000_000))
    keys, words = canaries.code("call", "keys pressed", 0), canaries.mark("call", "words")
    start = program.says(
        "/voice", f"<Gather numDigits='10' action='/menu'><Say>{words}</Say><Pause length='60'/></Gather>"
    )
    program.says("/menu", "<Hangup/>")
    with BrowserPhone(calling.web_sip_port, called, hz=943) as browser:
        made = calling.client.calls.create(to=called, from_=SHOP, url=start, record=True)
        browser.await_answer()
        (recording,) = wait_for_list(calling.client.calls(made.sid).recordings)
        wait_for(lambda: any(path.stat().st_size > 8_000 for path in calling.data.rglob(recording.sid)))
        known = browser.secrets()
        for kind, values in known.items():
            assert values, kind
            for value in values:
                canaries.learn_secret(value, "call", kind)
        assert found_on_disk(canaries, tmp_path) == {}, "while it goes on"
        browser.press(keys)
        browser.await_end()
    assert [form["Digits"] for form in program.forms("/menu")] == [keys]
    assert over(calling, made.sid).status == "completed"
    wait_for(lambda: calling.client.recordings(recording.sid).fetch().status == "completed")
    sound = fetched(calling, recording.sid)
    assert found_on_disk(canaries, tmp_path, sound) == {}, "after it"

    calling.stop()
    assert found_on_disk(canaries, tmp_path, sound) == {}, "after everything has been written down"
    assert not any(b"PRIVATE KEY" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    with calling.log.open("ab") as log:
        for values in known.values():
            log.write(values[-1].hex().encode() + b"\n")
    assert found_on_disk(canaries, tmp_path, sound) == {"log": set(known)}, "what lay there would be found"


def wait_for_list(resource: Any) -> list[Any]:
    """What a list of the SDK's has, once there is something."""
    wait_for(resource.list)
    made: list[Any] = resource.list()
    return made


def fetched(calling: Installation, sid: str) -> list[bytes]:
    """The loudest 20 ms of a recording, as it is kept before it is sealed (µ-law) and as 16-bit samples."""
    answer = requests.get(
        f"{calling.client.api.base_url}/2010-04-01/Accounts/{calling.account_sid}/Recordings/{sid}.wav",
        auth=(calling.account_sid, calling.auth_token),
        timeout=20,
    )
    with wave.open(io.BytesIO(answer.content)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    at = int(np.abs(samples.astype(int)).argmax())
    piece = samples[max(0, at - 80) : at + 80]
    assert np.abs(piece.astype(int)).max() > 1_000
    return [g711.encode(piece, "PCMU").tobytes(), piece.tobytes()]


def found_on_disk(canaries: Canaries, folder: Path, sound: list[bytes] | None = None) -> dict[str, set[str]]:
    """By file below `folder`: which kinds of content can be read in it."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            kinds = {kind for _, kind in canaries.found_in(data)}
            kinds |= {"sound" for piece in sound or () if piece in data}
            if kinds:
                found[str(path.relative_to(folder))] = kinds
    return found


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
            *("-m", "20000", "-r", "1000", "-nostdin", "-timeout", "20s", "-recv_timeout", "1000"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        deadline_s = asyncio.get_running_loop().time() + 6
        heard = 0
        while asyncio.get_running_loop().time() < deadline_s:
            await asyncio.to_thread(amy.deaf)
            await asyncio.to_thread(amy.hears, 700)
            # SIPp ends by itself once nobody answers any of its calls: what is heard after that is no proof.
            if process.returncode is not None:
                break
            heard += 1
        if process.returncode is None:
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
