"""A declared duty is told to every member: on the overview, beside the ledger, and on a page of its own."""

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

from tests.unit.console.test_members import AC, Member, account, enrolled
from tests.unit.console.test_operations_pages import until

from ringfence.console.standing_duty import StandingDuty, standing_duty
from ringfence.console.tenant import retention_routes
from ringfence.console.tenant.retention_routes import former_duties
from ringfence.domain.retention.declaration import Declaration, declare
from ringfence.domain.retention.facts import MEANINGS
from ringfence.domain.retention.officer import OfficerKey
from ringfence.ports.retention import Duty

OTHER = "AC" + "d" * 32
BASIS = "Act <7>, section 113b"
OFFICERS = [OfficerKey(name, bytes([n]) * 32).officer for n, name in enumerate(("ann", "bob", "eve"), start=1)]
NOTICE = "has declared a legal duty to retain metadata"
UNKNOWN = "not known now: the key service does not answer"
DAY_MS = 86_400_000


def duty(fields: Sequence[str] = ("kind", "remote"), days: int = 30) -> Declaration:
    return declare(fields, days, BASIS, OFFICERS)


class Away:
    """The key service's duties while it does not answer."""

    async def duties(self) -> Sequence[Duty]:
        raise ConnectionError("nothing answers")


async def text(member: Member, path: str) -> str:
    page = await member.ask("GET", path)
    assert page.status_code == 200, path
    return str(page.text)


async def entries(member: Member, it: Any, expected: int) -> Any:
    """What the page of duties tells of the ledger, once a checkpoint covers `expected` entries."""
    while True:
        answer = await member.ask("POST", "/retention/entries", {})
        if answer.status_code == 200 and len(answer.json()["entries"]) >= expected:
            return answer.json()
        it.clock.advance(1)
        await asyncio.sleep(0.05)


def bodies(found: Any) -> list[Any]:
    return [json.loads(base64.b64decode(each["body"])) for each in found["entries"]]


def test_where_none_was_declared_the_page_says_so_and_no_notice_is_shown(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            page = await text(member, "/retention")
            assert "Nothing is retained." in page
            assert "none was ever declared. Undeclared is off." in page
            assert "Duties that ended" not in page
            assert "<td>yes</td>" not in page
            for path in ("/", "/ledger"):
                shown = await text(member, path)
                assert NOTICE not in shown
                assert UNKNOWN not in shown

    run(scene())


def test_a_declared_duty_is_told_on_the_overview_beside_the_ledger_and_on_its_page(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            await it.keys.declare_duty(duty())
            for path in ("/", "/ledger"):
                shown = await text(member, path)
                assert NOTICE in shown, path
                assert f"Kept for 30 days: {MEANINGS['kind']}; the other party&#39;s number or address. " in shown
                assert MEANINGS["direction"] not in shown
                assert "Act &lt;7&gt;, section 113b" in shown
                assert "ann, bob, eve" in shown
                assert '<a href="/retention">' in shown
            page = await text(member, "/retention")
            assert "Metadata of your texts and calls is retained." in page
            assert "Act &lt;7&gt;, section 113b" in page
            for field in MEANINGS:
                row = page[page.index(f'<tr data-row="{field}">') :].partition("</tr>")[0]
                assert ("<td>yes</td>" in row) is (field in ("kind", "remote")), field
            assert "no words of a text, no subject, no picture or file, no sound, no recording, no code" in page

    run(scene())


def test_one_that_ended_says_until_when_what_it_kept_opens(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            await it.keys.declare_duty(duty(days=1))
            await it.keys.end_duty(False)
            page = await text(member, "/retention")
            assert "No duty stands." in page
            assert "Undeclared is off" not in page
            assert "opens for its officers until" in page
            await it.keys.declare_duty(duty(days=2))
            assert "Metadata of your texts and calls is retained." in await text(member, "/retention")
            await it.keys.end_duty(True)
            page = await text(member, "/retention")
            assert page.count("opens for nobody any more") == 2
            assert NOTICE not in await text(member, "/")

    run(scene())


def test_what_an_ended_duty_kept_opens_until_the_end_of_the_day_so_many_days_later() -> None:
    ended_ms = 20_000 * DAY_MS + 23 * 3_600_000
    one = Duty(number=1, fields=("kind",), days=30, basis="b", officers=("a", "b"), declared_ms=1, ended_ms=ended_ms)
    standing = Duty(number=2, fields=("kind",), days=30, basis="b", officers=("a", "b"), declared_ms=2)
    (former,) = former_duties([standing, one])
    assert (former.duty, former.ended_ms, former.until_ms) == (one, ended_ms, 20_031 * DAY_MS)


def test_without_the_key_service_the_overview_goes_on_and_the_page_says_that_it_is_not_known(
    run: Any, stand: Any, monkeypatch: Any
) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            await it.keys.declare_duty(duty())
            monkeypatch.setattr(it.keys, "duties", Away().duties)
            for path in ("/", "/ledger"):
                shown = await text(member, path)
                assert UNKNOWN in shown
                assert NOTICE not in shown
            page = await member.ask("GET", "/retention")
            assert page.status_code == 503
            assert UNKNOWN in page.text
            assert "Nothing is retained" not in page.text
            assert page.text.count("<td>not known</td>") == len(MEANINGS)

    run(scene())


def test_what_stands_is_the_one_that_did_not_end_and_away_is_not_none(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            assert await standing_duty(it.keys) == StandingDuty(known=True, duty=None)
            for days in (5, 6):
                await it.keys.declare_duty(duty(days=days))
            found = await standing_duty(it.keys)
            assert found.duty is not None
            assert (found.duty.number, found.duty.days) == (2, 6)
            await it.keys.end_duty(False)
            assert (await standing_duty(it.keys)).duty is None
            assert await standing_duty(Away()) == StandingDuty(known=False, duty=None)

    run(scene())


def test_the_page_has_the_accounts_entries_of_duties_with_proofs_and_no_other(
    run: Any, stand: Any, monkeypatch: Any
) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await account(it, OTHER)
            member = await enrolled(it, caller)
            await it.keys.declare_duty(duty())
            await it.keys.end_duty(False)
            found = await entries(member, it, 2)
            assert [(each["account"], each["actor"], each["verb"]) for each in bodies(found)] == [
                (AC, "operator", "duty.declare"),
                (AC, "operator", "duty.end"),
            ]
            assert found["after"] is None
            assert all(each["proof"] for each in found["entries"])
            assert bodies(found)[0]["scope"] == [
                "duty:1",
                "fields:kind,remote",
                "days:30",
                "officers:ann,bob,eve",
                f"basis:{BASIS}",
            ]
            # A page at a time; what the operator did otherwise is passed over.
            monkeypatch.setattr(retention_routes, "PAGE_ENTRIES", 1)
            monkeypatch.setattr(retention_routes, "ACTS", ("duty.end",))
            first = (await member.ask("POST", "/retention/entries", {})).json()
            assert [each["verb"] for each in bodies(first)] == ["duty.end"]
            assert first["after"] == bodies(first)[0]["n"]
            last = (await member.ask("POST", "/retention/entries", {"after": first["after"]})).json()
            assert (last["entries"], last["after"]) == ([], None)

    run(scene())


def test_staff_see_what_stands_beside_the_ledgers_health_and_can_declare_nothing_there(
    run: Any, stand: Any, monkeypatch: Any
) -> None:
    async def scene() -> None:
        async with stand() as it:
            await account(it)
            ada = await it.first()
            assert "No duty to retain metadata stands." in await until(ada, "ringfence duty show")
            await it.keys.declare_duty(duty())
            page = await until(ada, "Duty 1 to retain metadata stands")
            for words in ("for 30 days: kind, remote.", "Act &lt;7&gt;, section 113b", "ann, bob, eve"):
                assert words in page
            assert "<form" not in page[page.index("Duty 1 to retain") :]
            monkeypatch.setattr(it.keys, "duties", Away().duties)
            assert UNKNOWN in await until(ada, "Whether metadata is retained")

    run(scene())
