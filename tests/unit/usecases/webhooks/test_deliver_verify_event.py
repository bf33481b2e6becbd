"""An event of a factor told to a stock Flask program: signed, to the webhook as it is when the event is told."""

import msgspec
import pytest
from msgspec.structs import replace

from ringfence.domain.sealing.record import seal_field
from ringfence.domain.sealing.verify_event import FIELD
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import verify_webhook_record
from ringfence.domain.verify_event import VerifyEvent, VerifyWebhook, encode_verify_webhook
from ringfence.ports.verify_config import VerifyRow
from ringfence.ports.verify_events import TellingRow
from ringfence.usecases.webhooks.opened_event import OpenedEvent

from .conftest import ACCOUNT, EPOCH, Installation, Program

SERVICE = "VA" + "5" * 32
EVENT = VerifyEvent(
    account=ACCOUNT,
    service=SERVICE,
    kind="factor.verified",
    at_ms=1,
    identity="ann-7",
    factor="YF" + "6" * 32,
    factor_type="push",
    factor_friendly_name="Ann's telephone",
)


async def webhook(installation: Installation, url: str, **settings) -> VerifyRow:
    """A webhook of the service."""
    if await installation.store.verify_row(ACCOUNT, "service", SERVICE) is None:
        service = VerifyRow(account=ACCOUNT, kind="service", sid=SERVICE, created_ms=0, updated_ms=0)
        await installation.store.create_verify(service, 9)
    sid = new_sid("YW")
    row = VerifyRow(
        account=ACCOUNT,
        kind="webhook",
        parent=SERVICE,
        sid=sid,
        settings=encode_verify_webhook(VerifyWebhook(friendly_name="x", event_types=("*",), **settings)),
        standing=installation.keys.seal_standing(ACCOUNT, verify_webhook_record(sid), url.encode()),
        created_ms=0,
        updated_ms=0,
    )
    assert await installation.store.create_verify(row, 9)
    return row


async def tell(installation: Installation, hook: VerifyRow, event: VerifyEvent = EVENT) -> TellingRow:
    """Something happened of which `hook` is to be told."""
    sid = new_sid("EV")
    (key,) = await installation.keys.open_records(ACCOUNT, [(EPOCH, sid)])
    assert key is not None
    row = TellingRow(
        account=ACCOUNT,
        sid=sid,
        service=SERVICE,
        webhook=hook.sid,
        subject=event.subject,
        kind=event.kind,
        epoch=EPOCH,
        content=seal_field(key, ACCOUNT, sid, FIELD, msgspec.msgpack.encode(event)),
        at_ms=installation.clock.now_ms(),
    )
    await installation.store.add_tellings([row])
    return row


def test_it_is_told_signed_with_its_fields(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        await tell(installation, await webhook(installation, program.url("verify?shop=1")))
        assert (await installation.attempt()).state == "done"
        (seen,) = program.seen
        assert (seen.method, seen.valid) == ("POST", True)
        assert (seen.params["type"], seen.params["entity_identity"]) == ("factor.verified", "ann-7")
        assert (seen.params["factor_sid"], seen.params["factor_friendly_name"]) == (EVENT.factor, "Ann's telephone")
        assert seen.params["shop"] == "1"

    run(scenario())


def test_a_webhook_of_the_first_version_is_told_its_fields(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        await tell(installation, await webhook(installation, program.url("verify"), version="v1"))
        await installation.attempt()
        assert "factor_friendly_name" not in program.seen[0].params

    run(scenario())


def test_one_that_fails_is_told_again_and_keeps_its_name(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await tell(installation, await webhook(installation, program.answer("verify", status=503)))
        assert (await installation.attempt()).state == "pending"
        (waiting,) = await installation.store.events(ACCOUNT, row.sid)
        assert waiting.due_ms > row.at_ms
        (made,) = await installation.store.attempts(ACCOUNT, row.sid)
        assert (made.http_status, made.state, made.detail != b"") == (503, "pending", True)

    run(scenario())


async def remove(installation: Installation, hook: VerifyRow) -> None:
    await installation.store.delete_verify(ACCOUNT, "webhook", hook.sid, parent=SERVICE)


async def disable(installation: Installation, hook: VerifyRow) -> None:
    settings = encode_verify_webhook(VerifyWebhook(friendly_name="x", event_types=("*",), enabled=False))
    await installation.store.update_verify(replace(hook, settings=settings))


@pytest.mark.parametrize("stop", [remove, disable])
def test_who_no_longer_listens_is_not_told(run, installation: Installation, program: Program, stop) -> None:
    async def scenario() -> None:
        await installation.open()
        hook = await webhook(installation, program.url("verify"))
        await tell(installation, hook)
        await stop(installation, hook)
        assert (await installation.attempt()).state == "done"
        assert program.seen == []

    run(scenario())


def test_the_url_is_the_one_that_it_has_when_it_is_told(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        hook = await webhook(installation, program.url("old"))
        await tell(installation, hook)
        record = verify_webhook_record(hook.sid)
        moved = installation.keys.seal_standing(ACCOUNT, record, program.url("new").encode())
        await installation.store.update_verify(replace(hook, standing=moved))
        await installation.attempt()
        assert program.paths() == ["new"]

    run(scenario())


def test_what_no_longer_opens_is_dead_and_can_be_told_again(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await tell(installation, await webhook(installation, program.url("verify")))
        installation.keys.closed.add(row.sid)
        assert (await installation.attempt()).state == "dead"
        installation.keys.closed.clear()
        (event,) = await installation.store.events(ACCOUNT, row.sid)
        assert await installation.store.replay(ACCOUNT, event.id, installation.clock.now_ms())
        assert (await installation.attempt()).state == "done"

    run(scenario())


def test_what_was_altered_is_dead(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        hook = await webhook(installation, program.url("verify"))
        row = await tell(installation, hook)
        installation.store._tellings[ACCOUNT, row.sid] = replace(row, content=row.content[:-1] + b"x")
        assert (await installation.attempt()).state == "dead"
        assert program.seen == []

    run(scenario())


def test_of_two_webhooks_one_does_not_wait_for_the_other(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        for hook in (
            await webhook(installation, program.answer("down", status=503)),
            await webhook(installation, program.url("up")),
        ):
            await tell(installation, hook)
        events = await installation.take()
        for opened in await installation.delivery.open(events):
            assert isinstance(opened, OpenedEvent)
            await installation.delivery.deliver(opened)
        assert sorted(program.paths()) == ["down", "up"]

    run(scenario())
