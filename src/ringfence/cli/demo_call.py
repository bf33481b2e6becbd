"""The barber calls a customer, who presses 1 to confirm: a call on the official SDK, drawn step by step.

What is shown is what happens: the program's own lines, and the call's timeline as it is written.
"""

import contextlib
import queue
import re
import secrets
import time
from collections.abc import Iterator

from ringfence.cli.barber_program import BarberProgram
from ringfence.cli.call_steps import CallSteps
from ringfence.cli.desk_phone import Account, DeskPhone
from ringfence.cli.installation_client import InstallationClient
from ringfence.cli.interruptible import interruptible
from ringfence.cli.invocation import invocation
from ringfence.cli.profile import read_profile
from ringfence.cli.sip_port import sip_port
from ringfence.cli.terminal import Terminal
from ringfence.cli.timeline import timeline_link
from ringfence.roles.dev_stock import BUSINESS_NAME, BUSINESS_NUMBER, CUSTOMER_NUMBER
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.voice_extra import CURE, missing_for_calls

STEP_LIMIT_S = 30
# Who is to take the call on the page may have to open it first.
PERSON_LIMIT_S = 90
LOOK_S = 0.15
USERNAME = "customer"
# What the call says of a number that no page shows.
UNREACHED = "no phone of this number is open"
# A person hears the question out before answering it.
LISTENS_S = 2.0
_SID = re.compile(r"CA[0-9a-f]{32}")


def run(settings: Settings, *, auto: bool = False) -> None:
    """Run the demo on the running installation. With `auto` a SIP phone in this process is the customer's.

    RefusalError when ringfence is not up, what calls need is missing, or a step does not happen in time.
    """
    if not settings.dev:
        raise RefusalError("the demo needs the simulator's phones, and production has none", "run it in dev mode")
    if missing := missing_for_calls():
        raise RefusalError(f"calls need {', '.join(missing)}", CURE)
    profile = read_profile(settings)
    if profile is None:
        raise RefusalError("no ringfence was started here yet", f"start it in another terminal: {invocation()} up")
    terminal = Terminal()
    client = InstallationClient(settings.url, profile.account_sid, profile.auth_token)
    with interruptible(), contextlib.ExitStack() as undo:
        phone = undo.enter_context(_desk_phone(client, settings, terminal)) if auto else None
        customer = CUSTOMER_NUMBER if phone is None else phone[1]
        program = BarberProgram(
            api_url=settings.url,
            account_sid=profile.account_sid,
            auth_token=profile.auth_token,
            shop=BUSINESS_NUMBER,
            customer=customer,
        )
        undo.callback(program.stop)
        if phone is None:
            client.add_handset(CUSTOMER_NUMBER, "Customer")
            terminal.say(f"now you  open {settings.url}/phones: the phone {CUSTOMER_NUMBER} is about to ring")
            terminal.say("         press Answer, listen, then open the keypad and press 1")
        program.start()
        terminal.say(f"program  {BUSINESS_NAME}: a Flask program at {program.url}")
        story = _Story(terminal, client, program, None if phone is None else phone[0])
        sid = story.place()
        story.follow(sid)
        terminal.say(f"timeline {timeline_link(settings.url, client, profile, sid)}")
        terminal.say("         all that happened to the call; the link works once, within ten minutes")


class _Story:
    """One call, from the program's request to the last callback."""

    def __init__(
        self, terminal: Terminal, client: InstallationClient, program: BarberProgram, phone: DeskPhone | None
    ) -> None:
        self._terminal = terminal
        self._client = client
        self._program = program
        self._phone = phone
        self._steps = CallSteps()
        self._answered = False
        self._pressed = False

    def place(self) -> str:
        """Book the customer in and call; the call's SID."""
        self._program.job("book")
        self._program.job("call")
        until = time.monotonic() + STEP_LIMIT_S
        while time.monotonic() < until:
            for line in self._lines():
                if found := _SID.search(line):
                    return found[0]
            time.sleep(LOOK_S)
        raise _late("the program's call")

    def follow(self, sid: str) -> None:
        """Show what happens until the call is over and told of."""
        patience_s = PERSON_LIMIT_S if self._phone is None else STEP_LIMIT_S
        until = time.monotonic() + patience_s
        while True:
            timeline = self._client.call_timeline(sid)
            for line in self._steps.fresh(timeline):
                self._terminal.say(line)
                if UNREACHED in line and self._phone is None:
                    self._terminal.say(
                        f"now you  open the Phones page and leave it open, then {invocation()} demo call"
                    )
                until = time.monotonic() + patience_s
            for _ in self._lines():
                continue
            if self._steps.whole(timeline):
                break
            if time.monotonic() > until:
                raise _late("the call's next step")
            self._play(timeline["status"])
            time.sleep(LOOK_S)
        if self._phone is not None:
            self._terminal.say(f"phone    heard {self._phone.heard_s:.1f} s of sound")
        if timeline["answered_at"] is None:
            cure = "open the Phones page first, and press Answer when it rings"
            raise RefusalError(f"nobody took the call: {timeline['status']}", cure)

    def _play(self, status: str) -> None:
        """The customer's part."""
        phone = self._phone
        if phone is None:
            return
        if not self._answered and phone.rang.is_set() and status == "ringing":
            self._answered = True
            self._terminal.say("phone    answers")
            phone.answer()
        if self._answered and not self._pressed and phone.heard_s >= LISTENS_S:
            self._pressed = True
            self._terminal.say("phone    presses 1")
            phone.press("1")

    def _lines(self) -> Iterator[str]:
        """The program's lines that are there, shown."""
        while True:
            try:
                line = self._program.lines.get_nowait()
            except queue.Empty:
                break
            self._terminal.say(line)
            yield line
        if not self._program.running:
            raise RefusalError("the example program ended", "its own words are above")


@contextlib.contextmanager
def _desk_phone(client: InstallationClient, settings: Settings, terminal: Terminal) -> Iterator[tuple[DeskPhone, str]]:
    """A SIP phone of the account's own, at a SIP Domain made for the demo; and its address."""
    domain, password = f"demo-{secrets.token_hex(4)}.sip.twilio.com", f"A1a-{secrets.token_hex(12)}"
    with contextlib.ExitStack() as undo:
        lists = "/SIP/CredentialLists"
        credentials = client.post(f"{lists}.json", FriendlyName="Demo phones")["sid"]
        undo.callback(_forget, client, f"{lists}/{credentials}.json")
        client.post(f"{lists}/{credentials}/Credentials.json", Username=USERNAME, Password=password)
        made = client.post("/SIP/Domains.json", DomainName=domain, SipRegistration="true")["sid"]
        undo.callback(_forget, client, f"/SIP/Domains/{made}.json")
        mapping = f"/SIP/Domains/{made}/Auth/Registrations/CredentialListMappings.json"
        client.post(mapping, CredentialListSid=credentials)
        phone = DeskPhone(Account(port=sip_port(settings, "udp"), domain=domain, username=USERNAME, password=password))
        undo.callback(phone.close)
        try:
            phone.open()
        except TimeoutError:
            raise RefusalError("the demo's SIP phone could not register", f"{invocation()} doctor") from None
        terminal.say(f"phone    a SIP phone in this process, registered as {USERNAME} at a SIP Domain of the account")
        yield phone, f"sip:{USERNAME}@{domain}"


def _forget(client: InstallationClient, path: str) -> None:
    """Delete what the demo made; ringfence may have been stopped before it."""
    with contextlib.suppress(RefusalError):
        client.delete(path)


def _late(what: str) -> RefusalError:
    return RefusalError(f"waited too long for {what}", f"{invocation()} doctor; the log of ringfence up tells more")
