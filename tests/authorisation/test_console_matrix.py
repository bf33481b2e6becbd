"""Every route of both consoles and of the key origin, asked by everybody who has no session there: nothing is done.

The routes are read from the apps; one that is open to all, and of which nobody has said so here, fails.
"""

import json
import re
from base64 import b64encode
from typing import Any, NamedTuple

import pytest
from tests.authorisation.asking import Answer, ask
from tests.authorisation.surfaces import Open, open_routes
from tests.unit.console.conftest import ORIGINS
from tests.unit.console.conftest import stand as stand
from tests.unit.console.test_grant_routes import wish
from tests.unit.console.test_members import AC, OTHER, TOKEN, account, enrolled, text

from ringfence.console.dependencies import host_of
from ringfence.console.host_split import HostSplit
from ringfence.console.request_signature import PublicJwk
from ringfence.console.sessions import Sessions
from ringfence.console.tenant.member_rows import members_of
from ringfence.console.tenant.roles import DEMANDED
from ringfence.domain.access.role import Role
from ringfence.domain.sid import new_sid
from ringfence.key_origin.app import create_key_origin

OPERATOR, TENANT = ORIGINS.operator, ORIGINS.tenant
OPEN = {
    Open("operator", "GET", "/healthz"): "whether the process answers",
    Open("operator", "GET", "/worker.js"): "what signs requests, without a key",
    Open("operator", "GET", "/assets/{name}"): "pages' files",
    Open("operator", "GET", "/sign-in"): "a page without data",
    Open("operator", "POST", "/sign-in/options"): "a challenge for a passkey",
    Open("operator", "POST", "/sign-in"): "a session, for a passkey's answer",
    Open("operator", "GET", "/join"): "a page without data",
    Open("operator", "POST", "/join/options"): "a challenge, for an invitation's secret",
    Open("operator", "POST", "/join"): "a passkey, for an answer to that",
    Open("tenant", "GET", "/healthz"): "whether the process answers",
    Open("tenant", "GET", "/assets/{name}"): "pages' files",
    Open("tenant", "GET", "/worker.js"): "what signs requests, without a key",
    Open("tenant", "GET", "/sign-in"): "a page without data",
    Open("tenant", "POST", "/sign-in/options"): "a challenge for a passkey",
    Open("tenant", "POST", "/sign-in"): "a session, for a passkey's answer",
    Open("tenant", "POST", "/sso/begin"): "where an organisation's provider is, and a cookie of this browser's own",
    Open("tenant", "GET", "/sso/callback"): "a page without data",
    Open("tenant", "POST", "/sso/finish"): "a session, for what the provider gave that browser",
    Open("tenant", "POST", "/sso/signed-out"): "for a provider: who signed out there, by its signature",
    Open("tenant", "POST", "/enrol/options"): "for the key origin: sealed boxes, which a link's secret opens",
    Open("tenant", "POST", "/enrol"): "for the key origin: a passkey, with a proof by the content key",
    Open("tenant", "OPTIONS", "/enrol/options"): "that the key origin may ask that",
    Open("tenant", "OPTIONS", "/enrol"): "that the key origin may ask that",
    Open("keys", "GET", "/frame"): "code that touches keys, and no key",
    Open("keys", "GET", "/enrol"): "code that touches keys, and no key",
    Open("keys", "GET", "/installation.json"): "where the console is, the bundle's hash, a public key",
    Open("keys", "GET", "/healthz"): "whether the process answers",
    Open("keys", "GET", "/bundle/{name:path}"): "that code",
}
# What a session may do without its passkey shown again: read, leave, and show it.
MILD = {("POST", "/sign-out"), ("POST", "/verify"), ("POST", "/verify/options")}
INSENSITIVE_BODIES: dict[str, Any] = {"name": "Eve", "key": {}, "ceremony": "x", "answer": {}, "secret": "x"}


class Asker(NamedTuple):
    """Somebody at a console: a cookie, and the key that signs, if any."""

    cookie: str = ""
    key: Any = None
    origin: str = OPERATOR
    headers: tuple[tuple[bytes, bytes], ...] = ()


def surfaces(app: Any) -> dict[str, list[Open]]:
    assert isinstance(app, HostSplit)
    names = {host_of(OPERATOR): "operator", host_of(TENANT): "tenant"}
    found = {names[host]: list(open_routes(one, names[host])) for host, one in app._apps.items()}
    return found | {
        "keys": list(open_routes(create_key_origin([OPERATOR, TENANT], TENANT, grant_keeper=bytes), "keys"))
    }


def filled(path: str, sid: str) -> str:
    return re.sub(r"{[\w:]+}", sid, path)


async def put(app: Any, route: Open, path: str, who: Asker, now_s: int) -> Answer:
    origin = OPERATOR if route.surface == "operator" else TENANT
    body = json.dumps(INSENSITIVE_BODIES).encode() if route.method == "POST" else b""
    headers = [(b"origin", who.origin.encode()), *who.headers]
    if who.cookie:
        headers.append((b"cookie", who.cookie.encode()))
    if who.key is not None:
        signed = who.key.headers(route.method, f"{origin}{path}", body, now_s)
        headers += [(name.encode(), value.encode()) for name, value in signed.items()]
    return await ask(
        app,
        route.method,
        path,
        body=body,
        content_type=b"application/json",
        host=host_of(origin),
        headers=tuple(headers),
    )


async def test_nobody_without_a_session_of_staff_does_anything_at_the_operators_console(stand: Any) -> None:
    async with stand() as made:
        staff = await made.first()
        thief, stranger = made.browser(), type(staff.key)()
        # A member's session, whose key its browser really has.
        sessions = Sessions(made.storage, made.clock)
        member, member_cookie = sessions.new("member", "somebody", "AC" + "a" * 32, PublicJwk(**thief.key.jwk))
        await sessions.keep(member, member_cookie)
        name = staff.cookie.partition("=")[0]
        # One that staff ended.
        gone = made.browser(staff.authenticator)
        assert (await gone.sign_in()).status_code == 200
        ended = Asker(gone.cookie, gone.key)
        assert (await gone.ask("POST", "/sign-out")).status_code == 200
        basic = b"Basic " + b64encode(b"AC" + b"a" * 32 + b":" + b"0" * 32)
        askers = {
            "nobody": Asker(),
            "an account's Auth Token": Asker(headers=((b"authorization", basic),)),
            "the cookie alone": Asker(staff.cookie),
            "the cookie, signed by another key": Asker(staff.cookie, stranger),
            "the key without the cookie": Asker("", staff.key),
            "an invented cookie": Asker(f"{name}={'x' * 43}", staff.key),
            "a member of an account": Asker(f"{name}={member_cookie}", thief.key),
            "a session that was ended": ended,
        }
        (session,) = await sessions.open_now("staff")
        noted, rows = list(made.noted), await everything(made.storage)
        now_s = made.clock.now_ms() // 1_000
        closed = [route for route in surfaces(made.app)["operator"] if route not in OPEN]
        assert len(closed) >= 14
        for route in closed:
            for who, asker in askers.items():
                answer = await put(made.app, route, filled(route.path, session.id), asker, now_s)
                assert answer.status == 401, (who, route)
                assert "Ada" not in answer.text, (who, route)
        assert made.noted == noted
        assert await everything(made.storage) == rows


async def test_nobody_without_a_session_of_a_member_does_anything_at_the_tenants_console(stand: Any) -> None:
    async with stand() as made:
        staff = await made.first()
        owner = await enrolled(made, await account(made))
        stranger = type(owner.key)()
        ended = Asker(owner.cookie, owner.key, TENANT)
        assert (await owner.ask("POST", "/sign-out")).status_code == 200
        assert (await owner.sign_in()).status_code == 200
        basic = b"Basic " + b64encode(f"{AC}:{TOKEN}".encode())
        askers = {
            "nobody": Asker(origin=TENANT),
            "the account's own Auth Token": Asker(origin=TENANT, headers=((b"authorization", basic),)),
            "the cookie alone": Asker(owner.cookie, None, TENANT),
            "the cookie, signed by another key": Asker(owner.cookie, stranger, TENANT),
            "a session of staff": Asker(staff.cookie, staff.key, TENANT),
            "a session that was ended": ended,
        }
        entries, rows = len(made.ledger.entries), await everything(made.storage)
        closed = [route for route in surfaces(made.app)["tenant"] if route not in OPEN]
        assert len(closed) >= 10
        for route in closed:
            for who, asker in askers.items():
                answer = await put(made.app, route, filled(route.path, "x"), asker, made.clock.now_ms() // 1_000)
                assert answer.status == 401, (who, route)
                assert AC not in answer.text, (who, route)
        assert len(made.ledger.entries) == entries
        assert await everything(made.storage) == rows


async def test_a_member_gets_nothing_of_another_account(stand: Any) -> None:
    """Every route of the tenants' console, with the other account's things in its path and in its body."""
    async with stand() as made:
        ours = await account(made)
        owner, other = await enrolled(made, ours), await enrolled(made, await account(made, OTHER))
        await text(made, ours, "the owl flies at nine")
        # And staff wait for an answer of theirs.
        asked = await (await made.first()).ask("POST", "/grants", wish(f"SM{1:032x}"))
        grant = asked.json()["grant"]["sid"]
        (session,) = await Sessions(made.storage, made.clock).open_now("member", account=AC)
        body = {"credential": owner.opened_by, "wanted": {}, "account": AC, "key": owner.key.jwk}
        marks = (AC, owner.opened_by, session.id, session.person, grant, "it came garbled")
        before = await everything(made.storage)
        entries = [entry for entry in made.ledger.entries if entry.account == AC]
        for route in surfaces(made.app)["tenant"]:
            if route in OPEN or route.path == "/sign-out":
                continue
            path = route.path.replace("{member}", session.person).replace("{credential}", owner.opened_by)
            thing = grant if route.path.startswith("/grants") else session.id
            answer = await other.ask(route.method, filled(path, thing), body if route.method == "POST" else None)
            assert answer.status_code != 401, route
            assert answer.status_code >= 400 or not [mark for mark in marks if mark in answer.text], route
            assert "boxes" not in answer.text or answer.status_code >= 400 or route.path == "/passkeys/options", route
        after = await everything(made.storage)
        for table in set(before) - {"session"}:
            assert ours_in(after[table]) == ours_in(before[table]), table
        assert len(ours_in(after["session"])) == len(ours_in(before["session"]))
        assert [entry for entry in made.ledger.entries if entry.account == AC] == entries
        assert await owner.texts() == ["the owl flies at nine"]


async def test_a_reader_is_refused_whatever_is_not_said_to_be_for_readers(stand: Any) -> None:
    async with stand() as made:
        caller = await account(made)
        await enrolled(made, caller)
        made.clock.advance(1)
        reader = await enrolled(made, caller)
        (_, held) = await made.storage.run(lambda db: members_of(db, AC))
        assert held.role is Role.READER
        before, asked = await everything(made.storage), 0
        for route in surfaces(made.app)["tenant"]:
            if route.method == "POST" and route not in OPEN and DEMANDED.get(route.path) is not Role.READER:
                answer = await reader.ask("POST", filled(route.path, "x"), {})
                assert (answer.status_code, answer.json()["fresh"]) == (403, False), route
                asked += 1
        after = await everything(made.storage)
        assert {name: rows for name, rows in after.items() if name != "session"} == {
            name: rows for name, rows in before.items() if name != "session"
        }
        assert asked >= 6


async def test_a_request_of_staff_is_refused_from_another_site_and_the_second_time(stand: Any) -> None:
    async with stand() as made:
        staff = await made.first()
        (session,) = await Sessions(made.storage, made.clock).open_now("staff")
        for route in surfaces(made.app)["operator"]:
            if route in OPEN or route.method != "GET":
                continue
            path = filled(route.path, session.id)
            assert (await staff.ask("GET", path)).status_code != 401, route
            again = await staff.send(staff.sent[-1])
            assert again.status_code == 401, route
        for route in (one for one in OPEN if one.surface == "operator" and one.method == "POST"):
            answer = await put(made.app, route, route.path, Asker(origin="https://evil.example"), 0)
            assert answer.status == 403, route


async def test_what_changes_something_asks_for_the_passkey_again(stand: Any) -> None:
    async with stand() as made:
        staff = await made.first()
        (session,) = await Sessions(made.storage, made.clock).open_now("staff")
        made.clock.advance(5 * 60_000 + 1)
        noted = list(made.noted)
        changing = [route for route in surfaces(made.app)["operator"] if route.method == "POST" and route not in OPEN]
        for route in changing:
            if (route.method, route.path) not in MILD:
                answer = await staff.ask("POST", filled(route.path, session.id), INSENSITIVE_BODIES)
                assert (answer.status_code, answer.json()["fresh"]) == (403, True), route
        assert made.noted == noted
        assert len(changing) > len(MILD)


async def test_it_is_decided_what_is_open_to_all(stand: Any) -> None:
    async with stand() as made:
        found = surfaces(made.app)
        nobody = Asker()
        for surface in ("operator", "tenant"):
            for route in found[surface]:
                answer = await put(made.app, route, filled(route.path, new_sid("CS")), nobody, 0)
                assert (answer.status == 401) is (route not in OPEN), route
            decided = {route for route in OPEN if route.surface == surface}
            assert decided <= set(found[surface])
        assert set(found["keys"]) == {route for route in OPEN if route.surface == "keys"}


async def test_a_console_is_not_to_be_had_under_another_name(stand: Any) -> None:
    async with stand() as made:
        for host in ("evil.example", "localhost:8421", "operator.localhost", "127.0.0.1:8421", ""):
            for path in ("/", "/healthz", "/sign-in"):
                assert (await ask(made.app, "GET", path, host=host)).status == 421, host


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "GET\r\nX: y"])
async def test_no_other_method_gets_further(stand: Any, method: str) -> None:
    async with stand() as made:
        await made.first()
        for route in surfaces(made.app)["operator"]:
            if route not in OPEN:
                one = route._replace(method=method)
                assert (await put(made.app, one, filled(route.path, "x"), Asker(), 0)).status == 401


def ours_in(rows: list[Any]) -> list[Any]:
    return [row for row in rows if AC in str(row)]


async def everything(storage: Any) -> dict[str, list[Any]]:
    """All that the consoles keep, but for which nonces were used."""

    def work(db: Any) -> dict[str, list[Any]]:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in tables if name != "used_nonce"}

    return dict(await storage.run(work))
