"""Lists of the operator's console are narrowed by fields of theirs alone, and by no number."""

import re
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.datastructures import QueryParams
from tests.unit.console.test_grant_routes import wish
from tests.unit.console.test_members import AC, OTHER, account, text
from tests.unit.console.test_operations_pages import filled

from ringfence.console.operator.filters import Fields, tenant_fields, tenants_wanted
from ringfence.console.operator.paging import PAGE
from ringfence.domain.access.grant import ANSWER_MS
from ringfence.ports.freezes import FreezeRow
from ringfence.ports.oversight import TenantFilter
from ringfence.usecases.access.freeze import freeze


def fields(query: str) -> Fields:
    return tenant_fields(QueryParams(query))


@pytest.mark.parametrize(
    "query",
    [
        *("status=frozen", "since=yesterday", "since=2026-13-01", "sid=SK1", "sid=AC%25", "sid=ACG"),
        *("name=%2B12025550177", "name=Tel.+12+02+5", "name=" + "x" * 65, "name=a%00b", "q=x", "To=%2B1"),
    ],
)
def test_what_fits_no_field_asks_nothing(query: str) -> None:
    assert tenants_wanted(fields(query)) == TenantFilter()


def test_fields_are_said_again_by_links_and_by_the_form() -> None:
    asked = fields("status=closed&since=1970-01-02&sid=ACab&name=Fade+%26&before=x")
    assert tenants_wanted(asked) == TenantFilter(status="closed", since_ms=86_400_000, sid="ACab", name="Fade &")
    link = asked.older("/tenants", before="AC1")
    assert fields(link.partition("?")[2]).given == asked.given
    assert link.endswith("&before=AC1")
    assert asked.older("/tenants", before="") == ""
    assert fields("").link("/tenants") == "/tenants"


def test_tenants_are_narrowed_a_page_and_a_file_at_a_time(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await account(it)
            await account(it, OTHER)
            row = await it.store.account(OTHER)
            assert await it.store.update_account(replace(row, friendly_name="Zeta", status="closed"), was="active")
            ada = await it.first()
            for query, seen, hidden in (
                ("status=closed", OTHER, AC),
                ("name=zet", OTHER, AC),
                (f"sid={AC[:4]}", AC, OTHER),
            ):
                for path in ("/tenants", "/tenants/export"):
                    shown = (await ada.ask("GET", f"{path}?{query}")).text
                    assert (seen in shown, hidden in shown) == (True, False), (path, query)
            page = (await ada.page("/tenants?name=zet")).text
            assert 'value="zet"' in page
            assert "/tenants/export?name=zet" in page

    run(scene())


def test_queues_are_narrowed_too(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await filled(it)
            ada = await it.first()
            for query, there in (
                ("", True),
                (f"account={AC}", True),
                (f"account={OTHER}", False),
                ("carrier=carrier", False),
            ):
                for path in ("/queues", "/queues/export"):
                    shown = (await ada.ask("GET", f"{path}?{query}".rstrip("?"))).text
                    assert ("+12025550123" in shown) is there, (path, query)

    run(scene())


def test_grants_are_narrowed_by_what_they_mean_now(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await text(it, await account(it), "the owl")
            ada = await it.first()
            grant = (await ada.ask("POST", "/grants", wish(f"SM{1:032x}"))).json()["grant"]["sid"]
            me = it.ledger.entries[-1].actor.partition(":")[2]
            for waited_ms, state, other in ((0, "pending", "timed_out"), (ANSWER_MS, "timed_out", "pending")):
                it.clock.advance(waited_ms)
                for query, there in (
                    *((f"state={state}", True), (f"state={other}", False), (f"of={AC}", True), (f"of={OTHER}", False)),
                    (f"by={me}", True),
                ):
                    for path in ("/grants", "/grants/export"):
                        shown = (await ada.ask("GET", f"{path}?{query}")).text
                        assert (grant in shown) is there, (path, query)

    run(scene())


def test_what_is_frozen_is_shown_a_page_at_a_time(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            for n in range(PAGE + 1):
                await it.store.put_freeze(FreezeRow(kind="key", name=f"SK{n:032x}", at_ms=1))
            await freeze(it.store, it.clock, "carrier", "simulator")
            ada = await it.first()
            first = (await ada.page("/frozen")).text
            older = re.search(r'href="(/frozen\?before=[^"]+)"', first)
            assert older is not None
            second = (await ada.page(older[1])).text
            shown = re.findall(r"<code>(SK\w+|simulator)</code>", first + second)
            assert shown == [f"SK{n:032x}" for n in range(PAGE, -1, -1)] + ["simulator"]

    run(scene())
