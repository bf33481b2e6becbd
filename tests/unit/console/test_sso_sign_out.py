"""Who signs out here is led to their provider, and who signs out there is signed out here, by its signature alone."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from tests.unit.console.conftest import ORIGINS
from tests.unit.console.test_members import AC, account, enrolled
from tests.unit.console.test_sso import CLIENT, ISSUER, Visitor, let_in, prepared
from tests.unit.console.test_sso import sso as sso

from ringfence.drills.openid_provider import LOGOUT_EVENT, signed, unsigned
from ringfence.drills.staff_browser import Request, Response, answer_of

SIGNED_OUT = f"{ORIGINS.tenant}/sso/signed-out"


async def told(it: Any, token: str | list[str]) -> Response:
    """What the console answers a provider that says so."""
    body = urlencode({"logout_token": token}, doseq=True).encode()
    headers = {
        "host": "console.localhost:8421",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
    }
    return await answer_of(it.app, Request("POST", SIGNED_OUT, headers, body))


async def come(it: Any, visitor: Visitor) -> Visitor:
    """Another browser of the same person, signed in."""
    other = Visitor(it.app, it.clock)
    assert (await other.come(it.provider)).status_code == 200
    return other


async def is_in(visitor: Visitor) -> bool:
    return (await visitor.ask("GET", "/")).status_code == 200


def test_who_signs_out_is_led_to_the_provider_and_nobody_else(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            one, two = await come(it, visitor), await come(it, visitor)
            address = (await one.ask("POST", "/sign-out")).json()["address"]
            assert address.partition("?")[0] == f"{ISSUER}/leave"
            asked = parse_qs(urlsplit(address).query)
            assert asked.pop("id_token_hint")[0].count(".") == 2
            assert asked == {"client_id": [CLIENT], "post_logout_redirect_uri": [f"{ORIGINS.tenant}/sign-in"]}
            assert not await is_in(one)
            # One that has no such page, and one that does not answer: signed out here all the same.
            it.clock.advance(10 * 60_000 + 1)
            it.provider.changed = {"end_session_endpoint": ""}
            assert (await two.ask("POST", "/sign-out")).json() == {"address": ""}
            three = await come(it, visitor)
            it.clock.advance(10 * 60_000 + 1)
            it.provider.changed = {"issuer": "http://evil.localhost:1"}
            assert (await three.ask("POST", "/sign-out")).json() == {"address": ""}
            assert [await is_in(each) for each in (two, three)] == [False, False]
            assert (await owner.sign_in()).status_code == 200
            assert (await owner.ask("POST", "/sign-out")).json() == {}

    run(scene())


def test_a_provider_ends_the_session_or_the_person_that_it_names(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            one = await come(it, visitor)
            it.provider.session = "s2"
            two = await come(it, visitor)
            it.provider.claims = lambda claims: claims.pop("sid")
            nameless = await come(it, visitor)
            # By its name alone.
            answer = await told(it, it.provider.logout_token(CLIENT, sub=None))
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
            assert [await is_in(each) for each in (one, two, nameless, owner)] == [True, False, True, True]
            # A name that is right, of another person.
            it.provider.session = "s1"
            assert (await told(it, it.provider.logout_token(CLIENT, sub="eve"))).status_code == 200
            assert await is_in(one)
            assert (await told(it, it.provider.logout_token(CLIENT))).status_code == 200
            assert [await is_in(each) for each in (one, nameless, owner)] == [False, False, True]
            it.provider.claims = lambda _: None
            again = [await come(it, visitor), await come(it, visitor)]
            assert (await told(it, it.provider.logout_token(CLIENT, sid=None))).status_code == 200
            assert [await is_in(each) for each in again] == [False, False]
            noted = [entry for entry in it.ledger.entries if entry.verb == "note.sso_sign_out"]
            assert len(noted) == 5
            assert {entry.account for entry in noted} == {AC}
            assert all(entry.scope[0].startswith("session:CS") for entry in noted)

    run(scene())


def test_a_logout_token_ends_no_session_made_after_it(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            token = it.provider.logout_token(CLIENT)
            it.clock.advance(60_000)
            early = await come(it, visitor)
            it.clock.advance(1_000)
            late = await come(it, visitor)
            assert (await told(it, token)).status_code == 200
            assert [await is_in(each) for each in (early, late)] == [False, True]

    run(scene())


def test_a_logout_token_that_is_sent_again_ends_no_session_made_since(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            one, token = await come(it, visitor), it.provider.logout_token(CLIENT)
            it.ledger.full = True
            assert (await told(it, token)).status_code == 503
            assert await is_in(one)
            it.ledger.full = False
            it.clock.advance(50_000)
            since = await come(it, visitor)
            for _ in range(2):
                it.clock.advance(5_000)
                assert (await told(it, token)).status_code == 200
                assert [await is_in(each) for each in (one, since)] == [False, True]
            assert [entry.verb for entry in it.ledger.entries].count("note.sso_sign_out") == 1
            # A word of its own is another.
            assert (await told(it, it.provider.logout_token(CLIENT))).status_code == 200
            assert not await is_in(since)

    run(scene())


WRONG: dict[str, Any] = {
    "another issuer": {"iss": "http://evil.localhost:9000"},
    "another client": {"aud": "other"},
    "two clients, made for nobody": {"aud": [CLIENT, "other"]},
    "an ID token": {"events": None, "nonce": "n"},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "events in a list": {"events": [LOGOUT_EVENT]},
    "a nonce": {"nonce": "n"},
    "no name of its own": {"jti": None},
    "nobody": {"sub": None, "sid": None},
    "a person by number": {"sub": 7},
    "a session by number": {"sid": 7},
    "over": {"exp": 1},
    "no end": {"exp": None},
    "made long ago": {"iat": 1},
}


def test_what_no_provider_of_an_account_said_ends_nothing(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            one = await come(it, visitor)
            it.provider.sign = lambda claims: signed(claims, it.provider.key, typ="Logout+JWT")
            sound = it.provider.logout_token(CLIENT)
            it.provider.sign = lambda claims: signed(claims, it.provider.key)
            tokens: dict[str, Any] = {
                name: it.provider.logout_token(CLIENT, **changed) for name, changed in WRONG.items()
            }
            stranger = ec.generate_private_key(ec.SECP256R1())
            it.provider.sign = unsigned
            tokens["none"] = it.provider.logout_token(CLIENT)
            it.provider.sign = lambda claims: signed(claims, stranger)
            tokens["another key"] = it.provider.logout_token(CLIENT)
            it.provider.sign = lambda claims: signed(claims, it.provider.key, typ="at+jwt")
            tokens["of another kind"] = it.provider.logout_token(CLIENT)
            tokens["no token"] = "e30.e30."
            tokens["more than fits"] = f"{sound}{'x' * 20_000}"
            tokens["two of them"] = [sound, "x"]
            for name, token in tokens.items():
                answer = await told(it, token)
                assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"}), name
            assert (await told(it, sound)).status_code == 200
            assert not await is_in(one)
            assert [entry.verb for entry in it.ledger.entries].count("note.sso_sign_out") == 1

    run(scene())


def test_the_provider_is_asked_to_say_it_again_where_its_keys_cannot_be_had(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            one = await come(it, visitor)
            it.clock.advance(10 * 60_000 + 1)
            it.provider.changed = {"jwks_uri": f"{ISSUER}/nowhere"}
            token = it.provider.logout_token(CLIENT)
            assert (await told(it, token)).status_code == 503
            assert await is_in(one)

    run(scene())


def test_nothing_is_taken_where_no_account_has_a_provider(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            await enrolled(it, await account(it))
            token = it.provider.logout_token(CLIENT)
            assert (await told(it, token)).status_code == 400
            assert it.provider.asked == []

    run(scene())
