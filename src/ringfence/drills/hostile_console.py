"""D36: the tenants' console is the attacker's: its server serves what script it likes to members who are signed in.

Chromium is the members' browser. The frame that opens content stands in the attacker's page, and members have opened
theirs in it. The script asks it by every verb, looks into it by every way that browsers have, and asks for the
passkeys' own secret. The control serves the same code from the console's own origin, as most consoles would.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from ringfence.domain.message import Content
from ringfence.domain.sealing import epoch, hpke
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slots import ContentKey, slot_public, slot_seed
from ringfence.domain.sealing.standing_form import view_place
from ringfence.domain.sid import new_sid
from ringfence.drills.canary import Canaries
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding
from ringfence.key_origin.app import create_key_origin

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

DRILL: Final = "D36"
TITLE: Final = "a tenants' console that serves the attacker's script to members who have opened their texts"
# Nobody approves anything in this drill.
KEEPER = hpke.Recipient(secrets.token_bytes(32), hybrid=True).public
TEXTS: Final = 5
WITHIN_MS: Final = 15_000
SETTLES_MS: Final = 300
CHROMIUM_VARIABLE: Final = "RINGFENCE_CHROMIUM"
EPOCH: Final = 123_456_789

_PAGE = """<!doctype html><title>Console</title>
<iframe id="keys" src="{keys}/frame" allow="publickey-credentials-get {keys}"></iframe>
<script>
  window.held = [];
  let last = 0;
  addEventListener("message", (event) => held.push(event.data));
  window.ask = (verb, asked) => new Promise((resolve) => {{
    const id = (last += 1);
    addEventListener("message", function heard(event) {{
      if (event.data?.id !== id) return;
      removeEventListener("message", heard);
      resolve(event.data);
    }});
    keys.contentWindow.postMessage({{ ringfence: 1, id, verb, ...asked }}, "{keys}");
  }});
</script>"""

# What it gets of each is kept, whatever it is.
_ATTACK = """async ([keys, verbs, asked]) => {
    const told = [];
    const attempt = async (work) => {
        const late = new Promise((resolve) => setTimeout(resolve, 1_000, "nothing within a second"));
        try {
            told.push(String(await Promise.race([work(), late])));
        } catch (problem) {
            told.push(`${problem.name} ${problem.message}`);
        }
    };
    const frame = document.getElementById("keys");
    const look = () => frame.contentDocument.documentElement.outerHTML;
    await attempt(look);
    for (const verb of verbs) {
        await attempt(async () => JSON.stringify(await ask(verb, asked)));
        await attempt(look);
    }
    await attempt(() => frame.contentWindow.document.documentElement.outerHTML);
    await attempt(() => frame.contentWindow.eval("document.documentElement.outerHTML"));
    await attempt(() => frame.contentWindow.getSelection());
    await attempt(async () => JSON.stringify(await frame.contentWindow.indexedDB.databases()));
    await attempt(async () => (await fetch(`${keys}/frame`)).text());
    await attempt(async () => JSON.stringify(await (await import(`${keys}/bundle/keeping.js`)).open()));
    await attempt(async () => JSON.stringify(await navigator.credentials.get({ publicKey: {
        rpId: new URL(keys).hostname, challenge: new Uint8Array(32),
        extensions: { prf: { eval: { first: new Uint8Array(4) } } } } })));
    for (const path of ["/frame", "/enrol"]) {
        const other = document.createElement("iframe");
        other.src = keys + path;
        document.body.append(other);
        await new Promise((resolve) => setTimeout(resolve, 100));
        await attempt(() => other.contentDocument.documentElement.outerHTML);
        other.remove();
    }
    const opened = window.open(`${keys}/frame`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await attempt(() => opened.document.documentElement.outerHTML);
    opened?.close();
    return told;
}"""
# Those of the frame that need no person, and words that anybody would try.
_VERBS = [
    *("state", "show_messages", "unlock", "ledger_seen", "show_ledger", "ask_grant", "show_number", "read_grant"),
    *("share_record", "read_shared"),
    *("show_calls", "show_text", "show_call", "show_recording", "show_webhook", "lend_record"),
    *(
        "show_standing",
        "edit_standing",
        *("make_key", "show_made_key", "change_access", "not_taken"),
        "open_subaccount",
        "look_at_grant",
        "export",
        "keys",
        "open",
        "read",
        "content",
        "constructor",
    ),
]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """What a console's server holds of a tenant, all of it sealed; `token` is what its member types."""

    account: str
    token: str
    boxes: list[list[Any]]
    page: dict[str, Any]


def missing() -> str:
    """What this needs that is not here."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "the package playwright is not installed"
    return "" if _chromium() else "there is no Chromium"


def hostile_console(design: Design, tenants: int, database: str = "") -> Finding:
    """Play it with so many tenants, one after the other. Counted are those of whose texts the script got one.

    Every other one is sealed by the hybrid.
    """
    began = time.perf_counter()
    canaries = Canaries(secrets.token_bytes(16))
    reached: set[str] = set()
    shown = 0
    with _origins(apart=design.keys_apart) as (keys, console), _browser() as new_page:
        for n in range(tenants):
            member = _member(canaries, n)
            page = new_page()
            shown += _opens(page, member, keys, console)
            asked = member.page | {"boxes": member.boxes, "credential": member.account, "grant": {"sid": "x"}}
            told = page.evaluate(_ATTACK, [keys, _VERBS, asked])
            held = page.evaluate("JSON.stringify(held) + document.documentElement.outerHTML")
            attacker = (held + json.dumps(told)).encode()
            reached |= {tenant for tenant, _ in canaries.found_in(attacker)}
            page.context.close()
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=len(reached),
        seconds=time.perf_counter() - began,
        proves=shown == tenants * TEXTS,
        rows=(("texts that members read meanwhile", f"{shown} of {tenants * TEXTS}"),),
    )


def _member(canaries: Canaries, nth: int) -> Member:
    account, token, hybrid = new_sid("AC"), secrets.token_hex(16), nth % 2 == 1
    content_key, epoch_key = ContentKey.new(account, 0, hybrid=hybrid), epoch.new_key()
    canaries.learn_secret(content_key._private, account, "content key")
    # What a page holds of a hybrid one: the seed of ML-KEM, which a script of the frame could read.
    canaries.learn_secret(hashlib.shake_256(content_key._private).digest(64), account, "content key")
    canaries.learn_secret(epoch_key, account, "epoch key")
    sealer = RecordSealer(epoch_key, account)
    records = []
    for n in range(TEXTS):
        sid = new_sid("SM")
        text = Content(remote=canaries.number(account, "remote", nth * TEXTS + n), body=canaries.mark(account, "body"))
        records.append(
            {
                "sid": sid,
                "epoch": EPOCH,
                "content": _b64(seal_content(sealer, sid, text)),
                "local": "+12025550123",
                "direction": "outbound-api",
                "status": "delivered",
                "created_ms": 1_767_225_600_000 + n,
            }
        )
    sealed_epoch = epoch.seal_epoch_key(epoch_key, content_key.public, account, EPOCH)
    slot = slot_public(slot_seed(token, account), hybrid=hybrid)
    record, webhook = f"number:{new_sid('PN')}", f"https://a.example/{canaries.mark(account, 'webhook')}"
    where = view_place(account, 0, record)
    return Member(
        account=account,
        token=token,
        boxes=[[0, _b64(content_key.seal_to_slot(slot, account))]],
        page={
            "account": account,
            "records": records,
            "epochs": {str(EPOCH): [[0, _b64(sealed_epoch)]]},
            "record": record,
            "generation": 0,
            "box": _b64(hpke.seal(content_key.public, json.dumps({"sms_url": webhook}).encode(), where)),
            "label": "+12025550123",
            "parent": account,
            "copies": [],
            "proof_key": _b64(secrets.token_bytes(32)),
            "at": "http://localhost/texts",
        },
    )


def _opens(page: "Page", member: Member, keys: str, console: str) -> int:
    """The member opens their texts in the frame, and reads them; how many are shown."""
    page.goto(console)
    frame = _frame(page, keys)
    frame.wait_for_selector("main", state="attached")
    page.wait_for_timeout(SETTLES_MS)
    page.evaluate("(account) => { window.typed = ask('type_secret', { account }); }", member.account)
    frame.fill("#secret", member.token)
    frame.click("button")
    page.evaluate("typed")
    unlock = {"account": member.account, "credential": member.account, "boxes": member.boxes}
    page.evaluate("(asked) => ask('unlock', asked)", unlock)
    page.evaluate("(asked) => ask('show_messages', asked)", member.page)
    return frame.locator("td.text").count()


def _frame(page: "Page", keys: str) -> "Frame":
    element = page.wait_for_selector("#keys")
    frame = element.content_frame() if element else None
    assert frame is not None
    return frame


@contextlib.contextmanager
def _origins(*, apart: bool) -> Iterator[tuple[str, str]]:
    """Origins of the code that touches keys, and of the attacker's page: two, or with the control one."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [listener.getsockname()[1] for listener in listeners]
    console = f"http://console.localhost:{ports[0]}"
    keys = f"http://keys.localhost:{ports[1]}" if apart else console
    bundle = create_key_origin([console], console, grant_keeper=lambda: KEEPER)

    async def page(request: Request) -> Response:
        return HTMLResponse(_PAGE.format(keys=keys))

    attackers = Starlette(routes=[Route("/", page), *([] if apart else [Mount("/", bundle)])])
    with _served(attackers, listeners[0]), _served(bundle, listeners[1]):
        yield keys, console


@contextlib.contextmanager
def _served(app: ASGIApp, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), name="origin", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextlib.contextmanager
def _browser() -> Iterator[Callable[[], "Page"]]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # What frames of other sites store is kept apart for people; playwright turns that off.
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-features=Translate"]
        browser = playwright.chromium.launch(executable_path=_chromium(), headless=True, args=arguments)

        def new_page() -> "Page":
            page = browser.new_context().new_page()
            page.set_default_timeout(WITHIN_MS)
            return page

        try:
            yield new_page
        finally:
            browser.close()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _chromium() -> str:
    return os.environ.get(CHROMIUM_VARIABLE) or shutil.which("chromium") or ""


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=hostile_console,
        tenants=20,
        missing=missing,
    ),
)
