"""A program that stays away until its events are given up, and is told them again when it is back."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from faults.scene import Scene

# Just beyond the longest pauses between the eight attempts at an event: for `sent`, and then for `delivered`.
PAUSES_S = (11, 31, 91, 271, 811, 2_431, 3_601, 3_601)
BACK_S = 5 * 3_601
PASSED_MS = 1_000 * (2 * sum(PAUSES_S) + BACK_S)
ATTEMPTED_S = 0.5
PAGE = 1_000


def stays_away(from_ms: int) -> Callable[[Scene], None]:
    """Nothing listens at the program's address for hours of the clock; back again, it asks for what was given up."""

    def inflict(scene: Scene) -> None:
        scene.stop_sink()
        now_ms = from_ms
        for pause_s in PAUSES_S * 2:
            now_ms += 1_000 * pause_s
            scene.installation.move_clock(now_ms)
            time.sleep(ATTEMPTED_S)
        scene.start_sink()
        for _ in range(5):
            now_ms += BACK_S * 1_000 // 5
            scene.installation.move_clock(now_ms)
            time.sleep(ATTEMPTED_S)
        scene.told_again = tell_again(scene)

    return inflict


def tell_again(scene: Scene) -> int:
    """Ask, as the tenant, for each event that was given up; how many there were."""
    sids, page = [], f"/2010-04-01/Accounts/{scene.installation.account_sid}/Messages.json?PageSize={PAGE}"
    while page:
        answer = scene.installation.call("GET", page)
        sids += [text["sid"] for text in answer["messages"]]
        page = answer["next_page_uri"]

    def of_text(sid: str) -> int:
        path = f"/ringfence/v1/Accounts/{scene.installation.account_sid}/Messages/{sid}/Timeline"
        steps: list[dict[str, Any]] = scene.installation.call("GET", path)["steps"]
        dead = [step for step in steps if step["type"] == "webhook" and step["state"] == "dead"]
        for step in dead:
            # Of a text whose events were told meanwhile there is nothing left to ask for.
            with contextlib.suppress(AssertionError):
                scene.installation.call("POST", step["replay_url"])
        return len(dead)

    with ThreadPoolExecutor(8) as threads:
        return sum(threads.map(of_text, sids))
