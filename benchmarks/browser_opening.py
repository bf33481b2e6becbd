"""How long a member's browser takes to open a page of 50 sealed texts, from sealed epoch keys to what they say.

Chromium runs the key origin's own modules; Python seals what they open. Each run begins with the content key alone,
as a page of the console does: no epoch key is held over. An account that is sealed by the hybrid stands beside one of
X25519, run by run in turn, so that the ratio is of one machine at one time. Say how often with RUNS (40).
"""

import asyncio
import base64
import os
import shutil
import socket
import statistics
import threading
from typing import Any

import uvicorn
from playwright.sync_api import Page, sync_playwright

from ringfence.domain.message import Content
from ringfence.domain.sealing import epoch as epochs
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slots import ContentKey, slot_public, slot_seed
from ringfence.key_origin.app import create_key_origin

AC, TOKEN = "AC" + "a" * 32, "e" * 32
TEXTS = 50
RUNS = int(os.environ.get("RUNS", "40"))
ASKED_MS = 100

OPEN = """async ({ account, token, accounts, runs }) => {
    const { showMessages, textOf } = await import("/bundle/messages_view.js");
    const { fieldReader } = await import("/bundle/record_fields.js");
    const { contentPair, slotOf, openContentKeys } = await import("/bundle/crypto/slots.js");
    const { fromBase64url } = await import("/bundle/crypto/bytes.js");
    const shown = document.createElement("main");
    shown.id = "shown";
    document.body.replaceChildren(shown);
    const all = accounts.map(() => ({ unlock: [], open: [], show: [] }));
    for (let run = 0; run < runs * accounts.length; run += 1) {
        const { boxes, records, epochs } = accounts[run % accounts.length];
        const took = all[run % accounts.length];
        let begun = performance.now();
        const sealed = boxes.map(([generation, box]) => [generation, fromBase64url(box)]);
        const contentKeys = await openContentKeys(await slotOf(token, account), account, account, sealed);
        const keys = [];
        for (const { generation, bytes } of contentKeys) keys.push({ generation, ...(await contentPair(bytes)) });
        took.unlock.push(performance.now() - begun);
        begun = performance.now();
        const read = fieldReader(keys, account, epochs);
        const opened = async (record) => textOf(await read(record, "content", record.content));
        const contents = await Promise.all(records.map(opened));
        took.open.push(performance.now() - begun);
        begun = performance.now();
        const { unopened } = showMessages(records, contents, "http://localhost/timeline");
        shown.getBoundingClientRect();
        took.show.push(performance.now() - begun);
        if (unopened) throw new Error(`${unopened} did not open`);
    }
    return all;
}"""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sealed_page(hours: int, *, hybrid: bool) -> dict[str, Any]:
    """50 texts of so many hours, as the console gives them to the frame."""
    content = ContentKey.new(AC, 0, hybrid=hybrid)
    numbers = [epochs.first_epoch(1_767_225_600_000 + hour * epochs.HOUR_MS) for hour in range(hours)]
    keys = {number: epochs.new_key() for number in numbers}
    records = []
    for n in range(TEXTS):
        number, sid = numbers[n % hours], f"SM{n:032x}"
        text = Content(remote="+12025550177", body=f"Your appointment {n} is confirmed. Reply C to change it." * 2)
        sealed = seal_content(RecordSealer(keys[number], AC), sid, text)
        records.append(
            {
                "sid": sid,
                "epoch": number,
                "content": b64(sealed),
                "direction": "outbound-api",
                "status": "delivered",
                "local": "+12025550123",
                "created_ms": 1_767_225_600_000 + n,
                "price": "0.0079 USD",
            }
        )
    return {
        "boxes": [[0, b64(content.seal_to_slot(slot_public(slot_seed(TOKEN, AC), hybrid=hybrid), AC))]],
        "records": records,
        "epochs": {
            str(number): [[0, b64(epochs.seal_epoch_key(key, content.public, AC, number))]]
            for number, key in keys.items()
        },
    }


def measure(page: Page) -> None:
    for hours in (1, 5, 50):
        accounts = [sealed_page(hours, hybrid=hybrid) for hybrid in (False, True)]
        given = {"account": AC, "token": TOKEN, "accounts": accounts, "runs": RUNS}
        medians = []
        for kind, took in zip(("X25519", "hybrid"), page.evaluate(OPEN, given), strict=True):
            shown = "  ".join(f"{name} {at(times, 50):.1f}/{at(times, 95):.1f}" for name, times in took.items())
            whole = [sum(parts) for parts in zip(*took.values(), strict=True)]
            medians.append(at(whole, 50))
            verdict = "within" if at(whole, 95) < ASKED_MS else "OVER"
            total = f"{at(whole, 50):.1f}/{at(whole, 95):.1f}"
            print(f"{TEXTS} texts of {hours:2} hours, {kind}: {shown}  all {total}, {verdict} {ASKED_MS}")
        print(f"  hybrid to X25519, medians: {medians[1] / medians[0]:.2f}")


def at(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def main() -> None:
    chromium = os.environ.get("RINGFENCE_CHROMIUM") or shutil.which("chromium")
    if not chromium:
        print("no Chromium here")
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_key_origin(
        ["http://console.localhost"], "http://console.localhost", grant_keeper=lambda: os.urandom(32)
    )
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_config=None))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    print(f"p50/p95 of {RUNS} runs, ms")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--headless=new", "--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://keys.localhost:{port}/frame")
        measure(page)
        browser.close()
    server.should_exit = True
    thread.join(10)


if __name__ == "__main__":
    main()
