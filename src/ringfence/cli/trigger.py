"""`ringfence trigger`: make happen what a program is to react to, through the simulator, and show how it reacted."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import uvloop

from ringfence.carriers.simulator.faults import FAILURE_CODES
from ringfence.carriers.simulator.python_api import Simulator, SimulatorRefusedError
from ringfence.cli.installation import Installation, opened
from ringfence.cli.installation_client import InstallationClient
from ringfence.cli.listing import Output, show
from ringfence.cli.profile import read_profile
from ringfence.cli.sip_port import sip_port
from ringfence.cli.tenant import tenant_of
from ringfence.cli.terminal import Terminal
from ringfence.cli.triggered_call import TriggeredCall
from ringfence.cli.webhook_watch import await_webhook, dispatcher_view, failed, tell, what_was_said
from ringfence.domain.number import parse_e164
from ringfence.ipc.live import LiveView
from ringfence.ports.onlookers import WebhookCall
from ringfence.roles.credentials import Credentials
from ringfence.roles.dev_stock import BUSINESS_NUMBER, CUSTOMER_NUMBER
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.voice_extra import CURE, missing_for_calls

ARRIVES_WITHIN_S = 15.0
POLL_S = 0.05
UNDELIVERED_CODE = 30005
FAILED = 1
_KEYS = re.compile(r"[0-9*#A-D,]*")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What was said on the command line; None where nothing was."""

    sender: str | None = None
    to: str | None = None
    body: str | None = None
    media_urls: Sequence[str] = ()
    code: int | None = None
    status_callback: str | None = None
    press: str | None = None
    hang_up_after_s: int = 30

    def __repr__(self) -> str:
        return "Options(…)"


class Trigger(NamedTuple):
    """One thing that can be made to happen; `run` says whether the program was told, and answered well."""

    description: str
    run: Callable[["_Stage", Options], Awaitable[bool]]


def list_triggers(output: Output) -> None:
    """Show what can be triggered."""
    show(output, ("trigger", "what happens"), [(name, trigger.description) for name, trigger in TRIGGERS.items()])


def trigger(settings: Settings, name: str, options: Options) -> int:
    """Make it happen, show the webhooks and what follows; the exit code is 1 when a webhook failed."""
    if name not in TRIGGERS:
        raise RefusalError(f"no trigger is called {name!r}", f"one of: {', '.join(TRIGGERS)}", exit_code=2)
    if not settings.dev:
        raise RefusalError("triggers need the simulator, and production has none", "run it in dev mode")
    profile = read_profile(settings)
    if profile is None:
        raise RefusalError("no ringfence was started here yet", "start it in another terminal: ringfence up")
    return uvloop.run(_trigger(settings, profile, TRIGGERS[name], options))


async def _trigger(settings: Settings, profile: Credentials, chosen: Trigger, options: Options) -> int:
    async with dispatcher_view(settings) as view, opened(settings) as installation:
        stage = _Stage(settings, profile, installation, view)
        try:
            well = await chosen.run(stage, options)
        except SimulatorRefusedError as refused:
            raise RefusalError(f"the simulator refused: {refused.message}", "change what it names") from None
        return 0 if well else FAILED


class _Stage:
    """A running installation with its first account, and what is shown of what happens there."""

    def __init__(self, settings: Settings, profile: Credentials, installation: Installation, view: LiveView) -> None:
        self._settings = settings
        self._profile = profile
        self._installation = installation
        self._view = view
        self._terminal = Terminal()
        self._client = InstallationClient(settings.url, profile.account_sid, profile.auth_token)
        self._simulator = Simulator(settings.url)

    async def call_in(self, options: Options) -> bool:
        """A handset calls the number, whose program answers."""
        if missing := missing_for_calls():
            raise RefusalError(f"calls need {', '.join(missing)}", CURE)
        # It brings packages of the voice extra along.
        from ringfence.cli.handset_call import HandsetCall

        if not _KEYS.fullmatch(options.press or ""):
            raise RefusalError("--press takes keys of a telephone", 'as in --press "1,42#"', exit_code=2)
        handset, number = _number(options.sender or CUSTOMER_NUMBER), await self._own_number(options.to)
        call = HandsetCall(sip_port(self._settings, "ws"), handset, number)
        triggered = TriggeredCall(
            self._client, self._terminal, call, press=options.press, limit_s=options.hang_up_after_s
        )
        try:
            return await asyncio.to_thread(triggered.follow, handset, number)
        except (ConnectionError, TimeoutError):
            raise RefusalError("calls do not answer", "`ringfence logs --role voice` tells why") from None
        finally:
            await asyncio.to_thread(call.close)

    async def text_in(self, options: Options, body: str) -> bool:
        """A handset texts the number; its webhook is told."""
        handset, number = _number(options.sender or CUSTOMER_NUMBER), await self._own_number(options.to)
        known = {text["sid"] for text in await self._texts(handset, number)}
        phone = self._simulator.phone(handset)
        try:
            await asyncio.to_thread(phone.text, number, body, options.media_urls)
        except ConnectionError:
            raise RefusalError(f"nothing answers at {self._settings.url}", "give its port with --port") from None
        sid = await self._arrived(handset, number, known)
        media = f" with {len(options.media_urls)} media" if options.media_urls else ""
        self._terminal.say(f'text     {handset} → {number}  "{body}"{media}  {sid}')
        call = await self._follow(sid, "message.received")
        if call is not None and call.http_status is None and call.state == "done":
            cure = f"ringfence number configure {number} --sms-url URL, or ringfence listen --forward-to URL"
            self._terminal.warn(f"texts to {number} go nowhere → {cure}")
        return _went_well(call)

    async def text_out(self, options: Options, code: int | None) -> bool:
        """The number texts a handset, which does or does not get it; the StatusCallback is told of each status."""
        if options.status_callback is None:
            cure = "say which program is told: --status-callback http://localhost:5000/status"
            raise RefusalError("without a StatusCallback nobody is told of a delivery", cure, exit_code=2)
        if code is not None and code not in FAILURE_CODES:
            codes = ", ".join(map(str, FAILURE_CODES))
            raise RefusalError(f"{code} is no code of an undelivered text", f"one of: {codes}", exit_code=2)
        number, handset = await self._own_number(options.sender), _number(options.to or CUSTOMER_NUMBER)
        fault = None
        if code is not None:
            # Until this text has met its end: a text that was on its way before would use up a fault for one.
            details = {"number": handset, "code": code}
            fault = await asyncio.to_thread(lambda: self._simulator.add_fault("fail", **details))
        try:
            fields = {"From": number, "To": handset, "Body": options.body or "Your order is on its way."}
            sent = await asyncio.to_thread(
                lambda: self._client.post("/Messages.json", StatusCallback=str(options.status_callback), **fields)
            )
            self._terminal.say(f'text     {number} → {handset}  "{fields["Body"]}"  {sent["sid"]}')
            first = await self._follow(sent["sid"], "message.sent")
            last = await self._follow(sent["sid"], "message.delivered" if code is None else "message.undelivered")
            return _went_well(first) and _went_well(last)
        finally:
            if fault is not None:
                with contextlib.suppress(SimulatorRefusedError, ConnectionError):
                    await asyncio.to_thread(self._simulator.remove_fault, fault)

    async def _follow(self, sid: str, kind: str) -> WebhookCall | None:
        call = await await_webhook(self._view, lambda seen: (seen.message_sid, seen.kind) == (sid, kind))
        if call is None:
            self._terminal.warn(f"no webhook of {kind} came → ringfence logs --follow")
            return None
        caller = await tenant_of(self._installation, self._settings, self._profile.account_sid)
        said = await what_was_said(self._installation, caller, call)
        if call.http_status is None and call.state == "done":
            return call
        tell(self._terminal, call, said)
        for reply in said.replies if said else ():
            text = await asyncio.to_thread(self._client.get, f"/Messages/{reply}.json")
            self._terminal.say(f'reply    {text["from"]} → {text["to"]}  "{text["body"]}"  {reply}')
        return call

    async def _own_number(self, given: str | None) -> str:
        found = await asyncio.to_thread(lambda: self._client.get("/IncomingPhoneNumbers.json", PageSize="1000"))
        owned = [number["phone_number"] for number in found["incoming_phone_numbers"]]
        if given is not None:
            number = _number(given)
            if number not in owned:
                raise RefusalError(f"this account does not own {number}", f"ringfence number add {number}")
            return number
        if not owned:
            raise RefusalError("this account owns no number", f"ringfence number add {BUSINESS_NUMBER}")
        return BUSINESS_NUMBER if BUSINESS_NUMBER in owned else str(owned[0])

    async def _texts(self, handset: str, number: str) -> list[dict[str, Any]]:
        page = await asyncio.to_thread(lambda: self._client.get("/Messages.json", From=handset, To=number))
        texts: list[dict[str, Any]] = page["messages"]
        return texts

    async def _arrived(self, handset: str, number: str, known: set[str]) -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ARRIVES_WITHIN_S):
                while True:
                    for text in await self._texts(handset, number):
                        if text["sid"] not in known:
                            return str(text["sid"])
                    await asyncio.sleep(POLL_S)
        raise RefusalError("the text did not arrive", "`ringfence logs` tells why; `ringfence doctor`")


def _went_well(call: WebhookCall | None) -> bool:
    return call is not None and not failed(call)


def _number(text: str) -> str:
    parsed = parse_e164(text)
    if parsed is None:
        raise RefusalError("that is not a phone number", "write it as +12025550177", exit_code=2)
    return parsed.e164


TRIGGERS = {
    "sms.inbound": Trigger(
        "a handset texts a number; its webhook is told, and answers",
        lambda stage, options: stage.text_in(options, options.body if options.body is not None else "Hello"),
    ),
    "sms.opt_out": Trigger(
        "a handset texts STOP: no more texts to it from this number",
        lambda stage, options: stage.text_in(options, options.body or "STOP"),
    ),
    "sms.opt_in": Trigger(
        "a handset texts START, which ends an opt-out",
        lambda stage, options: stage.text_in(options, options.body or "START"),
    ),
    "sms.delivered": Trigger(
        "a number texts a handset, which gets it; the --status-callback is told",
        lambda stage, options: stage.text_out(options, None),
    ),
    "sms.undelivered": Trigger(
        "a number texts a handset, which does not get it, for --code 30005",
        lambda stage, options: stage.text_out(options, options.code or UNDELIVERED_CODE),
    ),
    "call.inbound": Trigger(
        "a handset calls a number; its program answers, and the call is drawn as it happens",
        lambda stage, options: stage.call_in(options),
    ),
}
