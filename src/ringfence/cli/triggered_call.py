"""A call from a simulated handset to a number, made for `ringfence trigger`, and drawn from its timeline."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ringfence.cli.call_steps import CallSteps
from ringfence.cli.installation_client import InstallationClient
from ringfence.cli.invocation import invocation
from ringfence.cli.terminal import Terminal
from ringfence.roles.refusal import RefusalError

if TYPE_CHECKING:
    from ringfence.cli.handset_call import HandsetCall

ARRIVES_WITHIN_S = 15.0
ENDS_WITHIN_S = 60.0
LOOK_S = 0.15
NO_URL = 11100
FINAL_WELL = "completed"
_GATHER = "verb     <Gather"
_FAILED = "error "


class TriggeredCall:
    """`follow` shows one call until it is over. `press` are the keys for each Gather in turn."""

    def __init__(
        self, client: InstallationClient, terminal: Terminal, call: "HandsetCall", *, press: str | None, limit_s: float
    ) -> None:
        self._client = client
        self._terminal = terminal
        self._call = call
        self._press: Iterator[str] = iter(press.split(",") if press else ())
        self._limit_s = limit_s
        self._steps = CallSteps()

    def follow(self, handset: str, number: str) -> bool:
        """Dial, and draw what happens; True when the call was completed and nothing in it failed.

        RefusalError where the call does not arrive, or never ends.
        """
        known = self._sids(handset, number)
        self._call.dial()
        sid = self._arrived(handset, number, known)
        self._terminal.say(f"call     {handset} → {number}  {sid}")
        hang_up_s = time.monotonic() + self._limit_s
        well, hung_up = True, False
        while True:
            timeline = self._client.call_timeline(sid)
            for line in self._steps.fresh(timeline):
                self._terminal.say(line)
                well = well and not line.startswith(_FAILED)
                keys = next(self._press, "") if line.startswith(_GATHER) else ""
                if keys:
                    self._terminal.say(f"phone    presses {keys}")
                    self._call.press(keys)
            if self._steps.whole(timeline):
                break
            if not hung_up and time.monotonic() > hang_up_s:
                hung_up = True
                self._terminal.say("phone    hangs up")
                self._call.hang_up()
            if time.monotonic() > hang_up_s + ENDS_WITHIN_S:
                raise RefusalError("the call did not end", f"{invocation()} timeline {sid} shows what it waits for")
            time.sleep(LOOK_S)
        if timeline["answered_at"] is not None:
            self._terminal.say(f"phone    heard {self._call.heard_s:.1f} s of sound")
        self._terminal.say(f"all of it → {invocation()} timeline {sid}")
        if _goes_nowhere(timeline):
            configure = f"{invocation()} number configure {number} --voice-url URL"
            cure = f"{configure}, or {invocation()} listen --forward-calls-to URL"
            self._terminal.warn(f"calls to {number} go nowhere → {cure}")
        return well and timeline["status"] == FINAL_WELL

    def _sids(self, handset: str, number: str) -> set[str]:
        return {call["sid"] for call in self._client.get("/Calls.json", From=handset, To=number)["calls"]}

    def _arrived(self, handset: str, number: str, known: set[str]) -> str:
        until = time.monotonic() + ARRIVES_WITHIN_S
        while time.monotonic() < until:
            # A call that goes nowhere is over at once, but is written down before that.
            over = self._call.over.is_set()
            fresh = self._sids(handset, number) - known
            if fresh:
                return fresh.pop()
            if over:
                break
            time.sleep(LOOK_S)
        raise RefusalError("the call did not arrive", f"`{invocation()} logs` tells why")


def _goes_nowhere(timeline: dict[str, object]) -> bool:
    steps = timeline["steps"]
    assert isinstance(steps, list)
    return any((step.get("problem") or {}).get("code") == NO_URL for step in steps if step["type"] == "happened")
