"""A mail that brings a code, from its acceptance to the mailbox: only the mailbox shows the code."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import SMTP
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.mail.relay import HOST, Relay

from ringfence.carriers.simulator.faults import Fault, FaultKind
from ringfence.dispatch import sender_queues
from ringfence.dispatch.sender_queues import LEASE_TTL_MS
from ringfence.domain.clock import Clock
from ringfence.domain.mail_address import MailAddress
from ringfence.domain.verification import Status
from ringfence.mail.smtp_carrier import SmtpCarrier
from ringfence.mail.smtp_url import parse_smtp_url

from .test_text_with_code import CUSTOMER, Desk

MAILBOX = "sam@example.com"


def test_the_mailbox_gets_the_code_that_is_right(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            desk = Desk(w)
            view = await desk.start(MAILBOX, "email")
            code = await desk.delivered(view, to=MAILBOX)
            (mail,) = w.network.handset(MAILBOX).texts
            assert mail.subject == "Fade & Co"
            assert mail.body == f"Your Fade & Co verification code is: {code}"
            checked = await desk.check(code, MAILBOX)
            assert checked is not None
            assert checked.row.status is Status.APPROVED
            row = await w.row(view.row.attempts[0].sid)
            assert row.price_micros == 0

    run(story())


def test_a_mailbox_that_takes_nothing_is_seen_in_the_attempt(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            desk = Desk(w)
            w.network.add_fault(Fault(kind=FaultKind.FAIL, number=MAILBOX, code=30005))
            view = await desk.start(MAILBOX, "email")
            row = await w.until_status(view.row.attempts[0].sid, "undelivered")
            assert row.error_code == 30005

    run(story())


def test_a_mail_whose_verification_is_over_is_not_sent(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            desk = Desk(w)
            view = await desk.start(MAILBOX, "email")
            await desk.verifying.changer.update(w.caller, w.account.sid, desk.service.sid, MAILBOX, "canceled")
            loops = asyncio.create_task(w.dispatching.run())
            try:
                row = await w.until_status(view.row.attempts[0].sid, "failed")
            finally:
                loops.cancel()
                await asyncio.gather(loops, return_exceptions=True)
            assert row.error_code == 30036
            assert w.bodies_at(MAILBOX) == []

    run(story())


def test_an_account_that_is_closed_sends_no_mail_any_more(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            desk = Desk(w)
            view = await desk.start(MAILBOX, "email")
            await w.store.update_account(replace(w.account, status="suspended"), was="active")
            loops = asyncio.create_task(w.dispatching.run())
            try:
                row = await w.until_status(view.row.attempts[0].sid, "failed")
            finally:
                loops.cancel()
                await asyncio.gather(loops, return_exceptions=True)
            assert row.error_code == 30002
            assert w.bodies_at(MAILBOX) == []
            assert w.bodies_at(CUSTOMER) == []

    run(story())


@pytest.fixture
def relay() -> Iterator[Relay]:
    with contextlib.ExitStack() as stack:
        running = Relay().start()
        stack.callback(running.stop)
        yield running


def mailer_to(relay: Relay) -> Callable[[Clock], SmtpCarrier]:
    server, sender = parse_smtp_url(f"smtp://{HOST}:{relay.port}"), MailAddress("codes@example.com")
    return lambda clock: SmtpCarrier(server, sender, clock, ssl.create_default_context())


def code_in(envelope: Any) -> str:
    return str(message_from_bytes(envelope.content, policy=SMTP).get_content()).strip().rpartition(" ")[2]


def test_a_relay_gets_the_code_that_is_right(run, world, relay: Relay) -> None:
    async def story() -> None:
        async with world(mailer=mailer_to(relay)) as w:
            desk = Desk(w, mail_by="mail")
            view = await desk.start(MAILBOX, "email")
            row = await w.until_status(view.row.attempts[0].sid, "sent")
            (envelope,) = relay.mails
            assert envelope.rcpt_tos == [MAILBOX]
            checked = await desk.check(code_in(envelope), MAILBOX)
            assert checked is not None
            assert checked.row.status is Status.APPROVED
            assert row.price_micros == 0

    run(story())


def test_a_mail_that_is_not_taken_for_now_is_sent_a_little_later(run, world, relay: Relay) -> None:
    async def story() -> None:
        async with world(mailer=mailer_to(relay)) as w:
            relay.answers = ["450 4.7.1 Later"]
            view = await Desk(w, mail_by="mail").start(MAILBOX, "email")
            await w.until_status(view.row.attempts[0].sid, "sent")
            assert len(relay.mails) == 1

    run(story())


def test_a_mail_that_is_refused_has_failed(run, world, relay: Relay) -> None:
    async def story() -> None:
        async with world(mailer=mailer_to(relay)) as w:
            relay.answers = ["550 5.1.1 Nobody here"]
            view = await Desk(w, mail_by="mail").start(MAILBOX, "email")
            row = await w.until_status(view.row.attempts[0].sid, "failed")
            assert row.error_code == 30005
            assert relay.mails == []

    run(story())


def test_while_a_relay_thinks_nobody_else_sends_the_mail(
    run, world, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With every place taken the dispatcher looks for no work, and so keeps no lease by looking.
    monkeypatch.setattr(sender_queues, "QUEUES_AT_ONCE", 1)

    async def story() -> None:
        async with world(mailer=mailer_to(relay)) as w:
            relay.thinks_s = 1.5 * LEASE_TTL_MS / 1_000
            view = await Desk(w, mail_by="mail").start(MAILBOX, "email")
            await w.until(lambda: relay.connections == 1)
            while not relay.mails:
                assert await w.store.lease("another", "mail", w.clock.now_ms(), LEASE_TTL_MS, 10) == []
                await asyncio.sleep(0.01)
            await w.until_status(view.row.attempts[0].sid, "sent")
            assert len(relay.mails) == 1

    run(story())
