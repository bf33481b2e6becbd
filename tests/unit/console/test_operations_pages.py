"""Pages of how the installation runs, over rows that its processes wrote."""

import asyncio
from typing import Any

from msgspec.structs import replace
from tests.unit.console.test_two_person_acts import AC, NUMBER, TARGET, Two, frozen_account

from ringfence.console.operator.act_names import Act
from ringfence.console.operator.paging import page_before
from ringfence.domain.message import Direction, Status
from ringfence.kms.ledger.writer import _gap_entry
from ringfence.ports.operations import AllowedRate, CarrierFigures, CarrierState, Incident
from ringfence.ports.store import MessageRow
from ringfence.ports.witnesses import WitnessState
from ringfence.usecases.access.freeze import freeze

OLD_SID = "IC" + "0" * 32


async def filled(at: Any) -> None:
    now_ms = at.clock.now_ms()
    await frozen_account(at)
    figures = CarrierFigures(sent_last_minute=120, throttled_last_hour=7, errors={"30003": 4})
    state = CarrierState(
        name="simulator", owner="d1", kind="texts", up=False, since_ms=now_ms, told_ms=now_ms, figures=figures
    )
    await at.store.put_carrier_state(state)
    await freeze(at.store, at.clock, "carrier", "simulator")
    await at.store.begin_incident(Incident(sid=OLD_SID, kind="carrier", what="simulator of d1", began_ms=now_ms))
    await at.store.put_allowed_rate(AllowedRate(kind="account", name=AC, rate_mps=2.5, at_ms=now_ms))
    await at.store.accept(
        MessageRow(
            account=AC,
            sid="SM1",
            direction=Direction.OUTBOUND_API,
            status=Status.QUEUED,
            local="+12025550123",
            remote_index=b"",
            remote_region="US",
            epoch=1,
            content=b"",
            num_segments=1,
            created_ms=now_ms - 90_000,
            updated_ms=now_ms,
            carrier="simulator",
        )
    )


def test_pages_show_what_processes_told(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await filled(at)
            ada = await at.first()
            expected = {
                "/": ('incidents that go on</a></dt><dd class="bad">1<',),
                "/carriers": ("does not answer, paused", "30003: 4", ">120<", "90 s", 'value="carrier.resume"'),
                "/routes": ("simulator", "anything", "paused", "sip.carrier.example", "+49"),
                "/queues": ("+12025550123", AC, "90 s", "parked: frozen or paused"),
                "/capacity": ("2.0", "0 of 1", "2.5", AC),
                "/incidents": ("simulator of d1", "goes on", f"/incidents/{OLD_SID}/acknowledge"),
                "/ledger/health": ("signed entries",),
            }
            for path, words in expected.items():
                page = await ada.page(path)
                assert page.status_code == 200, path
                for word in words:
                    assert word in page.text, (path, word)
            at.witnesses["auditor"] = WitnessState(size=7, at_ms=1, trouble="cosigned <other> entries", refuses=True)
            health = (await ada.page("/ledger/health")).text
            assert "auditor" in health
            assert "cosigned &lt;other&gt; entries" in health
            assert "last checkpoint" in health
            assert "No standby waits." in health
            assert '<dd class="bad">' not in health
            at.ledger._write_entries([_gap_entry(3, 5, 7)])
            await at.ledger.append([at.ledger.entries[-1]])
            health = await until(ada, "3 openings for delivery")
            assert '<dt>gaps</dt><dd class="bad">1<' in health
            assert (await ada.ask("POST", f"/incidents/{OLD_SID}/acknowledge")).status_code == 200
            assert (await ada.ask("POST", f"/incidents/{OLD_SID}/acknowledge")).status_code == 409
            assert ("staff", "note.acknowledge_incident") in at.noted
            shown = (await ada.page("/incidents")).text
            assert "Ada, " in shown
            assert "I know" not in shown
            for odd in ("x", "1|2", "9999999999999999999999|a|b|c", "1|a|b|c|d"):
                assert (await ada.page(f"/queues?after={odd}")).status_code == 200

    run(story())


async def until(browser: Any, words: str) -> str:
    """The page of the ledger's health once it shows them: a checkpoint is signed about once a second."""
    while words not in (page := (await browser.page("/ledger/health")).text):
        await asyncio.sleep(0.1)
    return str(page)


def test_two_of_staff_raise_a_rate_and_one_alone_does_not(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            await at.store.buy_number(NUMBER, from_stock=False)
            two = await Two(at).join()
            for value in ("", "0", "-1", "nan", "1e9", "fast"):
                assert "rate" in await two.refused(two.ask(Act.RATE_RAISE, TARGET, value=value))
            for target in ("account:AC1", "number:+13035550100", f"key:{AC}"):
                assert "no such" in await two.refused(two.ask(Act.RATE_RAISE, target, value="5"))
            await two.both(Act.RATE_RAISE, TARGET, value="5")
            await two.both(Act.RATE_RAISE, f"number:{NUMBER.number}", value="2.5")
            rates = [(row.kind, row.name, row.rate_mps) for row in await at.store.allowed_rates()]
            assert rates == [("account", AC, 5.0), ("number", NUMBER.number, 2.5)]
            asked = await two.ask(Act.RATE_RAISE, TARGET, value="7")
            (was, _) = await at.store.allowed_rates()
            changed = AllowedRate(kind="account", name=AC, rate_mps=6.0, at_ms=1)
            assert await at.store.put_allowed_rate(changed, was=was)
            assert "changed" in await two.refused(two.acts.confirm(two.bob, asked))
            (entry,) = [each for each in at.ledger.entries if each.verb == "note.rate_raise" and TARGET in each.scope]
            assert (entry.account, "value:5" in entry.scope) == (AC, True)

    run(story())


def test_every_list_is_saved_as_csv_that_no_spreadsheet_takes_for_formulas(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await filled(at)
            ada = await at.first("=cmd|' /C calc'!A0")
            row = await at.store.account(AC)
            assert await at.store.update_account(replace(row, friendly_name="@SUM(A1)"), was=row.status)
            named = (
                "tenants",
                "grants",
                "staff",
                "sessions",
                "queues",
                "carriers",
                "incidents",
                "ledger",
                "invitations",
            )
            for name in (*named, "routes", "requests", "frozen", "overview"):
                saved = await ada.ask("GET", f"/{name}/export")
                assert (saved.status_code, saved.headers["content-type"][:8]) == (200, "text/csv"), name
                assert (
                    f'data-save="/{name}/export"' in (await ada.page("/" if name == "overview" else f"/{name}")).text
                ), name
            assert "\"'=cmd|" in (await ada.ask("GET", "/staff/export")).text
            assert '"\'@SUM(A1)"' in (await ada.ask("GET", "/tenants/export")).text
            assert '"simulator of d1"' in (await ada.ask("GET", "/incidents/export")).text
            assert '"calls","+49","carrier","sip.carrier.example","True","False"' in (
                (await ada.ask("GET", "/routes/export")).text.replace("'+", "+")
            )
            assert f'"account","{AC}"' in (await ada.ask("GET", "/frozen/export")).text
            assert '"process dispatcher answers","False"' in (await ada.ask("GET", "/overview/export")).text
            texts = await ada.ask("GET", f"/tenants/{AC}/texts/export")
            assert ("SM1" in texts.text, "'+12025550123" in texts.text) == (True, False)
            assert at.ledger.entries[-1].scope[1] == "texts/export"
            assert at.ledger.entries[-1].account == AC
            assert (await ada.ask("GET", f"/tenants/AC{'c' * 32}/texts/export")).status_code == 404
            assert "simulator of d1" in (await ada.page("/incidents?going_on")).text
            await at.store.end_incident("carrier", "simulator of d1", 5)
            assert "simulator of d1" not in (await ada.page("/incidents?going_on")).text

    run(story())


def test_pages_of_a_list_at_hand_follow_each_other() -> None:
    rows = [f"ST{n:03}" for n in range(120)]
    seen, before = [], ""
    while True:
        page, before = page_before(rows, str, before)
        seen += page
        if not before:
            break
    assert seen == rows[::-1]
    assert page_before(rows[:50], str, "") == (rows[:50][::-1], "")
