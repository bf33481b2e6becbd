"""One webhook, waited for: what came of it and, for whoever has the tenant's secret, what was said in it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from ringfence.cli.installation import Installation
from ringfence.cli.invocation import invocation
from ringfence.cli.terminal import Terminal
from ringfence.domain.attempt import Attempt
from ringfence.domain.error_advice import advise
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.attempt import open_attempt
from ringfence.domain.sealing.call import open_step
from ringfence.domain.sealing.record import RecordSealer
from ringfence.ipc.live import LiveView
from ringfence.ports.keys import Caller
from ringfence.ports.onlookers import WebhookCall
from ringfence.ports.store import Store
from ringfence.roles.installation_lock import holder, is_alone
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.usecases.webhooks.watched_program import KIND as DOCUMENT

# Longer than a program may take to answer, with its fallback.
LIMIT_S = 40.0
CALL = "CA"
AGAIN_S = 0.2
WRITTEN_WITHIN_S = 3.0


def refuse_unless_up(settings: Settings) -> None:
    """RefusalError where no dispatcher runs that could make webhooks."""
    if holder(settings.data_dir) is None and not is_alone(settings.data_dir, "dispatcher"):
        cause = f"ringfence is not up on {settings.data_dir}"
        raise RefusalError(cause, f"start it in another terminal: {invocation()} up")


@contextlib.asynccontextmanager
async def voice_view(settings: Settings) -> AsyncIterator[LiveView]:
    """The live feed of calls, from now on. RefusalError where they are not running."""
    refuse_unless_up(settings)
    view = LiveView(settings.socket("live-voice"))
    try:
        try:
            await view.begin()
        except ConnectionError:
            raise RefusalError("calls are not running here", f"{invocation()} doctor says what they need") from None
        yield view
    finally:
        await view.close()


@contextlib.asynccontextmanager
async def dispatcher_view(settings: Settings) -> AsyncIterator[LiveView]:
    """The dispatcher's live feed, from now on. RefusalError where it does not answer."""
    refuse_unless_up(settings)
    view = LiveView(settings.socket("live-dispatcher"))
    try:
        try:
            await view.begin()
        except ConnectionError:
            raise RefusalError("the dispatcher does not answer", "`ringfence logs` tells why") from None
        yield view
    finally:
        await view.close()


async def await_webhook(
    view: LiveView, wanted: Callable[[WebhookCall], bool], limit_s: float = LIMIT_S
) -> WebhookCall | None:
    """The next webhook of this kind, once its attempt was written down; None when there was none in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            while True:
                try:
                    found = await view.find(lambda seen: isinstance(seen, WebhookCall) and wanted(seen))
                except ConnectionError:
                    # The dispatcher starts again; what it had in hand comes again too.
                    await asyncio.sleep(AGAIN_S)
                    continue
                if isinstance(found, WebhookCall):
                    return found
    return None


async def what_was_said(installation: Installation, caller: Caller, call: WebhookCall) -> Attempt | None:
    """The attempt as it was written down for its tenant; None where nothing of it is kept."""
    store, sid = installation.store, call.message_sid
    row = await (store.call if sid.startswith(CALL) else store.message)(call.account, sid)
    if row is None:
        return None
    keys = await installation.keys.open_epochs(caller, call.account, [row.epoch])
    if row.epoch not in keys:
        return None
    sealer = RecordSealer(keys[row.epoch], call.account)
    if call.kind == DOCUMENT:
        return await _asked(store, sealer, call)
    for _ in range(round(WRITTEN_WITHIN_S / AGAIN_S)):
        for settlement in reversed(await installation.store.attempts(call.account, call.message_sid)):
            if settlement.event_id == call.event_id and settlement.at_ms >= call.at_ms:
                with contextlib.suppress(UnsealError):
                    return open_attempt(sealer, row.sid, call.event_id, settlement.detail)
                return None
        await asyncio.sleep(AGAIN_S)
    return None


async def _asked(store: Store, sealer: RecordSealer, call: WebhookCall) -> Attempt | None:
    """What a call asked of the program: the first request since then that is in its timeline."""
    for _ in range(round(WRITTEN_WITHIN_S / AGAIN_S)):
        for step in await store.steps(call.account, call.message_sid):
            detail = open_step(sealer, call.message_sid, step.detail) if step.kind == "webhook" else None
            attempt = None if detail is None else detail.attempt
            if attempt is not None and attempt.exchanges and attempt.exchanges[0].at_ms >= call.at_ms:
                return attempt
        await asyncio.sleep(AGAIN_S)
    return None


def tell(terminal: Terminal, call: WebhookCall, said: Attempt | None) -> None:
    """Show what came of a webhook: each request with its answer, what was wrong, and whether it is tried again."""
    for exchange in said.exchanges if said else ():
        came = str(exchange.status) if exchange.status is not None else f"no answer ({exchange.cause})"
        took = f" in {exchange.total_ms:.0f} ms" if exchange.total_ms is not None else ""
        terminal.say(f"webhook  {exchange.method} {exchange.url} → {came}{took}")
        for line in exchange.answer.decode(errors="replace").splitlines():
            terminal.say(f"         {line}")
    if said is None or not said.exchanges:
        came = str(call.http_status) if call.http_status is not None else "no answer"
        terminal.say(f"webhook  {call.kind} → {came} in {call.duration_ms} ms")
    for finding in said.findings if said else ():
        place = f", line {finding.line}, column {finding.column}" if finding.line else ""
        advice = advise(finding.code) if finding.code else None
        why = f": {advice.cause}" if advice else ""
        terminal.say(f"wrong    {f'{finding.code} ' if finding.code else ''}{finding.message}{place}{why}")
    if call.code is not None and (said is None or call.code not in {finding.code for finding in said.findings}):
        terminal.say(f"error    {call.code} {said.cause if said else ''}".rstrip())
    if call.state == "pending":
        terminal.say("         it is tried again later")


def failed(call: WebhookCall) -> bool:
    """True when the program was not told, or its answer could not be run as it stands."""
    return call.state != "done" or call.code is not None
