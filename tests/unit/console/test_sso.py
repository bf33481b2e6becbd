"""Members come through their organisation's provider: with a strong sign-in, let in by an owner, and in no other way.

The provider is one of the test's own, with keys of joserfc, behind the port of outgoing HTTP.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from functools import partial
from operator import methodcaller
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from tests.unit.console.conftest import ORIGINS
from tests.unit.console.test_grant_routes import CALLER
from tests.unit.console.test_members import AC, OTHER, TOKEN, Member, account, enrolled, give_role, text

from ringfence.console.sessions import Sessions
from ringfence.console.tenant.sso.signed_token import usable_keys
from ringfence.domain.base64url import encode_base64url
from ringfence.drills.openid_provider import OpenIdProvider, public_jwk, signed, unsigned

ISSUER, CLIENT = "http://idp.localhost:9000", "ringfence-console"
OTHERS = ECKey.generate_key("P-256", parameters={"kid": "es", "use": "sig"})
RS = RSAKey.generate_key(2048, parameters={"kid": "rs", "use": "sig"})
SHARED = OctKey.import_key(hashlib.sha256(b"shared").hexdigest(), parameters={"kid": "hs", "use": "sig"})


class Visitor(Member):
    """A person whose browser has the cookie of what it began."""

    async def begin(self, sid: str = AC) -> Any:
        self.cookie = ""
        return await self.ask("POST", "/sso/begin", {"account": sid, "key": self.key.jwk}, signed=False)

    async def come(self, provider: OpenIdProvider, **changed: str) -> Any:
        begun = await self.begin()
        assert begun.status_code == 200, begun.text
        came = provider.authorize(begun.json()["address"]) | changed
        assert provider.codes[came["code"]]["redirect_uri"] == f"{ORIGINS.tenant}/sso/callback"
        return await self.finish(came | changed)

    async def finish(self, came: dict[str, str]) -> Any:
        return await self.ask("POST", "/sso/finish", came, signed=False)


@pytest.fixture
def sso(stand: Any, clock: Any) -> Any:
    """Both consoles, with a provider."""
    return lambda: stand(provider=OpenIdProvider(ISSUER, clock.now_ms))


async def prepared(it: Any) -> tuple[Member, Visitor]:
    """An owner who named the provider, and a visitor."""
    owner = await enrolled(it, await account(it))
    wanted = {"issuer": ISSUER, "client_id": CLIENT, "accepted": ["phr", "hwk"]}
    answer = await owner.ask("POST", "/organisation", wanted)
    assert answer.status_code == 200, answer.text
    return owner, Visitor(it.app, it.clock)


async def let_in(it: Any, owner: Member, visitor: Visitor) -> None:
    waits = await visitor.come(it.provider)
    assert (waits.status_code, "an owner of the account lets you in" in waits.text) == (403, True)
    page = (await owner.page("/organisation")).text
    person = page.partition("/organisation/SP")[2].partition("/let-in")[0]
    assert (await owner.ask("POST", f"/organisation/SP{person}/let-in", {})).status_code == 200


def test_whom_an_owner_let_in_comes_and_reads_with_a_secret_of_the_account_alone(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await text(it, CALLER, "hello")
            await let_in(it, owner, visitor)
            assert (await visitor.come(it.provider)).status_code == 200
            assert AC in (await visitor.page("/")).text
            # A reader, who reads nothing yet, and whose passkey is asked for in vain.
            sealed = {"wanted": {}, "credential": owner.opened_by}
            assert (await visitor.ask("POST", "/texts/sealed", sealed)).status_code == 409
            assert (await visitor.ask("POST", "/verify/options")).json()["options"] is None
            for path in ("/organisation", "/organisation/unset", "/passkeys/options"):
                assert (await visitor.ask("POST", path, {})).status_code == 403
            visitor.open(AC, TOKEN, (await visitor.ask("POST", "/boxes", {"credential": AC})).json()["boxes"])
            assert await visitor.texts() == ["hello"]
            verbs = [entry.verb for entry in it.ledger.entries]
            assert verbs.index("note.set_sso") < verbs.index("note.let_in") < verbs.index("note.sign_in", 9)
            # Who has no passkey here is given no more than that.
            assert (await give_last(owner, "owner")).status_code == 409

    run(scene())


async def give_last(owner: Member, role: str) -> Any:
    page = (await owner.page("/organisation")).text
    member = page.partition("<td><code>MB")[2].partition("<")[0]
    return await owner.ask("POST", f"/members/MB{member}/role", {"role": role})


def signed_by(key: Any, **header: Any) -> Callable[..., str]:
    return lambda claims, provider: jwt.encode(header, claims, key, algorithms=[header["alg"]])


def confused(claims: dict[str, Any], provider: OpenIdProvider) -> str:
    """By HS256, with the provider's public key for the secret."""
    head, body = (encode_base64url(json.dumps(one).encode()) for one in ({"alg": "HS256", "kid": "es"}, claims))
    public = provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mac = hmac.digest(public, f"{head}.{body}".encode(), hashlib.sha256)
    return f"{head}.{body}.{encode_base64url(mac)}"


WRONG_SIGNATURES = {
    "none": lambda claims, provider: unsigned(claims),
    "cut": lambda claims, provider: signed(claims, provider.key).rpartition(".")[0] + ".",
    "another key of that name": signed_by(OTHERS, alg="ES256", kid="es"),
    "a shared secret": signed_by(SHARED, alg="HS256", kid="hs"),
    "the public key as a secret": confused,
    "an unknown key": lambda claims, provider: signed(claims, provider.key, "zz"),
    "no key named": signed_by(OTHERS, alg="ES256"),
    "another algorithm": signed_by(RS, alg="RS384", kid="rs"),
    "a logout token's head": lambda claims, provider: signed(claims, provider.key, typ="logout+jwt"),
    "no token": lambda claims, provider: "a.b.c",
}
WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "http://evil.localhost:9000"},
    "another client": {"aud": "other"},
    "two clients, made for another": {"aud": [CLIENT, "other"], "azp": "other"},
    "two clients, made for nobody": {"aud": [CLIENT, "other"]},
    "another nonce": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "over": {"exp": -3_600},
    "no end": {"exp": None},
    "an end in words": {"exp": "soon"},
    "made long ago": {"iat": -3_600},
    "made later": {"iat": 3_600},
    "not yet": {"nbf": 3_600},
    "nobody": {"sub": ""},
    "a number": {"sub": 7},
    "a password and a code": {"amr": ["pwd", "otp", "mfa"]},
    "nothing of how": {"amr": None},
    "a way in the place of a list": {"amr": "hwk"},
    "strong, and not accepted here": {"amr": ["sc"]},
}


def test_a_token_that_the_provider_did_not_sign_opens_no_session(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            it.provider.keys += [RS.as_dict(private=False), SHARED.as_dict(private=True)]
            it.clock.advance(11 * 60_000)
            for wrong, sign in WRONG_SIGNATURES.items():
                it.provider.sign = partial(sign, provider=it.provider)
                await refused(it, visitor, visitor.come(it.provider), wrong)

    run(scene())


def test_a_token_that_says_something_else_opens_no_session(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            now_s = it.clock.now_ms() // 1_000
            for wrong, changed in WRONG_CLAIMS.items():
                moved = {
                    name: now_s + value if name in ("exp", "iat", "nbf") and isinstance(value, int) else value
                    for name, value in changed.items()
                }
                it.provider.claims = methodcaller("update", moved)
                await refused(it, visitor, visitor.come(it.provider), wrong)

    run(scene())


async def refused(it: Any, visitor: Visitor, coming: Any, why: str = "") -> None:
    """401, no cookie of a session, and no session."""
    open_before = await Sessions(it.storage, it.clock).open_now("member")
    answer = await coming
    assert answer.status_code == 401, why or answer.text
    assert "ringfence_session" not in str(answer.headers)
    assert await Sessions(it.storage, it.clock).open_now("member") == open_before


def test_what_was_begun_is_finished_once_in_its_browser_and_in_time(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            came = it.provider.authorize((await visitor.begin()).json()["address"])
            # Another browser has not the cookie; another state, nor another issuer beside the code, is ours.
            thief = Visitor(it.app, it.clock)
            await thief.begin()
            await refused(it, thief, thief.finish(came))
            for wrong in (
                {"state": "A" + came["state"]},
                {"state": f"{came['state'][:-2]}AA"},
                {"state": "x"},
                {"iss": "http://evil"},
                {"code": ""},
            ):
                await refused(it, visitor, visitor.finish(came | wrong))
            begun = visitor.cookie
            assert (await visitor.finish(came)).status_code == 200
            visitor.cookie = begun
            again = it.provider.authorize((await visitor.begin()).json()["address"])
            await refused(it, visitor, visitor.finish(came | {"code": again["code"]}))
            # A code that was meant for another sign-in does not fit the verifier of this one.
            one = it.provider.authorize((await visitor.begin()).json()["address"])
            two = it.provider.authorize((await visitor.begin()).json()["address"])
            await refused(it, visitor, visitor.finish(two | {"code": one["code"]}))
            late = it.provider.authorize((await visitor.begin()).json()["address"])
            it.clock.advance(10 * 60_000)
            await refused(it, visitor, visitor.finish(late))

    run(scene())


def test_a_provider_that_promises_its_name_beside_the_code_is_held_to_it(run: Any, sso: Any) -> None:
    """RFC 9207: another provider's answer is not passed off as this one's."""

    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            assert (await visitor.come(it.provider, iss="")).status_code == 200
            it.clock.advance(10 * 60_000 + 1)
            it.provider.changed = {"authorization_response_iss_parameter_supported": True}
            for iss in ("", "http://evil.localhost:9000", f"{ISSUER}/"):
                await refused(it, visitor, visitor.come(it.provider, iss=iss))
            assert (await visitor.come(it.provider)).status_code == 200

    run(scene())


def test_a_class_of_authentication_is_asked_for_and_counts_as_a_way_does(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            begun = (await visitor.begin()).json()["address"]
            assert parse_qs(urlsplit(begun).query)["acr_values"] == ["phr"], "of those the owner chose, phr and hwk"
            for acr, status in (("phr", 200), ("phrh", 401), ("urn:mace:incommon:iap:silver", 401), (["phr"], 401)):
                it.provider.claims = methodcaller("update", {"amr": None, "acr": acr})
                assert (await visitor.come(it.provider)).status_code == status, acr

    run(scene())


def test_a_session_is_bound_to_the_key_of_the_browser_that_began(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            assert (await visitor.come(it.provider)).status_code == 200
            thief = Visitor(it.app, it.clock)
            thief.cookie = visitor.cookie
            assert (await thief.ask("GET", "/")).status_code == 401
            assert (await visitor.ask("GET", "/")).status_code == 200

    run(scene())


def test_a_provider_that_is_not_what_was_named_is_not_asked_for_anybody(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            _, visitor = await prepared(it)
            for wrong in (
                {"issuer": "http://evil.localhost:9000"},
                {"token_endpoint": "http://evil.example/token"},
                {"jwks_uri": "file:///etc/passwd"},
                {"authorization_endpoint": "javascript:alert(1)"},
                {"token_endpoint": 7},
            ):
                it.provider.changed = wrong
                it.clock.advance(10_000)
                asked = len(it.provider.asked)
                for _ in range(3):
                    assert (await visitor.begin()).status_code == 503, wrong
                assert len(it.provider.asked) == asked + 1
            assert set(it.provider.asked) == {"/.well-known/openid-configuration"}
            it.provider.changed = {}
            it.clock.advance(10_000)
            assert (await visitor.begin(OTHER)).status_code == 404
            assert (await visitor.begin("x")).status_code == 404
            asked = len(it.provider.asked)
            for _ in range(3):
                assert (await visitor.begin()).status_code == 200
            assert len(it.provider.asked) == asked + 1

    run(scene())


@pytest.mark.parametrize(
    "wrong",
    [
        {"accepted": []},
        {"accepted": ["hwk", "pwd"]},
        {"accepted": ["otp"]},
        {"issuer": "http://idp.example"},
        {"issuer": "https://user:secret@idp.example"},
        {"issuer": "https://"},
        {"client_id": ""},
    ],
)
def test_an_owner_names_a_provider_that_can_be_strong_and_nobody_else_does(run: Any, sso: Any, wrong: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            caller = await account(it)
            owner = await enrolled(it, caller)
            wanted = {"issuer": ISSUER, "client_id": CLIENT, "accepted": ["hwk"]}
            assert (await owner.ask("POST", "/organisation", wanted | wrong)).status_code == 400
            it.clock.advance(1)
            reader = await enrolled(it, caller)
            await give_role(it, owner, "approver")
            assert (await reader.ask("POST", "/organisation", wanted)).status_code == 403
            it.clock.advance(5 * 60_000 + 1)
            assert (await owner.ask("POST", "/organisation", wanted)).json()["fresh"] is True

    run(scene())


@pytest.mark.parametrize("way", ["forget", "unset", "another provider"])
def test_who_is_let_out_is_signed_out(run: Any, sso: Any, way: str) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            assert (await visitor.come(it.provider)).status_code == 200
            page = (await owner.page("/organisation")).text
            person = "SP" + page.partition("/organisation/SP")[2].partition("/")[0]
            other = {"issuer": "http://other.localhost:1", "client_id": CLIENT, "accepted": ["hwk"]}
            path = {"forget": f"/organisation/{person}/forget", "unset": "/organisation/unset"}.get(
                way, "/organisation"
            )
            assert (await owner.ask("POST", path, other)).status_code == 200
            assert (await visitor.ask("GET", "/")).status_code == 401
            assert (await owner.ask("GET", "/")).status_code == 200
            if way == "forget":
                assert (await visitor.come(it.provider)).status_code == 403

    run(scene())


def test_a_short_key_a_shared_secret_and_one_to_encrypt_with_sign_nothing() -> None:
    short, encrypts = {"kty": "RSA", "n": "A" * 171, "e": "AQAB"}, RS.as_dict(private=False) | {"use": "enc"}
    assert usable_keys([short, encrypts, SHARED.as_dict(), {"kty": "EC", "crv": "secp256k1"}, {}]) == []
    assert len(usable_keys([RS.as_dict(private=False), OTHERS.as_dict(private=False)])) == 2


def test_a_token_signed_by_a_key_that_came_since_is_taken(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            owner, visitor = await prepared(it)
            await let_in(it, owner, visitor)
            it.provider.keys = [public_jwk(it.provider.key, "new")]
            it.provider.sign = lambda claims: signed(claims, it.provider.key, "new")
            await refused(it, visitor, visitor.come(it.provider))
            it.clock.advance(60_001)
            assert (await visitor.come(it.provider)).status_code == 200

    run(scene())
