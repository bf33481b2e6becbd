"""`ringfence listen`: while it runs, texts to numbers are told to a program of the developer's, and each is shown.

Nothing is changed that would have to be changed back: the dispatcher keeps the detour in memory, for five seconds at a
time, and this command renews it. However it ends, kill -9 included, webhooks then go where they went before.
"""

import asyncio
import contextlib
import datetime
import hmac
import re
import signal
from collections.abc import Sequence
from urllib.parse import parse_qsl

import uvloop

from ringfence.cli.account import PAGE
from ringfence.cli.installation import Installation, opened
from ringfence.cli.number import stock_row
from ringfence.cli.tenant import auth_token_of
from ringfence.cli.terminal import Terminal
from ringfence.cli.webhook_watch import AGAIN_S, dispatcher_view, failed, what_was_said
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


def listen(settings: Settings, forward_to: str, numbers: Sequence[str]) -> None:
    """Lead the webhooks of `numbers` (all of the first account, where none is named) to a URL, until interrupted."""
    if not settings.dev:
        # The detour shows what tenants are texted to whoever runs the machine.
        raise RefusalError("webhooks are led elsewhere in dev only, and this is production", "configure the number")
    url = _url(forward_to)
    wanted = [stock_row({"number": number}).number for number in numbers]
    uvloop.run(_listen(settings, url, wanted))


async def _listen(settings: Settings, url: str, numbers: Sequence[str]) -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        async with dispatcher_view(settings) as view, opened(settings) as it:
            account, listened = await _numbers(it, numbers)
            token = await auth_token_of(it, settings, account)
            caller = Caller(account=account, credential=account, seed=slot_seed(token, account))
            listener = _Listener(it, view, caller, token, dict.fromkeys(listened, url))
            try:
                await listener.run()
            finally:
                await listener.end()


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


class _Listener:
    def __init__(self, it: Installation, view: LiveView, caller: Caller, token: str, detours: dict[str, str]) -> None:
        self._it = it
        self._view = view
        self._caller = caller
        self._token = token
        self._detours = detours
        self._terminal = Terminal()
        self._away = False

    async def run(self) -> None:
        """Renew the detours and show webhooks, until cancelled."""
        await self._view.detour(self._detours)
        for number, url in self._detours.items():
            self._terminal.say(f"{number} → {url}")
        self._terminal.note("listening; Ctrl-C ends it, and webhooks go where they went before")
        while True:
            try:
                await self._view.detour(self._detours)
                sight = await self._view.look(LOOK_MS)
            except ConnectionError:
                if not self._away:
                    self._terminal.warn("the dispatcher is away; until it is back, webhooks go their usual way")
                self._away = True
                await asyncio.sleep(AGAIN_S)
                continue
            if self._away:
                self._away = False
                self._terminal.note("the dispatcher is back")
            for happening in sight.happenings:
                if isinstance(happening, WebhookCall) and happening.account == self._caller.account:
                    await self._show(happening)

    async def end(self) -> None:
        """Let webhooks go their usual way at once; without this, they do so in five seconds."""
        with contextlib.suppress(ConnectionError):
            await self._view.detour(dict.fromkeys(self._detours, ""))

    async def _show(self, call: WebhookCall) -> None:
        row = await self._it.store.message(call.account, call.message_sid)
        if row is None or row.local not in self._detours:
            return
        said = await what_was_said(self._it, self._caller, call)
        time = datetime.datetime.fromtimestamp(call.at_ms / 1_000, datetime.UTC).strftime("%H:%M:%S")
        for line in described(call, said, self._token):
            self._terminal.say(f"{time}  {line}")


def described(call: WebhookCall, said: Attempt | None, token: str) -> list[str]:
    """Lines that tell of one webhook, without what it held."""
    head = f"{call.kind.removeprefix('message.'):<11} {call.message_sid}"
    exchanges = said.exchanges if said else ()
    lines = [f"{head}  {_exchanged(exchange, token)}" for exchange in exchanges]
    if not exchanges:
        lines = [f"{head}  {call.http_status or 'no answer'} in {call.duration_ms} ms"]
    if failed(call):
        cause = said.cause if said else ""
        lines.append(f"{'':11} error {call.code or ''} {cause}".rstrip() + f"; event {call.event_id}")
        if any(exchange.status in (401, 403) for exchange in exchanges):
            lines.append(
                f"{'':11} does the program refuse the signature? → ringfence doctor signature --event {call.event_id}"
            )
    return lines


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


def _url(text: str) -> str:
    """Where webhooks are to go: a port of this machine, host:port, either with a path, or a URL."""
    given = _PLACE.fullmatch(text)
    if given is not None:
        text = f"http://{given['host'] or 'localhost'}:{given['port']}{given['path']}"
    try:
        return parse_url(text).with_fragment
    except InvalidUrlError as error:
        cause = f"--forward-to: {error}"
        raise RefusalError(
            cause, "write it as 5000, localhost:5000/sms or http://localhost:5000/sms", exit_code=2
        ) from None
