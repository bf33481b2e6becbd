"""How codes do, by day, service, channel and reason; and what of the sign-ins could be phished."""

from typing import Any

from msgspec.structs import replace
from tests.contract.test_store_verification_attempts import attempt, begun, row_of
from tests.unit.console.test_members import AC, account, enrolled
from tests.unit.console.test_traffic import DAY_MS, NOON_MS

from ringfence.console.tenant.code_report import TenantCodes
from ringfence.domain.verification import Status
from ringfence.ports.verify_config import VerifyRow
from ringfence.store.memory import MemoryStore

ONE, TWO = "VA" + "1" * 32, "VA" + "2" * 32


async def fill(store: Any, now_ms: int) -> None:
    """Three verifications, of which one was approved, of two services, and starts that were refused."""
    for n, service, at_ms in ((1, ONE, now_ms), (2, ONE, now_ms - DAY_MS), (3, TWO, now_ms)):
        verification = begun(n, attempt(n, at_ms=at_ms), account=AC, service=service)
        verification = replace(verification, created_ms=at_ms, expires_ms=at_ms + 600_000)
        await store.begin_verification(verification)
    await store.attempt_verification(AC, "VE1", attempt(4, "call", now_ms + 1), 5)
    await store.move_verification(AC, "VE1", Status.APPROVED, now_ms)
    for n, reason in ((5, 60605), (6, 60410), (7, 60410)):
        one = attempt(n, at_ms=now_ms)
        refused = begun(n, account=AC, service=TWO)
        await store.refuse_attempt(row_of(refused, one, refusal=reason), replace(refused, status=Status.FAILED))


def test_the_report_adds_up(run: Any) -> None:
    store = MemoryStore()
    run(fill(store, NOON_MS))
    report = run(TenantCodes(store).report(AC, NOON_MS, 14))
    assert (len(report.days), report.days[0].day, report.days[-1].day) == (14, "2023-12-09", "2023-11-26")
    today, before = report.days[:2]
    assert (today.started, today.approved, today.conversion, today.spent) == (2, 1, "50 %", "–")
    assert (before.started, before.approved, before.conversion) == (1, 0, "0 %")
    assert report.days[2].conversion == "–"
    assert report.channels == [("sms", 3, 1, "33 %"), ("call", 1, 1, "100 %")]
    assert [(code, number) for code, _, number in report.reasons] == [("60410", 2), ("60605", 1)]
    verifications, channels, reasons = report.charts
    assert [bar.words for bar in verifications.bars] == [
        "2023-12-08: 1 not approved",
        "2023-12-09: 1 approved",
        "2023-12-09: 1 not approved",
    ]
    assert (channels.kinds, reasons.kinds) == (["sms", "call"], ["60410", "60605"])
    of_one = run(TenantCodes(store).report(AC, NOON_MS, 14, ONE))
    assert (of_one.reasons, [chart.title for chart in of_one.charts]) == (
        [],
        ["Verifications", "Codes sent by channel"],
    )


def test_the_rarest_of_many_reasons_are_drawn_together(run: Any) -> None:
    store = MemoryStore()

    async def refuse() -> None:
        for n in range(21):
            one = attempt(n, at_ms=NOON_MS)
            await store.refuse_attempt(row_of(begun(n, account=AC, service=ONE), one, refusal=60200 + n // 4))

    run(refuse())
    *_, reasons = run(TenantCodes(store).report(AC, NOON_MS, 14)).charts
    assert reasons.kinds == ["60200", "60201", "60202", "60203", "others"]
    assert [bar.words.partition(": ")[2] for bar in reasons.bars][-1] == "5 others"


def test_pages_of_codes_are_of_a_service_and_a_period(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            now_ms = it.clock.now_ms()
            await fill(it.store, now_ms)
            made = VerifyRow(
                account=AC, kind="service", sid=ONE, settings='{"friendly_name":"Shop <1>"}', created_ms=1, updated_ms=1
            )
            await it.store.create_verify(made, 10)
            page = (await member.page("/codes")).text
            assert "Verifications started: 3, of which 33 % approved" in page
            assert f'<option value="{ONE}">Shop &lt;1&gt;</option>' in page
            assert "60410" in page
            # One that is gone has its counts still.
            gone = (await member.page(f"/codes?service={TWO}&days=30")).text
            assert f'<option value="{TWO}" selected>{TWO}</option>' in gone
            assert "Verifications started: 1, of which 0 % approved" in gone
            assert f"/codes/export?service={TWO}&amp;days=30" in gone
            table = (await member.page(f"/codes/export?service={TWO}")).text
            assert '"refused","60410","2",""' in table
            assert '"started","","1",""' in table
            phishing = (await member.page("/codes/phishing?days=30")).text
            assert "Of 1 sign-in of the last 30 days, a look-alike site could have taken 1." in phishing
            assert "Offer passkeys" in phishing
            kept = (await member.page("/codes/phishing/export")).text
            assert f'"{ONE}","call","1","1","0","Offer passkeys' in kept
            for wrong in ("service=VA1", "days=15", "days=x"):
                assert (await member.page(f"/codes?{wrong}")).status_code == 400

    run(scene())
