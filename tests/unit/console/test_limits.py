"""Which limits hold for an account, where each is set, and how near the account is to it."""

from typing import Any

from tests.unit.console.test_members import AC, OTHER, account, enrolled
from tests.unit.console.test_traffic import NOON_MS, row
from tests.unit.console.test_usage_pages import a_call

from ringfence.console.grant_book import GrantBook
from ringfence.console.tenant.allowed import Allowed
from ringfence.console.tenant.limits import HIDDEN, NOT_YET, Limit, TenantLimits
from ringfence.domain.call import Direction, Status
from ringfence.domain.clock import ManualClock
from ringfence.domain.fraud_guard.spending import Bound, Spending
from ringfence.domain.message import Status as TextStatus
from ringfence.ports.calls import CallChange, CallRow
from ringfence.ports.operations import AllowedRate
from ringfence.ports.store import AccountRow, CredentialRow, NumberRow
from ringfence.ports.verify_config import VerifyRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.verify.watch_for_fraud import CodeBounds
from ringfence.usecases.voice.brakes import BrakeLimits

OURS, THEIRS = "+12025550101", "+12025550102"
SERVICE, NOT_OURS = "VA" + "1" * 32, "VA" + "2" * 32
ALLOWED = Allowed(
    api_rate_rps=20.0,
    number_rates={OURS: 3.0, THEIRS: 4.0},
    account_rates={AC: 5.0},
    calls=BrakeLimits(own={AC: BrakeLimits(live_calls=4, spend_micros=1_000_000)}),
    codes=CodeBounds(whole_micros=10_000_000, own={SERVICE: 500_000, NOT_OURS: 1}),
)


async def made(store: Any, sid: str, parent: str | None = None) -> None:
    row = AccountRow(
        sid=sid, tenant=parent or sid, parent=parent, friendly_name="", status="active", created_ms=1, updated_ms=1
    )
    credential = CredentialRow(
        account=sid, sid=sid, kind="auth_token", verifier=b"", hmac_states=b"", friendly_name="", created_ms=1,
        updated_ms=1,
    )  # fmt: skip
    await store.create_account(row, credential)


async def owned(store: Any, number: str, owner: str) -> None:
    await store.buy_number(
        NumberRow(
            account=owner,
            sid=f"PN{number[-4:]}",
            number=number,
            region="US",
            kind="local",
            friendly_name="",
            capabilities=frozenset({"sms"}),
            standing=b"",
            created_ms=1,
            updated_ms=1,
        ),
        from_stock=False,
    )


class NoGrants(GrantBook):
    """Nobody asked."""

    def __init__(self) -> None:
        pass

    async def grants_of_tenant(self, tenant: str, before: str, limit: int) -> list[Any]:
        return []


async def limits_of(store: Any, allowed: Allowed = ALLOWED, account: str = AC) -> dict[str, Limit]:
    groups = await TenantLimits(store, NoGrants(), allowed, ManualClock(NOON_MS)).of(account)
    return {each.what: each for _, limits in groups for each in limits}


def test_how_near_an_account_is_to_its_texts_a_second_is_told_at_the_second_look(run: Any) -> None:
    async def scene() -> None:
        store, clock = MemoryStore(), ManualClock(NOON_MS)
        await made(store, AC)
        limits = TenantLimits(store, NoGrants(), ALLOWED, clock)

        async def told() -> Limit:
            return next(each for _, found in await limits.of(AC) for each in found if "of the account" in each.what)

        first = await told()
        assert (first.used, first.part) == (NOT_YET, None)
        for number in range(45):
            await store.accept(row(number, status=TextStatus.SENT))
        clock.advance(10_000)
        second = await told()
        assert (second.used, second.part, second.near) == ("4.5, mean of up to a minute", 0.9, True)

    run(scene())


def test_a_rate_is_what_staff_raised_it_to_else_what_is_set_for_it_alone(run: Any) -> None:
    async def scene() -> None:
        store = MemoryStore()
        await made(store, AC)
        await owned(store, OURS, AC)
        await owned(store, THEIRS, OTHER)
        found = await limits_of(store)
        of_account, of_ours = found["Texts a second of the account"], found[f"Texts a second of {OURS}"]
        assert (of_account.most, of_account.where) == ("5", "account_rates")
        assert (of_ours.most, of_ours.where) == ("3", "number_rates")
        assert found["Texts a second of one number"].most == "100"
        # Nobody learns of another account's number.
        assert not any(THEIRS in what for what in found)
        for kind, name in (("account", AC), ("number", OURS)):
            await store.put_allowed_rate(AllowedRate(kind=kind, name=name, rate_mps=50.0, at_ms=1))
        found = await limits_of(store)
        raised = found["Texts a second of the account"], found[f"Texts a second of {OURS}"]
        assert [(each.most, each.where) for each in raised] == [("50", "raised by two of staff")] * 2
        assert found["API requests a second, with subaccounts"].most == "20 of each API process"
        unbound = await limits_of(MemoryStore(), Allowed())
        assert unbound["Texts a second of the account"].where == "account_rate_mps"
        assert unbound["API requests a second, with subaccounts"].most == "as many as fit"

    run(scene())


def test_texts_that_wait_are_told(run: Any) -> None:
    async def scene() -> None:
        store = MemoryStore()
        await made(store, AC)
        for n, status in enumerate((TextStatus.QUEUED, TextStatus.SCHEDULED, TextStatus.DELIVERED)):
            await store.accept(row(n, status=status))
        found = await limits_of(store)
        assert found["Texts that may wait for one number"].used == "2 wait, for all numbers together"

    run(scene())


def test_calls_are_held_against_what_they_may_be(run: Any) -> None:
    async def scene() -> None:
        store = MemoryStore()
        await made(store, AC)
        child = "AC" + "c" * 32
        await made(store, child, AC)
        await a_call(store, "CA" + "1" * 32, micros=850_000)
        for n in range(3):
            ringing = CallRow(
                account=AC,
                sid=f"CA{n:032x}",
                direction=Direction.OUTBOUND_API,
                status=Status.QUEUED,
                local="",
                remote_index=b"",
                remote_region="DE",
                epoch=1,
                content=b"",
                created_ms=NOON_MS,
                updated_ms=NOON_MS,
            )
            await store.create_call(ringing)
            await store.move_call(AC, ringing.sid, CallChange(status=Status.RINGING, at_ms=NOON_MS))
        found = await limits_of(store)
        at_once = found["Calls at once with all subaccounts"]
        assert (at_once.used, at_once.most, at_once.part, at_once.near) == ("3", "4", 0.75, False)
        cost = found["Cost of calls within an hour, with all subaccounts"]
        assert (cost.used, cost.most, cost.near) == ("0.8500 USD", "1.0000 USD", True)
        assert found["Countries called for the first time within a day"].used == "2"
        below = await limits_of(store, account=child)
        # What all use together is no subaccount's to know.
        together = [each for what, each in below.items() if "with all subaccounts" in what and "requests" not in what]
        assert [(each.used, each.part) for each in together] == [(HIDDEN, None)] * 3
        assert [each.most for each in together] == ["4", "1.0000 USD", "10.0000 USD"]
        own = below["Calls at once of this subaccount"]
        assert (own.used, own.most) == ("0", "1,000")

    run(scene())


def test_codes_are_held_against_bounds_of_the_account_and_its_own_services(run: Any) -> None:
    async def scene() -> None:
        store = MemoryStore()
        await made(store, AC)
        for sid, owner in ((SERVICE, AC), (NOT_OURS, OTHER)):
            await store.create_verify(VerifyRow(account=owner, kind="service", sid=sid, created_ms=1, updated_ms=1), 10)
        bounds = (Bound("", 10_000_000), Bound(SERVICE, 500_000))
        for at_ms in (NOON_MS, NOON_MS - 26 * 3_600_000):
            await store.admit_code(AC, ["US"], at_ms, None, Spending(tenant=AC, micros=450_000, bounds=bounds))
        found = {what: each for what, each in (await limits_of(store)).items() if what.startswith("Cost of codes")}
        whole, service = found.values()
        assert (whole.used, whole.most, whole.near) == ("0.4500 USD", "10.0000 USD", False)
        assert SERVICE in service.what
        assert (service.used, service.most, service.part) == ("0.4500 USD", "0.5000 USD", 0.9)
        nothing = CodeBounds(whole_micros=0)
        (only,) = (
            each
            for what, each in (await limits_of(store, Allowed(codes=nothing))).items()
            if what.startswith("Cost of codes")
        )
        # Where nothing may be spent all of it is used.
        assert (only.most, only.part) == ("0.0000 USD", 1.0)

    run(scene())


def test_the_page_shows_them_with_where_each_is_set(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            page = (await member.page("/usage/limits")).text
            for words in (
                "api_rate_rps",
                "0 %",
                "Requests of staff to read that wait for you",
                "480 minutes",
                "90 days",
            ):
                assert words in page, words
            assert '<a href="/usage/limits">' in (await member.page("/usage")).text

    run(scene())
