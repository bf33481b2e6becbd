"""A barber's reminder goes out, Confirm comes back: a plain Flask program on the official SDK.

What is shown is what happens: the program's own lines as it prints them, and the texts on the customer's phone.
"""

import contextlib
import queue
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

from ringfence.cli.barber_program import BarberProgram
from ringfence.cli.installation_client import InstallationClient
from ringfence.cli.interruptible import interruptible
from ringfence.cli.invocation import invocation
from ringfence.cli.profile import read_profile
from ringfence.cli.terminal import Terminal
from ringfence.cli.timeline import timeline_link
from ringfence.roles.credentials import Credentials
from ringfence.roles.dev_stock import BUSINESS_NAME, BUSINESS_NUMBER, CUSTOMER_NUMBER
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

STEP_LIMIT_S = 30
# The job that the shop runs when its program has said this.
JOBS = {
    "appointment RESCHEDULED": ("remind",),
    "STOP is answered": ("book", "--remind"),
    "START is answered": ("remind",),
}


class Step(NamedTuple):
    """What the customer texts, what the shop's program says then, one after the other, and what the phone shows."""

    reply: str
    outcomes: tuple[str, ...]
    answer: str


STEPS = (
    Step("C", ("appointment CONFIRMED",), "confirmed. See you"),
    Step("R", ("3 times offered",), "Reply 1, 2 or 3."),
    Step("2", ("appointment RESCHEDULED", "reminder delivered"), "moved to"),
    Step("STOP", ("STOP is answered", "customer OPTED OUT"), "unsubscribed"),
    Step("START", ("START is answered", "reminder delivered"), "Reply C to confirm"),
)


def run(settings: Settings, *, auto: bool = False) -> None:
    """Run the demo on the running installation. With `auto` it plays the customer too, and ends by itself.

    RefusalError when ringfence is not up, the program's packages are missing, or a step does not happen in time.
    """
    if not settings.dev:
        raise RefusalError("the demo needs the simulator's phones, and production has none", "run it in dev mode")
    profile = read_profile(settings)
    if profile is None:
        raise RefusalError("no ringfence was started here yet", f"start it in another terminal: {invocation()} up")
    terminal = Terminal()
    client = InstallationClient(settings.url, profile.account_sid, profile.auth_token)
    program = BarberProgram(
        api_url=settings.url,
        account_sid=profile.account_sid,
        auth_token=profile.auth_token,
        shop=BUSINESS_NUMBER,
        customer=CUSTOMER_NUMBER,
    )
    with interruptible(), contextlib.ExitStack() as undo:
        undo.callback(program.stop)
        client.add_handset(CUSTOMER_NUMBER, "Customer")
        program.start()
        terminal.say(f"program  {BUSINESS_NAME}: a Flask program at {program.url}")
        undo.enter_context(_texts_go_to(client, f"{program.url}/sms"))
        terminal.say(f"number   texts to {BUSINESS_NUMBER} go to {program.url}/sms")
        story = Story(terminal, client, program)
        story.remind()
        _show_timeline(terminal, client, profile, settings.url)
        if auto:
            story.play()
            terminal.say(f"done     that is all; {invocation()} demo barber lets you tap the buttons yourself")
            return
        terminal.say(f"now you  open {settings.url}/phones and tap Confirm on the phone {CUSTOMER_NUMBER}")
        terminal.say("         then Reschedule, or send STOP; Ctrl-C ends the demo")
        story.follow()


class Story:
    """The program's lines as they come, the jobs they lead to, and the customer's part."""

    def __init__(self, terminal: Terminal, client: InstallationClient, program: BarberProgram) -> None:
        self._terminal = terminal
        self._client = client
        self._program = program

    def remind(self) -> None:
        """Book the customer in and text the reminder. A customer who opted out in an earlier run opts in first."""
        self._program.job("book", "--remind")
        if "OPTED OUT" in self._await("reminder "):
            self._text("START")
        self._await("reminder delivered")

    def play(self) -> None:
        """Be the customer: every step must happen, on the program's side and on the phone."""
        for step in STEPS:
            known = {text["id"] for text in self._texts()}
            self._text(step.reply)
            for outcome in step.outcomes:
                self._await(outcome)
            self._await_text(step.answer, known)

    def follow(self) -> NoReturn:
        """Show what happens until interrupted."""
        while True:
            self._next(None)

    def _text(self, body: str) -> None:
        self._terminal.say(f"phone    {body} →")
        self._client.text_from(CUSTOMER_NUMBER, BUSINESS_NUMBER, body)

    def _await(self, words: str) -> str:
        until = time.monotonic() + STEP_LIMIT_S
        while words not in (line := self._next(until, words)):
            continue
        return line

    def _await_text(self, words: str, known: set[str]) -> None:
        until = time.monotonic() + STEP_LIMIT_S
        while time.monotonic() < until:
            for text in self._texts():
                if text["id"] not in known and words in text["body"]:
                    self._terminal.say(f"phone    ← {text['body']}")
                    return
            time.sleep(0.05)
        raise _late(f"a text with {words!r} on the phone")

    def _texts(self) -> list[dict[str, Any]]:
        return [text for text in self._client.texts_of(CUSTOMER_NUMBER) if text["direction"] == "outbound"]

    def _next(self, until: float | None, awaited: str = "") -> str:
        """The program's next line, shown; the job that it leads to is run."""
        while True:
            # Short waits: a wait without end would not let Ctrl-C through on every system.
            with contextlib.suppress(queue.Empty):
                line = self._program.lines.get(timeout=0.2)
                break
            if not self._program.running:
                raise RefusalError("the example program ended", "its own words are above")
            if until is not None and time.monotonic() > until:
                raise _late(repr(awaited.strip()))
        self._terminal.say(line)
        for words, job in JOBS.items():
            if words in line:
                self._program.job(*job)
        return line


def _show_timeline(terminal: Terminal, client: InstallationClient, profile: Credentials, url: str) -> None:
    """Link to what happened to the customer's latest text."""
    sids = [text["sid"] for text in client.texts_of(CUSTOMER_NUMBER) if text["direction"] == "outbound"]
    if sids:
        terminal.say(f"timeline {timeline_link(url, client, profile, sids[-1])}")
        terminal.say("         all that happened to the text; the link works once, within ten minutes")


def _late(what: str) -> RefusalError:
    return RefusalError(f"waited {STEP_LIMIT_S} s for {what}", "ringfence doctor; the log of ringfence up tells more")


@contextlib.contextmanager
def _texts_go_to(client: InstallationClient, sms_url: str) -> Iterator[None]:
    """Set the shop number's SmsUrl, and set it back afterwards."""
    found = client.get("/IncomingPhoneNumbers.json", PhoneNumber=BUSINESS_NUMBER)["incoming_phone_numbers"]
    if not found:
        raise RefusalError(f"this account does not own {BUSINESS_NUMBER}", f"ringfence number add {BUSINESS_NUMBER}")
    path = f"/IncomingPhoneNumbers/{found[0]['sid']}.json"
    client.post(path, SmsUrl=sms_url, SmsMethod="POST")
    try:
        yield
    finally:
        # ringfence may have been stopped before its demo; then there is nothing to set back.
        with contextlib.suppress(RefusalError):
            client.post(path, SmsUrl=found[0]["sms_url"] or "", SmsMethod=found[0]["sms_method"] or "POST")
