"""The key origin's frame in a console's page, in Chromium: what it opens, and what a hostile console gets of that."""

import base64
import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from tests.browser.key_origin import browser as browser
from tests.browser.key_origin import free_port, served

from ringfence.domain.message import Content
from ringfence.domain.sealing import epoch, hpke
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slot_proof import ProofKey
from ringfence.domain.sealing.slots import ContentKey, slot_public, slot_seed
from ringfence.key_origin.app import create_key_origin

pytestmark = [pytest.mark.browser, pytest.mark.long]

AC, TOKEN = "AC" + "a" * 32, "e" * 32
EPOCH = 123_456_789
KEEPER = hpke.Recipient(b"\x05" * 32, hybrid=True)
CANARY = f"canary-{os.urandom(16).hex()}"
REMOTE = "+12025550177"
NOW_MS = 1_767_300_000_000

# A console's page, honest or not: whatever reaches it is in `held`.
CONSOLE = """<!doctype html><title>Console</title>
<iframe id="keys" src="{keys}/frame" allow="publickey-credentials-get {keys}; publickey-credentials-create {keys}"
  style="width: 600px; height: 400px"></iframe>
<script>
  window.held = [];
  let last = 0;
  addEventListener("message", (event) => held.push({{ origin: event.origin, data: event.data }}));
  window.ask = (verb, asked, to = "{keys}") => new Promise((resolve) => {{
    const id = (last += 1);
    addEventListener("message", function heard(event) {{
      if (event.data?.id !== id) return;
      removeEventListener("message", heard);
      resolve(event.data);
    }});
    keys.contentWindow.postMessage({{ ringfence: 1, id, verb, ...asked }}, to);
  }});
</script>"""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Tenant:
    """What a console's server holds of an account: everything sealed."""

    def __init__(self) -> None:
        self.content_key = ContentKey.new(AC, 0)
        epoch_key = epoch.new_key()
        sealer = RecordSealer(epoch_key, AC)
        self.boxes = [[0, b64(self.content_key.seal_to_slot(slot_public(slot_seed(TOKEN, AC)), AC))]]
        self.epochs = {str(EPOCH): [[0, b64(epoch.seal_epoch_key(epoch_key, self.content_key.public, AC, EPOCH))]]}
        self.records = [
            {
                "sid": f"SM{n:032x}",
                "epoch": EPOCH,
                "content": b64(seal_content(sealer, f"SM{n:032x}", Content(remote=REMOTE, body=f"{CANARY} {n}"))),
                "direction": "outbound-api",
                "status": "delivered",
                "local": "+12025550123",
                "created_ms": 1_767_225_600_000 + n,
            }
            for n in range(3)
        ]

    def page(self, **changed: Any) -> dict[str, Any]:
        asked = {"account": AC, "records": self.records, "epochs": self.epochs, "at": "http://localhost/texts"}
        return asked | changed


class Place:
    """Both origins, a page in the console's, and the frame in it."""

    def __init__(self, context: BrowserContext, keys: str, console: str) -> None:
        self.keys, self.console = keys, console
        self.context = context
        self.page = context.new_page()
        self.page.goto(console)
        self.page.wait_for_selector("iframe")
        self.wait("held.length")

    @property
    def frame(self) -> Frame:
        return next(frame for frame in self.page.frames if frame.url.startswith(self.keys))

    def wait(self, expression: str) -> None:
        for _ in range(400):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(20)
        raise TimeoutError(expression)

    def ask(self, verb: str, **asked: Any) -> dict[str, Any]:
        return self.page.evaluate("([verb, asked]) => ask(verb, asked)", [verb, asked])

    def begin(self, verb: str, **asked: Any) -> None:
        """Ask, and go on: a person has to do something first."""
        self.page.evaluate(
            "([verb, asked]) => { window.answer = null; ask(verb, asked).then((told) => answer = told); }",
            [verb, asked],
        )

    def answer(self) -> dict[str, Any]:
        self.wait("answer !== null")
        return self.page.evaluate("answer")

    def unlock(self, tenant: Tenant) -> None:
        """The member types the Auth Token into the frame."""
        self.begin("type_secret", account=AC)
        self.frame.get_by_label("Auth Token or secret").fill(TOKEN)
        self.frame.get_by_role("button", name="Open").click()
        assert self.answer()["value"] == {"credential": AC}
        assert self.ask("unlock", account=AC, credential=AC, boxes=tenant.boxes)["value"] == {"generations": 1}

    def held(self) -> str:
        """Every byte that the console's page got."""
        return self.page.evaluate("JSON.stringify(held) + document.documentElement.outerHTML + location.href")


@pytest.fixture(scope="module")
def origins() -> Iterator[tuple[str, str]]:
    ports = free_port(), free_port()
    keys, console = f"http://keys.localhost:{ports[0]}", f"http://console.localhost:{ports[1]}"

    async def page(request: Request) -> Response:
        return HTMLResponse(CONSOLE.format(keys=keys))

    with (
        served(create_key_origin([console], console, grant_keeper=lambda: KEEPER.public), ports[0]),
        served(Starlette(routes=[Route("/", page)]), ports[1]),
    ):
        yield keys, console


@pytest.fixture
def place(browser: Browser, origins: tuple[str, str]) -> Iterator[Place]:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    yield Place(context, *origins)
    context.close()


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def test_a_member_reads_in_the_frame_and_the_console_is_told_how_many(place: Place, tenant: Tenant) -> None:
    told = place.ask("show_messages", **tenant.page())
    assert told.get("refused", told)["code"] == "locked", told
    place.unlock(tenant)
    assert place.ask("show_messages", **tenant.page())["value"] == {"shown": 3, "unopened": 0}
    assert place.frame.locator("td.text").all_inner_texts() == [f"{CANARY} {n}" for n in range(3)]
    assert REMOTE in place.frame.locator("td.number").first.inner_text()
    # The next page of the console finds the frame open, without another touch.
    place.page.reload()
    place.wait("held.length")
    assert place.ask("state")["value"] == {"account": AC, "credential": AC}
    spoiled = [tenant.records[0] | {"sid": "SM" + "f" * 32}, tenant.records[1], tenant.records[2] | {"content": ""}]
    assert place.ask("show_messages", **tenant.page(records=spoiled))["value"] == {"shown": 3, "unopened": 2}
    place.ask("lock")
    assert place.ask("state")["value"] == {}
    assert place.ask("show_messages", **tenant.page())["refused"]["code"] == "locked"
    for secret in (CANARY, REMOTE, TOKEN):
        assert secret not in place.held()


def test_what_is_open_closes_a_quarter_of_an_hour_after_it_was_opened_whatever_a_console_asks(
    place: Place, tenant: Tenant
) -> None:
    place.context.clock.set_fixed_time(NOW_MS // 1_000)
    place.page.reload()
    place.wait("held.length")
    place.unlock(tenant)
    quarter_ms = 15 * 60_000
    for past_ms in (4 * 60_000, 6 * 60_000, quarter_ms - 1_000):
        place.context.clock.set_fixed_time((NOW_MS + past_ms) // 1_000)
        assert place.ask("state")["value"] == {"account": AC, "credential": AC}
        assert place.ask("show_messages", **tenant.page())["value"]["unopened"] == 0
        # The slot that was typed opens once more while it is at hand, and to the same end.
        place.ask("unlock", account=AC, credential=AC, boxes=tenant.boxes)
    place.context.clock.set_fixed_time((NOW_MS + quarter_ms) // 1_000)
    assert place.ask("state")["value"] == {}
    assert place.ask("show_messages", **tenant.page())["refused"]["code"] == "locked"


def test_a_hostile_console_gets_no_content_and_no_key(place: Place, tenant: Tenant) -> None:
    """Its script asks the frame for everything that it knows, and everything that it does not."""
    place.unlock(tenant)
    place.ask("show_messages", **tenant.page())
    assert CANARY in place.frame.locator("body").inner_text()
    told = place.page.evaluate(
        """async ([keys, account, asked]) => {
            const told = [];
            const attempt = async (work) => {
                try { told.push(String(await work())); } catch (problem) { told.push(problem.name); }
            };
            const frame = document.getElementById("keys");
            for (const verb of ["open", "export", "keys", "content", "read", "seal", "prove", "constructor",
                "__proto__", "toString", "show_messages", "state", "unlock"]) {
                told.push(JSON.stringify(await ask(verb, asked)));
            }
            // Not through the window, the document, or the storage of the frame.
            await attempt(() => frame.contentDocument.body.innerText);
            await attempt(() => frame.contentWindow.document.body.innerText);
            await attempt(() => frame.contentWindow.eval("document.body.innerText"));
            await attempt(() => frame.contentWindow.indexedDB.databases());
            await attempt(async () => JSON.stringify(await indexedDB.databases()));
            await attempt(async () => (await fetch(`${keys}/frame`)).text());
            await attempt(async () => (await import(`${keys}/bundle/keeping.js`)).open());
            // Nor by what stands between: the PRF is another origin's.
            await attempt(async () => JSON.stringify(await navigator.credentials.get({ publicKey: {
                rpId: new URL(keys).hostname, challenge: new Uint8Array(32),
                extensions: { prf: { eval: { first: new Uint8Array(4) } } } } })));
            // Nor with a second frame, a nested one, or a window.
            for (const path of ["/frame", "/enrol"]) {
                const other = document.createElement("iframe");
                other.src = keys + path;
                document.body.append(other);
                await new Promise((resolve) => setTimeout(resolve, 300));
                await attempt(() => other.contentDocument?.body.innerText);
            }
            const opened = window.open(`${keys}/frame`);
            await new Promise((resolve) => setTimeout(resolve, 300));
            await attempt(() => opened?.document.body.innerText);
            return told;
        }""",
        [place.keys, AC, tenant.page(boxes=tenant.boxes, credential=AC)],
    )
    for other in place.page.frames:
        if other != place.page.main_frame:
            other.evaluate("1")
    private = tenant.content_key._private
    for secret in (CANARY, REMOTE, TOKEN, b64(private), private.hex()):
        assert secret not in place.held() + "".join(told), secret


def test_a_hostile_console_has_no_content_key_sealed_to_a_key_of_its_own(place: Place, tenant: Tenant) -> None:
    """The one thing that leaves the frame sealed opens with the passkey alone that its person made there."""
    place.unlock(tenant)
    place.unlock(tenant)
    mine = ContentKey.new(AC, 0).recipient
    devtools = place.context.new_cdp_session(place.page)
    devtools.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "rp": {"id": "console.localhost", "name": "x"},
        "user": {"id": b64(b"1"), "name": "x", "displayName": "x"},
        "challenge": b64(os.urandom(32)),
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "authenticatorSelection": {"residentKey": "required", "userVerification": "required"},
        "extensions": {"prf": {"eval": {"first": b64(bytes(32))}}},
    }
    authenticator = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "hasPrf": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    place.begin(
        "add_passkey",
        account=AC,
        credential=AC,
        boxes=tenant.boxes,
        options=options,
        proof_key=b64(ProofKey().public),
        public=b64(mine.public),
        slot={"public": b64(mine.public)},
    )
    place.frame.get_by_role("button", name="Make the new passkey").click()
    made = place.answer()["value"]
    assert set(made["slot"]) == {"credential", "public", "boxes", "proof_key", "proof"}
    assert made["slot"]["public"] != b64(mine.public)
    assert set(made["answer"]) == {"id", "rawId", "type", "response"}
    assert set(made["answer"]["response"]) == {"clientDataJSON", "attestationObject", "transports"}
    for _, box in made["slot"]["boxes"]:
        with pytest.raises(Exception, match="does not open"):
            mine.unseal(base64.urlsafe_b64decode(box + "=="), b"")
    private = tenant.content_key._private
    for secret in (b64(private), private.hex(), CANARY):
        assert secret not in place.held()


def test_nobody_but_the_console_that_frames_it_is_listened_to(place: Place, tenant: Tenant, browser: Browser) -> None:
    place.unlock(tenant)
    context = browser.new_context()
    stranger = context.new_page()
    # Chromium does not even load the frame for an origin that is not named.
    stranger.goto(f"{place.keys}/installation.json")
    stranger.set_content(f'<iframe src="{place.keys}/frame"></iframe>')
    stranger.wait_for_timeout(300)
    assert stranger.frames[-1].evaluate("document.querySelector('main') === null")
    context.close()
    # A frame beside it, of the console's own origin, is not its parent.
    told = place.page.evaluate(
        """async () => {
            const beside = document.createElement("iframe");
            document.body.append(beside);
            const heard = [];
            beside.contentWindow.addEventListener("message", (event) => heard.push(event.data));
            beside.contentWindow.eval(`parent.document.getElementById("keys").contentWindow.postMessage(
                { ringfence: 1, id: 99, verb: "state" }, "*")`);
            await new Promise((resolve) => setTimeout(resolve, 300));
            return heard.length + held.filter(({ data }) => data.id === 99).length;
        }"""
    )
    assert told == 0
