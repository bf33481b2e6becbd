"""How long a member's browser takes to open a page of 50 sealed texts, from sealed epoch keys to what they say.

Chromium runs the key origin's own modules; Python seals what they open. Each run begins with the content key alone,
as a page of the console does: no epoch key is held over. Say how often with RUNS (40).
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

OPEN = """async ({ account, token, boxes, records, epochs, runs }) => {
    const { openMessages, showMessages } = await import("/bundle/messages_view.js");
    const { slotOf, openContentKeys } = await import("/bundle/crypto/slots.js");
    const { pairOf } = await import("/bundle/crypto/hpke.js");
    const { fromBase64url } = await import("/bundle/crypto/bytes.js");
    const shown = document.createElement("main");
    shown.id = "shown";
    document.body.replaceChildren(shown);
    const took = { unlock: [], open: [], show: [] };
    for (let run = 0; run < runs; run += 1) {
        let begun = performance.now();
        const sealed = boxes.map(([generation, box]) => [generation, fromBase64url(box)]);
        const opened = await openContentKeys(await slotOf(token, account), account, account, sealed);
        const keys = [];
        for (const { generation, bytes } of opened) keys.push({ generation, ...(await pairOf(bytes)) });
        took.unlock.push(performance.now() - begun);
        begun = performance.now();
        const contents = await openMessages(keys, account, records, epochs);
        took.open.push(performance.now() - begun);
        begun = performance.now();
        const { unopened } = showMessages(records, contents, "http://localhost/timeline");
        shown.getBoundingClientRect();
        took.show.push(performance.now() - begun);
        if (unopened) throw new Error(`${unopened} did not open`);
    }
    return took;
}"""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sealed_page(hours: int) -> dict[str, Any]:
    """50 texts of so many hours, as the console gives them to the frame."""
    content = ContentKey.new(AC, 0)
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
        "account": AC,
        "token": TOKEN,
        "boxes": [[0, b64(content.seal_to_slot(slot_public(slot_seed(TOKEN, AC)), AC))]],
        "records": records,
        "epochs": {
            str(number): [[0, b64(epochs.seal_epoch_key(key, content.public, AC, number))]]
            for number, key in keys.items()
        },
        "runs": RUNS,
    }


def measure(page: Page) -> None:
    for hours in (1, 5, 50):
        took = page.evaluate(OPEN, sealed_page(hours))
        shown = "  ".join(f"{name} {at(times, 50):.1f}/{at(times, 95):.1f}" for name, times in took.items())
        whole = [sum(parts) for parts in zip(*took.values(), strict=True)]
        verdict = "within" if at(whole, 95) < ASKED_MS else "OVER"
        total = f"{at(whole, 50):.1f}/{at(whole, 95):.1f}"
        print(f"{TEXTS} texts of {hours:2} hours: {shown}  all {total}, {verdict} {ASKED_MS}")


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
    app = create_key_origin(["http://console.localhost"], "http://console.localhost", grant_keeper=os.urandom(32))
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
