"""A mail that brings a code, from its acceptance to the mailbox: only the mailbox shows the code."""

import asyncio

from msgspec.structs import replace

from ringfence.carriers.simulator.faults import Fault, FaultKind
from ringfence.domain.verification import Status

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
