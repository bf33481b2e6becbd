"""A sign-in through a provider: what its browser is sent away with, and all that must fit when it comes back."""

import hashlib
import sys
from operator import methodcaller
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.unit.console.conftest import ORIGINS
from tests.unit.console.sso_parts import CLIENT, ISSUER, KEY, Parts, nothing, query_of, refusal
from tests.unit.console.test_members import AC, OTHER
from tests.unit.console.test_sso import sso as sso

from ringfence.console.request_signature import PublicJwk
from ringfence.console.tenant.member_rows import end_without_passkey
from ringfence.console.tenant.sso import sign_in as module
from ringfence.console.tenant.sso.rows import SsoPerson, SsoSession, forget_person, keep_person
from ringfence.console.tenant.sso.sign_in import CODE_MAX, LIFE_MS, WAITING_MAX
from ringfence.domain.base64url import encode_base64url
from ringfence.ports.http import HttpRequest, HttpResponse
from ringfence.usecases.access.freeze import freeze

NONE = ("There is no sign-in through an organisation for that account.", 404)
TOO_LATE = ("This took too long, or was begun in another browser: begin again.", 401)
REFUSED = ("Your organisation's sign-in was not taken: begin again, or use your passkey.", 401)
WEAK = (
    "Your organisation does not say that you used a security key or a passkey: sign in with your passkey here.",
    401,
)
FULL = ("Too many wait to be let in: ask an owner of the account.", 403)


def test_a_browser_is_sent_away_with_what_binds_the_answer_to_it_anew_each_time(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare("phr", "hwk", "phrh")
            address, browser = await parts.sign_in.begin(AC, KEY)
            other, other_browser = await parts.sign_in.begin(AC, KEY)
            assert address.partition("?")[0] == f"{ISSUER}/authorize"
            asked, again = query_of(address), query_of(other)
            assert asked == again | {
                "response_type": "code",
                "scope": "openid email",
                "client_id": CLIENT,
                "redirect_uri": f"{ORIGINS.tenant}/sso/callback",
                "code_challenge_method": "S256",
                "acr_values": "phr phrh",
                "state": asked["state"],
                "nonce": asked["nonce"],
                "code_challenge": asked["code_challenge"],
            }
            for name in ("state", "nonce", "code_challenge"):
                assert asked[name] != again[name], name
            assert browser != other_browser
            assert len({asked["nonce"], asked["code_challenge"], asked["state"].partition(".")[2]}) == 3
            assert [len(asked["nonce"]), len(asked["code_challenge"]), len(browser)] == [43, 43, 43]

    run(scene())


def test_a_class_is_asked_for_only_where_one_is_accepted_and_an_addresss_own_query_is_kept(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            it.provider.changed = {"authorization_endpoint": f"{ISSUER}/authorize?tenant=acme"}
            parts = await Parts(it).prepare("hwk", "sc")
            asked = query_of((await parts.sign_in.begin(AC, KEY))[0])
            assert (asked["tenant"], "acr_values" in asked, asked["response_type"]) == ("acme", False, "code")

    run(scene())


def test_the_verifier_of_a_code_is_what_was_promised(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            await parts.let_in()
            came, browser = await parts.begun()
            promised = it.provider.codes[came["code"]]["code_challenge"]
            bodies, send = [], it.provider.send

            async def heard(request: HttpRequest) -> HttpResponse:
                bodies.append(request.body.decode())
                answer: HttpResponse = await send(request)
                return answer

            it.provider.send = heard
            await parts.finish(came, browser)
            (form,) = (query_of(f"?{body}") for body in bodies if body)
            assert encode_base64url(hashlib.sha256(form["code_verifier"].encode()).digest()) == promised
            assert (form["client_id"], form["redirect_uri"]) == (CLIENT, f"{ORIGINS.tenant}/sso/callback")

    run(scene())


def test_what_cannot_begin_says_why(run: Any, sso: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            wrong = PublicJwk(kty="EC", crv="P-256", x="AA", y="AA")
            assert await refusal(parts.sign_in.begin(AC, wrong)) == ("no session's key", 400)
            for name in (OTHER, "x", ""):
                assert await refusal(parts.sign_in.begin(name, KEY)) == NONE
            it.provider.changed = {"issuer": "http://evil.localhost"}
            away = ("Your organisation's sign-in does not answer.", 503)
            with capture_logs() as logged:
                assert await refusal(parts.sign_in.begin(AC, KEY)) == away
            assert logged == [{"event": "console.sso_provider", "cause": "issuer", "log_level": "warning"}]
            closed, _ = parts.ways(None)
            assert await refusal(closed.begin(AC, KEY)) == NONE
            assert await refusal(closed.finish("x", "x", "", "x")) == NONE
            monkeypatch.setitem(sys.modules, "joserfc", None)
            missing = ("Sign-in through an organisation needs ringfence[sso].", 501)
            assert await refusal(parts.sign_in.begin(AC, KEY)) == missing
            assert await refusal(parts.sign_in.finish("x", "x", "", "x")) == missing

    run(scene())


def test_who_is_let_in_gets_a_session_of_the_browser_that_began_which_counts_as_no_passkey_shown(
    run: Any, sso: Any
) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            person = await parts.let_in()
            cookie = await parts.come()
            (session,) = [each for each in await parts.sessions.open_now("member") if each.verified_ms == 0]
            (known,) = await parts.people_of()
            assert (session.person, session.account, session.public_jwk) == (known.member, AC, KEY)
            assert await parts.sessions.is_of(session.id, cookie)
            (entry,) = [each for each in it.ledger.entries if each.verb == "note.sign_in"]
            assert (entry.account, entry.actor) == (AC, f"member:{known.member}")
            assert list(entry.scope) == [session.scope, f"sso:{person}"]
            assert await parts.sso_session(session.id) == SsoSession(
                session=session.id, account=AC, issuer=ISSUER, client_id=CLIENT, subject="ada", sid="s1"
            )
            assert parts.id_tokens.take(session.id).count(".") == 2
            it.clock.advance(LIFE_MS + 1)
            await parts.come()
            assert parts.asked_for == {AC}

    run(scene())


def test_who_is_not_let_in_waits_once_under_the_name_that_people_know(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            for _ in range(2):
                assert (await refusal(parts.come()))[1] == 403
                (waits,) = await parts.people_of()
                it.clock.advance(1)
            assert waits == SsoPerson(
                account=AC,
                issuer=ISSUER,
                subject="ada",
                id=waits.id,
                shown="ada@acme.example",
                member="",
                asked_ms=it.clock.now_ms() - 2,
            )
            assert waits.id.startswith("SP")
            assert await parts.open() == {parts.owner.id}

    run(scene())


def test_fifty_wait_at_most_and_those_who_are_let_in_do_not_count(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            await parts.let_in()

            def crowd(db: Any) -> None:
                for n in range(WAITING_MAX - 1):
                    one = SsoPerson(
                        account=AC, issuer=ISSUER, subject=str(n), id=f"SP{n}", shown="", member="", asked_ms=1
                    )
                    keep_person(db, one)

            await it.storage.run(crowd)
            it.provider.subject = "eve"
            assert (await refusal(parts.come()))[0].startswith("You are known now")
            it.provider.subject = "mallory"
            assert await refusal(parts.come()) == FULL
            assert len(await parts.people_of()) == WAITING_MAX + 1
            it.provider.subject = "eve"
            assert (await refusal(parts.come()))[0].startswith("You are known now")

    run(scene())


def test_an_answer_is_taken_in_its_browser_within_ten_minutes_and_once(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            await parts.let_in()
            came, browser = await parts.begun()
            _, other = await parts.begun()
            assert await refusal(parts.finish(came, other)) == TOO_LATE
            assert await refusal(parts.finish(came, "")) == TOO_LATE
            it.clock.advance(LIFE_MS - 1)
            await parts.finish(came, browser)
            again, _ = await parts.begun()
            assert await refusal(parts.finish(came | {"code": again["code"]}, browser)) == TOO_LATE
            late, browser = await parts.begun()
            it.clock.advance(LIFE_MS)
            assert await refusal(parts.finish(late, browser)) == TOO_LATE

    run(scene())


def test_no_state_is_taken_that_was_not_given_and_no_code_that_is_none(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            await parts.let_in()
            came, browser = await parts.begun()
            said, _, mac = came["state"].partition(".")
            for state in (
                "",
                ".",
                "x",
                said,
                f"{said}.",
                f".{mac}",
                f"{said}.{mac[:-1]}",
                f"!{said}.{mac}",
                f"{said}.é",
            ):
                assert await refusal(parts.finish(came | {"state": state}, browser)) == TOO_LATE, state
            for code in ("", "c" * (CODE_MAX + 1)):
                assert await refusal(parts.finish(came | {"code": code}, browser)) == TOO_LATE
            for code in ("c", "c" * CODE_MAX):
                assert await refusal(parts.finish(came | {"code": code}, browser)) == REFUSED
            await parts.finish(came, browser)

    run(scene())


@pytest.mark.parametrize("changed", [{"issuer": "http://new.localhost"}, {"client_id": "new"}])
def test_what_was_begun_with_another_provider_is_not_finished_with_this_one(run: Any, sso: Any, changed: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            came, browser = await parts.begun()
            await parts.name_provider(**changed)
            assert await refusal(parts.finish(came, browser)) == TOO_LATE
            assert await parts.people_of() == []

    run(scene())


def test_who_put_the_code_there_is_the_provider_or_where_it_never_says_nobody(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            await parts.let_in()
            came, browser = await parts.begun()
            with capture_logs() as logged:
                assert await refusal(parts.finish(came | {"iss": f"{ISSUER}/"}, browser)) == REFUSED
            told = {"event": "console.sso_refused", "cause": "iss beside the code", "log_level": "warning"}
            assert logged == [told]
            await parts.finish(came | {"iss": ""}, browser)
            it.clock.advance(LIFE_MS + 1)
            it.provider.changed = {"authorization_response_iss_parameter_supported": True}
            came, browser = await parts.begun()
            assert await refusal(parts.finish(came | {"iss": ""}, browser)) == REFUSED
            await parts.finish(came, browser)

    run(scene())


@pytest.mark.parametrize(
    ("claims", "told", "why"),
    [
        ({"amr": ["pwd"]}, WEAK, "weak"),
        ({"nonce": "x"}, REFUSED, "nonce"),
        ({"iss": "x"}, REFUSED, "iss"),
        ({"aud": "x"}, REFUSED, "aud"),
        ({"iat": 1}, REFUSED, "iat"),
    ],
)
def test_a_token_must_be_for_this_sign_in_and_say_how_and_a_log_has_one_word_of_it(
    run: Any, sso: Any, claims: Any, told: Any, why: str
) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            await parts.let_in()
            it.provider.claims = methodcaller("update", claims)
            with capture_logs() as logged:
                assert await refusal(parts.come()) == told
            assert logged == [{"event": "console.sso_refused", "cause": why, "log_level": "warning"}]

    run(scene())


def test_a_tokens_times_are_held_against_the_second_that_it_is(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            await parts.let_in()
            now_s = it.clock.now_ms() // 1_000
            it.provider.claims = methodcaller("update", {"iat": now_s + 60})
            await parts.come()
            it.provider.claims = methodcaller("update", {"iat": now_s + 61})
            assert await refusal(parts.come()) == REFUSED

    run(scene())


def test_a_provider_that_goes_away_in_between_is_no_way_in(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            came, browser = await parts.begun()
            it.provider.keys = []
            assert await refusal(parts.finish(came, browser)) == REFUSED
            it.provider.changed = {"jwks_uri": f"{ISSUER}/nowhere"}
            it.clock.advance(LIFE_MS + 1)
            with capture_logs() as logged:
                assert await refusal(parts.come()) == REFUSED
            assert logged == [{"event": "console.sso_refused", "cause": "http 11205", "log_level": "warning"}]

    run(scene())


def test_nobody_comes_into_an_account_that_stands_still(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            await parts.let_in()
            assert await freeze(it.store, it.clock, "account", AC)
            words, status = await refusal(parts.come())
            assert (words.startswith("This account is frozen, since"), status) == (True, 403)
            assert await parts.open() == {parts.owner.id}

    run(scene())


@pytest.mark.parametrize("what", ["forgotten", "removed"])
def test_whoever_is_let_out_while_it_is_written_down_stays_out(run: Any, sso: Any, what: str) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            person = await parts.let_in()
            (known,) = await parts.people_of()

            async def out() -> None:
                if what == "forgotten":
                    await it.storage.run(lambda db: forget_person(db, AC, person))
                else:
                    await it.storage.run(lambda db: end_without_passkey(db, known.member, 1))

            parts.ledger.then = out
            assert await refusal(parts.come()) == REFUSED
            assert await parts.open() == {parts.owner.id}
            parts.ledger.then = nothing

    run(scene())


def test_so_many_answers_are_remembered_that_none_is_taken_twice_and_no_more_than_fit(
    run: Any, sso: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with sso() as it:
            monkeypatch.setattr(module, "USED_MAX", 2)
            parts = await Parts(it).prepare()
            await parts.let_in()
            it.clock.advance(1)
            await parts.come()
            assert await refusal(parts.come()) == TOO_LATE
            # The first is too old to be taken again from now on, and need not be remembered.
            it.clock.advance(LIFE_MS - 1)
            await parts.come()
            assert await refusal(parts.come()) == TOO_LATE

    run(scene())
