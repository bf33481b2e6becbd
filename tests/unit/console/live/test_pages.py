"""Which pages can be followed, and that each says from what it begins and where its rows are."""

import re
from importlib import resources
from typing import Any

from tests.authorisation.surfaces import open_routes
from tests.unit.console.conftest import ORIGINS
from tests.unit.console.listening import ticket_for
from tests.unit.console.test_key_routes import SK, api_key
from tests.unit.console.test_members import AC, account, enrolled
from tests.unit.console.test_operations_pages import filled

from ringfence.console.dependencies import host_of

# Their rows come sealed: scripts of theirs offer what is new.
SEALED = {"/texts", "/calls", "/ledger", "/subaccounts/{child}/texts", "/subaccounts/{child}/calls"}
# Pages that are no lists but one thing, a form or a report of days that have gone; and those whose every look is an
# entry in a tenant's ledger. A new list follows: docs/why/console.md says how.
STILL = {
    "operator": {
        *("/healthz", "/worker.js", "/assets/{name}", "/sign-in", "/join", "/grants/{sid}", "/live"),
        *("/tenants/{sid}", "/tenants/{sid}/texts", "/tenants/{sid}/texts/{message}"),
        *("/tenants/{sid}/calls", "/tenants/{sid}/codes"),
    },
    "tenant": {
        *("/healthz", "/worker.js", "/assets/{name}", "/sign-in", "/sso/callback", "/grants/{sid}", "/live"),
        *("/subaccounts/{child}/texts/{sid}", "/subaccounts/{child}/calls/{sid}"),
        *("/texts/{sid}", "/calls/{sid}", "/numbers/offers", "/numbers/{sid}"),
        *("/services/messaging/{sid}", "/services/verify/{sid}"),
        "/services/verify/{service}/webhooks/{sid}",
        *(
            "/usage",
            "/codes",
            "/codes/phishing",
            "/touched/{who}/{first_ms:int}/{last_ms:int}",
        ),
    },
}


def pages_of(at: Any, console: str) -> tuple[set[str], set[str]]:
    """Those that can be followed, and those that cannot, by their paths in the router."""
    origin = getattr(ORIGINS, console)
    asked = {each.path for each in open_routes(at.app._apps[host_of(origin)]) if each.method == "GET"}
    tickets = {path for path in asked if path.startswith("/live/")}
    kinds = {path for path in asked - tickets if not path.endswith(("/export", "/sound"))}
    followed = {path.removeprefix("/live") for path in tickets}
    return followed, kinds - followed


def test_every_list_can_be_followed(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            for console, still in STILL.items():
                assert pages_of(at, console)[1] == still, console

    run(story())


def test_a_page_that_can_be_followed_says_from_what_it_begins_and_where_its_rows_are(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await filled(at)
            ada = await at.first()
            for path in pages_of(at, "operator")[0]:
                page = await ada.page(path)
                assert re.search(r'<main [^>]* data-version="[0-9a-f]{24}">', page.text), path
                assert " data-live>" in page.text, path
                assert (await ticket_for(ada, path)).status_code == 200, path

    run(story())


def test_so_does_each_of_the_members(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            caller = await account(at)
            child = "AC" + "c" * 32
            await account(at, child, AC)
            await api_key(at, caller)
            owner = await enrolled(at, caller)
            followed, _ = pages_of(at, "tenant")
            assert followed >= SEALED
            for path in followed:
                page = await owner.page(path.replace("{child}", child).replace("{sid}", SK))
                assert page.status_code == 200, path
                assert re.search(r'<main [^>]* data-version="[0-9a-f]{24}">', page.text), path
                assert (" data-live>" in page.text) is (path not in SEALED), path

    run(story())


def test_each_row_of_a_list_that_follows_says_which_it_is() -> None:
    for template in resources.files("ringfence.console").joinpath("templates").iterdir():
        text = template.read_text()
        heads = [row for row in re.findall(r"<tr\b.*?</tr>", text, re.DOTALL) if 'scope="row"' in row]
        if "data-live" in text:
            assert [row for row in heads if not row.startswith('<tr data-row="{{ ')] == [], template.name
