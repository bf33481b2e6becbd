"""`ringfence listen`: while it runs, texts and calls to numbers go to a program of the developer's, and are shown.

Nothing is changed that would have to be changed back: dispatcher and voice keep the detours in memory, for five seconds
at a time, and this command renews them. However it ends, kill -9 included, webhooks then go where they went before.
"""

import asyncio
import contextlib
import datetime
import hmac
import re
import signal
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

import uvloop

from ringfence.cli.account import PAGE
from ringfence.cli.installation import Installation, opened
from ringfence.cli.number import stock_row
from ringfence.cli.tenant import auth_token_of
from ringfence.cli.terminal import Terminal
from ringfence.cli.webhook_watch import AGAIN_S, CALL, dispatcher_view, failed, voice_view, what_was_said
from ringfence.domain.attempt import Attempt, Exchange
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.signature import signature_base, signature_header, signed_url
from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.ipc.live import LiveView
from ringfence.ports.keys import Caller
from ringfence.ports.onlookers import WebhookCall
from ringfence.roles.bootstrap import first_account_sid
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

# Renewed several times before the dispatcher forgets.
LOOK_MS = 500
LEFT_OUT = b"(left-out)"
_PLACE = re.compile(r"(?:(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):)?(?P<port>[0-9]{1,5})(?P<path>(?:[/?#].*)?)")


def listen(settings: Settings, texts_to: str | None, calls_to: str | None, numbers: Sequence[str]) -> None:
    """Lead texts and calls to `numbers` (by default all of the first account's) to URLs, until interrupted."""
    if not settings.dev:
        # The detour shows what tenants are texted to whoever runs the machine.
        raise RefusalError("webhooks are led elsewhere in dev only, and this is production", "configure the number")
    if texts_to is None and calls_to is None:
        cure = "say where: --forward-to 5000/sms for texts, --forward-calls-to 5000/voice for calls"
        raise RefusalError("nothing is to be led anywhere", cure, exit_code=2)
    texts_url = None if texts_to is None else _url(texts_to, "--forward-to")
    calls_url = None if calls_to is None else _url(calls_to, "--forward-calls-to")
    wanted = [stock_row({"number": number}).number for number in numbers]
    uvloop.run(_listen(settings, texts_url, calls_url, wanted))


async def _listen(settings: Settings, texts_url: str | None, calls_url: str | None, numbers: Sequence[str]) -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        async with contextlib.AsyncExitStack() as stack:
            texts = await stack.enter_async_context(dispatcher_view(settings))
            calls = None if calls_url is None else await stack.enter_async_context(voice_view(settings))
            it = await stack.enter_async_context(opened(settings))
            account, listened = await _numbers(it, numbers)
            token = await auth_token_of(it, settings, account)
            caller = Caller(account=account, credential=account, seed=slot_seed(token, account))
            listener = _Listener(it, caller, token, listened)
            # Callbacks of calls are the dispatcher's too, so it is watched whatever is led elsewhere.
            ways = [_Way("dispatcher", "texts", texts, texts_url)]
            if calls is not None:
                ways.append(_Way("voice process", "calls", calls, calls_url))
            await listener.run(ways)


async def _numbers(it: Installation, wanted: Sequence[str]) -> tuple[str, list[str]]:
    """The account, and those of its numbers that are meant."""
    if not wanted:
        account = await first_account_sid(it.store)
        owned = [row.number for row in await it.store.numbers(account, limit=PAGE)]
        if not owned:
            raise RefusalError("the first account owns no number", "ringfence number add +12025550123")
        return account, owned
    rows = [await it.store.number_by_e164(number) for number in wanted]
    accounts = {row.account for row in rows if row is not None}
    if None in rows:
        missing = wanted[rows.index(None)]
        raise RefusalError(f"{missing} belongs to nobody here", f"ringfence number add {missing}")
    if len(accounts) != 1:
        raise RefusalError("the numbers belong to several accounts", "listen to one account's at a time")
    return accounts.pop(), list(wanted)


class _Way(NamedTuple):
    """The feed of a role, and where what it tells is led; None: it is only watched."""

    role: str
    what: str
    view: LiveView
    url: str | None


class _Listener:
    def __init__(self, it: Installation, caller: Caller, token: str, numbers: Sequence[str]) -> None:
        self._it = it
        self._caller = caller
        self._token = token
        self._numbers = numbers
        self._terminal = Terminal()

    async def run(self, ways: Sequence[_Way]) -> None:
        """Renew the detours and show webhooks, until cancelled; then they go their usual way at once."""
        led = [way for way in ways if way.url is not None]
        try:
            for way in led:
                await way.view.detour(dict.fromkeys(self._numbers, way.url or ""))
            for number in self._numbers:
                for way in led:
                    self._terminal.say(f"{number} {way.what} → {way.url}")
            self._terminal.note("listening; press Ctrl-C to stop, and webhooks go where they went before")
            async with asyncio.TaskGroup() as tasks:
                for way in ways:
                    tasks.create_task(self._follow(way))
        finally:
            # Without this they do so in five seconds.
            for way in led:
                with contextlib.suppress(ConnectionError):
                    await way.view.detour(dict.fromkeys(self._numbers, ""))

    async def _follow(self, way: _Way) -> None:
        away = False
        while True:
            try:
                if way.url is not None:
                    await way.view.detour(dict.fromkeys(self._numbers, way.url))
                sight = await way.view.look(LOOK_MS)
            except ConnectionError:
                if not away:
                    self._terminal.warn(f"the {way.role} is away; until it is back, {way.what} go their usual way")
                away = True
                await asyncio.sleep(AGAIN_S)
                continue
            if away:
                away = False
                self._terminal.note(f"the {way.role} is back")
            for happening in sight.happenings:
                if isinstance(happening, WebhookCall) and happening.account == self._caller.account:
                    await self._show(happening)

    async def _show(self, call: WebhookCall) -> None:
        store, sid = self._it.store, call.message_sid
        row = await (store.call if sid.startswith(CALL) else store.message)(call.account, sid)
        if row is None or row.local not in self._numbers:
            return
        said = await what_was_said(self._it, self._caller, call)
        time = datetime.datetime.fromtimestamp(call.at_ms / 1_000, datetime.UTC).strftime("%H:%M:%S")
        for line in described(call, said, self._token):
            self._terminal.say(f"{time}  {line}")


def described(call: WebhookCall, said: Attempt | None, token: str) -> list[str]:
    """Lines that tell of one webhook, without what it held."""
    head = f"{_named(call.kind):<11} {call.message_sid}"
    exchanges = said.exchanges if said else ()
    lines = [f"{head}  {_exchanged(exchange, token)}" for exchange in exchanges]
    if not exchanges:
        lines = [f"{head}  {call.http_status or 'no answer'} in {call.duration_ms} ms"]
    if failed(call):
        cause = said.cause if said else ""
        event = f"; event {call.event_id}" if call.event_id else ""
        lines.append(f"{'':11} error {call.code or ''} {cause}".rstrip() + event)
        if call.event_id and any(exchange.status in (401, 403) for exchange in exchanges):
            lines.append(
                f"{'':11} does the program refuse the signature? → ringfence doctor signature --event {call.event_id}"
            )
    return lines


def _named(kind: str) -> str:
    return kind.removeprefix("message.").removeprefix("call.")


def _exchanged(exchange: Exchange, token: str) -> str:
    came = str(exchange.status) if exchange.status is not None else f"no answer ({exchange.cause})"
    took = f" in {exchange.total_ms:.0f} ms" if exchange.total_ms is not None else ""
    return f"{exchange.method} {exchange.url.partition('?')[0]} → {came}{took} (signature {_verdict(exchange, token)})"


def _verdict(exchange: Exchange, token: str) -> str:
    if LEFT_OUT in exchange.body or LEFT_OUT.decode() in exchange.url:
        return "not checked: a media link was not kept"
    pairs = parse_qsl(exchange.body.decode(), keep_blank_values=True) if exchange.method != "GET" else []
    base = signature_base(signed_url(parse_url(exchange.url, max_characters=len(exchange.url))), pairs)
    right = signature_header(hmac.digest(token.encode(), base, "sha1"))
    return "ok" if hmac.compare_digest(right, exchange.signature) else "wrong"


def _url(text: str, option: str = "--forward-to") -> str:
    """Where what an option leads is to go: a port of this machine, host:port, either with a path, or a URL."""
    given = _PLACE.fullmatch(text)
    if given is not None:
        text = f"http://{given['host'] or 'localhost'}:{given['port']}{given['path']}"
    try:
        return parse_url(text).with_fragment
    except InvalidUrlError as error:
        cause = f"{option}: {error}"
        raise RefusalError(
            cause, "write it as 5000, localhost:5000/sms or http://localhost:5000/sms", exit_code=2
        ) from None
