"""Every route, asked by everybody, for what is another tenant's: nobody gets it.

The routes are read from the apps, so that one that is added later is asked too, or fails here. `pytest -s` shows how
many were asked.
"""

import asyncio
import json
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from tests.api.test_isolation import FORMS, OPERATIONS, Victim
from tests.authorisation.asking import FORM_TYPE, Answer, ask, basic
from tests.authorisation.roles import Cast, Role
from tests.authorisation.surfaces import SERVERS, Open, open_routes, operations_of, servers

from ringfence.api.app import Front, create_app
from ringfence.api.operations import LISTED, Listed
from ringfence.api.permissions import permission_of
from ringfence.api.resource import Operation
from ringfence.carriers.simulator.control import create_app as simulator_app
from ringfence.carriers.simulator.network import Network
from ringfence.domain.clock import SystemClock

T = TypeVar("T")
CANARY = "owl"
JSON_TYPE = b"application/json"
SHARED = {"AccountSid", "Country", "CountryCode", "IsoCode", "PhoneNumber", "Field", "Bucket", "FormType"}
"""Parts of a path that say the same in every account: who asks for them gets its own."""
EMPTY = {("GET", "/2010-04-01/Accounts/{AccountSid}/Calls/{CallSid}/Recordings")}
"""Lists that are empty, and not absent, below what is not there."""
ROLES = 21

OPEN = {
    Open("watch", "GET", "/healthz"): "whether the process answers",
    Open("watch", "GET", "/readyz"): "whether a text would be accepted",
    Open("watch", "GET", "/metrics"): "figures without accounts; under no host name of others",
    Open("watch", "GET", "/"): "leads to the Phones page, in development",
    Open("/timeline", "GET", "/timeline"): "a page that reads by the API, with its reader's credential",
    Open("/timeline", "GET", "/timeline/{sid}"): "the same page, whatever the sid",
    Open("/timeline", "GET", "/timeline/assets/{name}"): "that page's files",
    Open("/timeline", "POST", "/timeline/parcels/{id}"): "a sealed parcel, once, for who has its 128 random bits",
    Open("/invite", "GET", "/invite"): "a page without data",
    Open("/invite", "GET", "/invite/assets/{name}"): "that page's files",
    Open(
        "/invite", "POST", "/invite/take"
    ): "a new account of its own, once, for who has an invitation's 256 random bits",
    Open("/ledger", "GET", "/ledger/checkpoint"): "for witnesses: how many entries there are, and their root",
    Open("/ledger", "GET", "/ledger/cosigned"): "for whoever checks it: what witnesses signed",
    Open("/ledger", "GET", "/ledger/key"): "for witnesses: the public key",
    Open("/ledger", "GET", "/ledger/tile/{path:path}"): "for witnesses: salted hashes",
}
"""Routes for which nobody signs in, and what they tell everybody."""


class HurryingClock(SystemClock):
    """A minute passes whenever somebody looks, so that nobody has failed to sign in too often."""

    _ahead_ms = 0

    def monotonic_ms(self) -> int:
        self._ahead_ms += 60_000
        return super().monotonic_ms() + self._ahead_ms


class Scene:
    """The victim, everybody else, and the API without a socket in between."""

    def __init__(self, installation: Any) -> None:
        self.installation = installation
        self.victim = Victim(installation)
        self.cast = Cast(installation, self.victim)
        front = create_app(replace(installation.deps, registry=CollectorRegistry(), clock=HurryingClock()))
        assert isinstance(front, Front)
        self.front = front
        self.asked = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.installation.loop).result(120)

    async def ask(self, operation: Operation | Listed, path: str, who: bytes | None) -> Answer:
        self.asked += 1
        body = b""
        content_type = FORM_TYPE
        if isinstance(operation, Operation) and operation.body is not None:
            body, content_type = json.dumps({"friendly_name": "theirs"}).encode(), JSON_TYPE
        elif operation.method == "POST":
            body = b"&".join(f"{name}={value}".encode() for name, value in FORMS.items())
        return await ask(self.front, operation.method, path, who, body=body, content_type=content_type)

    def shown(self, answer: Answer, knows: Iterable[str] = ()) -> list[str]:
        """What of the victim's an answer holds."""
        victim = self.victim
        text = answer.text
        for known in knows:
            text = text.replace(known, "")
        things = {*victim.sids.values(), *victim.verify.values(), victim.entity, victim.medium}
        marks = {CANARY, victim.tenant.sid, victim.tenant.token, victim.number, *things}
        return sorted(mark for mark in marks if mark in text)

    def wrong(
        self, operations: Iterable[Operation], account: str, role: Role, allowed: frozenset[int] | None
    ) -> list[str]:
        """The answers that `role` should not have had, asking for the victim's things in `account`.

        `allowed` are the statuses; None where it may ask, and must only not be shown what is the victim's.
        """
        found: list[str] = []

        async def all_of_them() -> None:
            for operation in operations:
                bare = self.victim.path(operation, account)
                for path in (f"{bare}.json", bare):
                    answer = await self.ask(operation, path, role.authorization)
                    may = allowed
                    if may is not None and 404 in may and (operation.method, operation.path) in EMPTY:
                        may |= {200}
                        # It says again what was asked for.
                        answer = answer._replace(text=answer.text.replace(bare, ""))
                    if may is not None and answer.status not in may:
                        found.append(f"{role.name}: {operation.method} {path} answers {answer.status}")
                    if answer.status == 500:
                        found.append(f"{role.name}: {operation.method} {path} fails")
                    if answer.status < 400 and (shown := self.shown(answer, role.knows)):
                        found.append(f"{role.name}: {operation.method} {path} shows {shown}")

        self.run(all_of_them())
        return found


@pytest.fixture(scope="module")
def scene(installation: Any) -> Iterator[Scene]:
    made = Scene(installation)
    yield made
    print(f"\n{made.asked:,} requests: {len(OPERATIONS)} finished operations, {len(LISTED)} of Twilio's, {ROLES} roles")


def in_account(operation: Operation) -> bool:
    return operation.account_in in operation.variables


def named(operation: Operation) -> bool:
    """True where the path names something besides the account."""
    return bool(set(operation.variables) - SHARED) and operation.account_in != "Sid"


@pytest.mark.parametrize("number", range(ROLES))
def test_nothing_of_a_tenant_is_there_for_a_stranger(scene: Scene, number: int) -> None:
    victim, role = scene.victim, scene.cast.strangers[number]
    before = victim.state(scene.installation)
    aimed = [operation for operation in OPERATIONS if in_account(operation) or named(operation) or not role.account]
    # What is for Auth Tokens is refused to a key whatever it names.
    allowed = role.at_anothers | ({401} if role.is_key else set())
    wrong = scene.wrong(aimed, victim.tenant.sid, role, allowed)
    if role.account:
        rest = [operation for operation in OPERATIONS if operation not in aimed]
        wrong += scene.wrong(rest, victim.tenant.sid, role, None)
        # Its own account, and the victim's things in it.
        things = [operation for operation in OPERATIONS if in_account(operation) and named(operation)]
        wrong += scene.wrong(things, role.account, role, allowed)
    assert not wrong, "\n".join(wrong)
    assert victim.state(scene.installation) == before


def test_every_role_has_its_turn(scene: Scene) -> None:
    assert len(scene.cast.strangers) == ROLES


def test_a_tenants_things_are_not_in_its_subaccount(scene: Scene) -> None:
    """Its parent may ask there, and finds there what is there."""
    victim = scene.victim
    parent = Role("its parent", scene.cast.parent, frozenset({404}))
    things = [operation for operation in OPERATIONS if in_account(operation) and named(operation)]
    before = victim.state(scene.installation)
    assert not scene.wrong(things, victim.child.sid, parent, parent.at_anothers)
    assert victim.state(scene.installation) == before


def test_a_subaccount_is_not_there_for_another(scene: Scene) -> None:
    (sibling,) = [role for role in scene.cast.strangers if role.name == "another of its subaccounts"]
    inside = [operation for operation in OPERATIONS if in_account(operation)]
    assert not scene.wrong(inside, scene.victim.child.sid, sibling, frozenset({404}))


def test_a_parent_reaches_its_subaccount(scene: Scene) -> None:
    """Else the two above would hold of an account that nobody reaches."""
    lists = [o for o in OPERATIONS if in_account(o) and not named(o) and o.method == "GET" and o.account_in != "Sid"]
    of_all = [operation for operation in lists if "CountryCode" not in operation.variables]
    parent = Role("its parent", scene.cast.parent, frozenset({200}), knows=scene.cast.of_its_parent)
    assert len(of_all) > 10
    assert not scene.wrong(of_all, scene.victim.child.sid, parent, parent.at_anothers)


def test_a_key_does_not_what_is_for_the_auth_token(scene: Scene) -> None:
    victim = scene.victim
    kept = [operation for operation in OPERATIONS if operation.owner_only]
    assert {operation.path.rpartition("/")[2] for operation in kept} >= {"Keys", "Accounts"}
    before = victim.state(scene.installation)
    key = Role("a key of its own", scene.cast.key, frozenset({401}))
    assert not scene.wrong(kept, victim.tenant.sid, key, key.at_anothers)
    assert victim.state(scene.installation) == before


def test_a_restricted_key_does_what_its_policy_names_and_nothing_else(scene: Scene) -> None:
    """Each operation, by a key that may do everything but that, and by one that may do that alone."""
    victim, store = scene.victim, scene.installation.store
    permitted = [(operation, permission_of(operation)) for operation in OPERATIONS]
    everything = sorted({permission for _, permission in permitted if permission is not None})
    before = victim.state(scene.installation)
    key = victim.tenant.client().new_keys.create()
    who = basic(key.sid, key.secret)

    async def answers(operation: Operation, allow: Iterable[str]) -> tuple[int, int]:
        policy = " ".join(allow)
        await store.restrict_credential(victim.tenant.sid, key.sid, policy=policy, networks="", canary=False, at_ms=0)
        answer = await scene.ask(operation, victim.path(operation, victim.tenant.sid) + ".json", who)
        return answer.status, json.loads(answer.text).get("code", 0) if answer.text else 0

    async def all_of_them() -> None:
        for operation, permission in permitted:
            rest = [other for other in everything if other != permission]
            refused = await answers(operation, rest)
            assert refused == ((401, 20003) if operation.owner_only else (401, 70051)), operation.path
            if operation.method == "GET" and permission is not None:
                assert (await answers(operation, [permission]))[0] in (200, 404), operation.path

    scene.run(all_of_them())
    victim.tenant.client().keys(key.sid).delete()
    assert len(everything) > 100
    assert victim.state(scene.installation) == before


@pytest.mark.parametrize("whose", ["its own device", "another tenant's device"])
def test_a_device_reaches_its_own_identity_alone(scene: Scene, whose: str) -> None:
    victim, cast = scene.victim, scene.cast
    before = victim.state(scene.installation)
    for operation in OPERATIONS:
        # Its login is good for so short a time that it signs one for each.
        login = cast.device(cast.own_device if whose == "its own device" else cast.other_device)
        allowed = frozenset({401} if operation.device is None else {401, 403, 404})
        assert not scene.wrong([operation], victim.tenant.sid, Role(whose, login, allowed), allowed)
    assert victim.state(scene.installation) == before


@pytest.mark.parametrize("token", ["", "x" * 80, "../../etc"])
def test_a_capability_of_nothing_opens_nothing(scene: Scene, token: str) -> None:
    opened = [operation for operation in OPERATIONS if operation.unsigned is not None]
    assert opened

    async def all_of_them() -> set[int]:
        paths = [scene.victim.path(operation, scene.victim.tenant.sid) for operation in opened]
        answers = [await ask(scene.front, "GET", f"{path}?Capability={token}") for path in paths]
        return {answer.status for answer in answers}

    assert scene.run(all_of_them()) <= {401, 404}


def test_a_browsers_cookie_is_nobody(scene: Scene) -> None:
    """The API takes no cookie: what a browser sends by itself signs nobody in."""
    cookie = ((b"cookie", b"session=" + b"0" * 32 + b"; __Host-session=" + b"0" * 32),)

    async def all_of_them() -> set[int]:
        paths = [(o.method, scene.victim.path(o, scene.victim.tenant.sid)) for o in OPERATIONS]
        return {(await ask(scene.front, method, path, headers=cookie)).status for method, path in paths}

    assert scene.run(all_of_them()) == {401}


def test_what_is_not_finished_is_nobodys(scene: Scene) -> None:
    known = [operation for operation in operations_of(scene.front) if isinstance(operation, Listed)]
    assert len(known) > 400
    (other,) = [role for role in scene.cast.strangers if role.name == "another tenant"]

    async def all_of_them() -> dict[str, set[int]]:
        found: dict[str, set[int]] = {"nobody": set(), "other": set()}
        for listed in known:
            path = f"/{listed.product}{listed.path}"
            found["nobody"].add((await scene.ask(listed, path, None)).status)
            found["other"].add((await scene.ask(listed, path, other.authorization)).status)
        return found

    assert scene.run(all_of_them()) == {"nobody": {401}, "other": {501}}


def test_the_router_knows_no_operation_that_is_not_asked_here(scene: Scene) -> None:
    finished = {
        (found.product, found.method, found.path)
        for found in operations_of(scene.front)
        if isinstance(found, Operation)
    }
    assert finished == {(operation.product, operation.method, operation.path) for operation in OPERATIONS}


def test_it_is_decided_what_every_other_route_tells_everybody(scene: Scene) -> None:
    assert set(open_routes(scene.front)) == set(OPEN)
    assert servers() == set(SERVERS)


def test_what_everybody_is_told_is_nothing_of_a_tenant(scene: Scene) -> None:
    victim = scene.victim

    async def all_of_them() -> None:
        for route in OPEN:
            path = route.path.replace("{sid}", victim.message).replace("{id}", victim.message)
            path = path.replace("{name}", "timeline.js").replace("{path:path}", "entries/000")
            answer = await ask(scene.front, route.method, path)
            assert not scene.shown(answer, [victim.message]), route
            if route.surface in ("/timeline", "/invite") or path == "/metrics":
                assert (await ask(scene.front, route.method, path, host="evil.example")).status == 403, route

    scene.run(all_of_them())


def test_the_simulator_answers_no_page_of_anothers() -> None:
    """It is the world outside, in development alone: whoever sits at the machine sees its telephones."""
    app = simulator_app(Network(SystemClock()), asyncio.Event())
    routes = [route for route in open_routes(app, "simulator") if route.path != "/simulator/events"]
    assert len(routes) > 20

    async def all_of_them() -> None:
        for route in routes:
            for host in ("evil.example", "127.0.0.1.evil.example", ""):
                assert (await ask(app, route.method, route.path, host=host)).status == 403, route
            if route.method != "GET":
                for headers in (((b"origin", b"https://evil.example"),), ((b"sec-fetch-site", b"cross-site"),)):
                    assert (await ask(app, route.method, route.path, headers=headers)).status == 403, route

    asyncio.run(all_of_them())
