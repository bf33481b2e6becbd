"""A text that brings a code, from its acceptance to the handset: only the handset shows the code."""

import asyncio
from typing import Any

from ringfence.api.verifying import Verifying
from ringfence.domain.verification import SENDS_MAX, Status
from ringfence.domain.verify_service import VerifyService
from ringfence.roles.composition import compose_verifying
from ringfence.usecases.messaging.mail_with_code import MailRoute
from ringfence.usecases.verify.services import create_verify_service
from ringfence.usecases.verify.start_request import StartRequest
from ringfence.usecases.verify.verification_view import VerificationView

CUSTOMER = "+12025550177"


class Desk:
    """Verifications of the world's one tenant."""

    def __init__(self, world: Any, *, stock_sender: bool = True, mail_by: str = "simulator") -> None:
        self.world = world
        self.verifying: Verifying = compose_verifying(
            world.store,
            world.keys,
            world.clock,
            world.dispatching.bells,
            carrier="simulator",
            stock_sender=stock_sender,
            mail=MailRoute(carrier=mail_by, sender="codes@ringfence.example"),
        )
        self.service: Any = None

    async def start(self, to: str = CUSTOMER, channel: str = "sms") -> VerificationView:
        world = self.world
        if self.service is None:
            settings = VerifyService(friendly_name="Fade & Co")
            self.service = await create_verify_service(world.store, world.clock, world.account.sid, settings)
        return await self.verifying.starter.start(world.caller, self.service, StartRequest(to=to, channel=channel))

    async def check(self, code: str, to: str = CUSTOMER) -> VerificationView | None:
        return await self.verifying.checker.check(self.world.caller, self.service, code, to=to)

    async def status(self, view: VerificationView, nth: int = 0) -> str:
        row = await self.world.store.message(self.world.account.sid, view.row.attempts[nth].sid)
        return str(row.status)

    async def delivered(self, view: VerificationView, nth: int = 0, to: str = CUSTOMER) -> str:
        """The code on the handset, once it is there."""

        async def there() -> bool:
            return await self.status(view, nth) == "delivered"

        await self.world.until(there)
        return str(self.world.bodies_at(to)[nth].rpartition(" ")[2])


def test_the_handset_gets_the_code_that_is_right(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            desk = Desk(w)
            view = await desk.start()
            code = await desk.delivered(view)
            assert w.bodies_at(CUSTOMER) == [f"Your Fade & Co verification code is: {code}"]
            assert code.isdecimal()
            checked = await desk.check(code)
            assert checked is not None
            assert checked.row.status is Status.APPROVED

    run(story())


def test_sent_again_it_says_the_same(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            desk = Desk(w)
            first = await desk.delivered(await desk.start())
            again = await desk.start()
            assert await desk.delivered(again, 1) == first

    run(story())


def test_a_text_whose_verification_is_over_is_not_sent(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            desk = Desk(w)
            view = await desk.start()
            await desk.verifying.changer.update(w.caller, w.account.sid, desk.service.sid, CUSTOMER, "canceled")
            loops = asyncio.create_task(w.dispatching.run())
            try:
                await w.until_status(view.row.attempts[0].sid, "failed")
            finally:
                loops.cancel()
                await asyncio.gather(loops, return_exceptions=True)
            row = await w.row(view.row.attempts[0].sid)
            assert row.error_code == 30036
            assert row.price_micros == 0
            assert w.bodies_at(CUSTOMER) == []

    run(story())


def test_of_a_batch_only_what_has_a_code_is_sent_and_each_gets_its_own_answer(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            desk = Desk(w)
            gone = await desk.start("+12025550166")
            kept = await desk.start()
            plain = await w.send("Hello", to="+12025550155")
            await desk.verifying.changer.update(w.caller, w.account.sid, desk.service.sid, "+12025550166", "canceled")
            loops = asyncio.create_task(w.dispatching.run())
            try:
                await w.until_status(plain.row.sid, "delivered")
                await desk.delivered(kept)
                assert await desk.status(gone) == "failed"
            finally:
                loops.cancel()
                await asyncio.gather(loops, return_exceptions=True)
            assert w.bodies_at("+12025550155") == ["Hello"]
            assert w.bodies_at("+12025550166") == []

    run(story())


def test_many_who_start_at_once_for_one_number_get_one_verification(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            desk = Desk(w)
            await desk.start("+12025550166")
            begun = await asyncio.gather(*(desk.start() for _ in range(20)), return_exceptions=True)
            views = [view for view in begun if isinstance(view, VerificationView)]
            codes = {error.code for error in begun if not isinstance(error, VerificationView)}
            assert len({view.row.sid for view in views}) == 1
            assert len(views) <= SENDS_MAX
            assert codes <= {60203, 60212}

    run(story())


def test_of_a_thousand_checks_at_once_five_count(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            desk = Desk(w)
            code = await desk.delivered(await desk.start())
            wrong = str((int(code[0]) + 1) % 10) + code[1:]
            checks = await asyncio.gather(*(desk.check(wrong) for _ in range(1_000)), return_exceptions=True)
            assert sum(isinstance(one, VerificationView) for one in checks) == 5
            refusals = [one.code for one in checks if isinstance(one, Exception)]
            assert set(refusals) == {60202}
            assert len(refusals) == 995

    run(story())


def test_of_many_right_checks_at_once_one_is_approved(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            desk = Desk(w)
            code = await desk.delivered(await desk.start())
            checks = await asyncio.gather(*(desk.check(code) for _ in range(50)))
            assert [view.row.status for view in checks if view is not None] == [Status.APPROVED]

    run(story())


def test_an_account_without_a_number_texts_from_the_one_that_is_nobodys_only_where_that_may_be(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            (own,) = await w.store.numbers(w.account.sid)
            await w.store.release_number(w.account.sid, own.sid)
            view = await Desk(w).start()
            row = await w.store.message(w.account.sid, view.row.attempts[0].sid)
            assert row.local == "+15005550006"
            refusal = (await asyncio.gather(Desk(w, stock_sender=False).start(), return_exceptions=True))[0]
            assert getattr(refusal, "code", None) == 60217

    run(story())
