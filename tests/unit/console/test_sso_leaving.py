"""Who leaves here is told where to leave there; and whom a logout token is about, of all who came by that provider."""

import sys
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.unit.console.conftest import ORIGINS
from tests.unit.console.sso_parts import CLIENT, ISSUER, Parts, query_of
from tests.unit.console.test_members import AC, OTHER, account
from tests.unit.console.test_sso import sso as sso

from ringfence.console.sessions import Session
from ringfence.console.tenant.sso.provider import KEPT_MS, ProviderFailedError
from ringfence.console.tenant.sso.rows import SsoSession, keep_sso_session
from ringfence.console.tenant.sso.signed_token import AGE_MAX_S, SKEW_S, TokenRefusedError


async def sso_session(parts: Parts, subject: str, sid: str, at: str = AC, **changed: str) -> Session:
    """One that came by a provider, now."""
    session = parts.session(f"MB{subject}", at, verified_ms=0)
    came = {"issuer": ISSUER, "client_id": CLIENT, "subject": subject, "sid": sid} | changed
    kept = SsoSession(session=session.id, account=at, **came)
    await parts.sessions.keep(session, session.id, beside=lambda db: keep_sso_session(db, kept))
    parts.id_tokens.keep(session.id, "a.b.c")
    return session


async def left(parts: Parts, session: Session) -> Any:
    return await (await parts.sign_out.leaving(session))()


async def refused(parts: Parts, token: str) -> str:
    with pytest.raises(TokenRefusedError) as error:
        await parts.sign_out.by_provider(token)
    return str(error.value)


def test_who_came_by_a_provider_leaves_there_with_the_token_that_they_came_with(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            one = await sso_session(parts, "ada", "s1")
            address = (await left(parts, one))["address"]
            assert address.partition("?")[0] == f"{ISSUER}/leave"
            asked = {"client_id": CLIENT, "post_logout_redirect_uri": f"{ORIGINS.tenant}/sign-in"}
            assert query_of(address) == asked | {"id_token_hint": "a.b.c"}
            # It is given once.
            assert query_of((await left(parts, one))["address"]) == asked
            it.provider.changed = {"end_session_endpoint": f"{ISSUER}/leave?tenant=acme"}
            it.clock.advance(KEPT_MS + 1)
            address = (await left(parts, one))["address"]
            assert (address.count("?"), query_of(address)) == (1, asked | {"tenant": "acme"})
            assert await left(parts, parts.owner) == {}
            assert parts.asked_for == {AC}

    run(scene())


def test_who_leaves_is_led_nowhere_where_the_provider_has_no_such_page_or_does_not_answer(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            one = await sso_session(parts, "ada", "s1")
            for changed, why in (({"end_session_endpoint": ""}, ""), ({"issuer": "http://evil.localhost"}, "issuer")):
                it.provider.changed = changed
                it.clock.advance(KEPT_MS + 1)
                with capture_logs() as logged:
                    assert await left(parts, one) == {"address": ""}
                told = {"event": "console.sso_provider", "cause": why, "log_level": "warning"}
                assert logged == ([told] if why else [])
            _, parts.sign_out = parts.ways(None)
            assert await left(parts, one) == {"address": ""}

    run(scene())


def test_each_session_that_is_meant_ends_with_its_token_in_the_ledger_first(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            ended, stays = await sso_session(parts, "ada", "s1"), await sso_session(parts, "ada", "s2")
            noted: list[set[str]] = []

            async def look() -> None:
                noted.append(await parts.open())

            parts.ledger.then = look
            await parts.sign_out.by_provider(it.provider.logout_token(CLIENT))
            assert noted == [{parts.owner.id, ended.id, stays.id}]
            assert await parts.open() == {parts.owner.id, stays.id}
            assert parts.asked_for == {AC}
            (entry,) = [each for each in it.ledger.entries if each.verb == "note.sso_sign_out"]
            assert (entry.account, entry.actor, list(entry.scope)) == (AC, "member:MBada", [ended.scope])
            assert (parts.id_tokens.take(ended.id), parts.id_tokens.take(stays.id)) == ("", "a.b.c")

    run(scene())


@pytest.mark.parametrize(
    ("claims", "ends"),
    [
        ({}, {"ada s1", "ada unnamed"}),
        ({"sid": None}, {"ada s1", "ada s2", "ada unnamed"}),
        ({"sub": None}, {"ada s1", "eve s1"}),
        ({"sid": "s2"}, {"ada s2", "ada unnamed"}),
        ({"sub": "eve", "sid": None}, {"eve s1"}),
        ({"sub": "nobody"}, set()),
    ],
)
def test_a_token_is_about_a_person_a_session_or_one_session_of_a_person(
    run: Any, sso: Any, claims: Any, ends: set[str]
) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            made = {
                "ada s1": await sso_session(parts, "ada", "s1"),
                "ada s2": await sso_session(parts, "ada", "s2"),
                "ada unnamed": await sso_session(parts, "ada", ""),
                "eve s1": await sso_session(parts, "eve", "s1"),
            }
            for changed in ({"issuer": "http://other.localhost"}, {"client_id": "other"}):
                made[str(changed)] = await sso_session(parts, "ada", "s1", **changed)
            await parts.sign_out.by_provider(it.provider.logout_token(CLIENT, **claims))
            there = await parts.open()
            assert {name for name, session in made.items() if session.id not in there} == ends

    run(scene())


def test_all_accounts_that_the_provider_serves_by_that_client_are_left(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            await account(it, OTHER)
            await parts.name_provider(account=OTHER)
            await sso_session(parts, "ada", "s1")
            await sso_session(parts, "ada", "s1", OTHER)
            await parts.sign_out.by_provider(it.provider.logout_token(CLIENT))
            assert await parts.open() == {parts.owner.id}
            noted = [each.account for each in it.ledger.entries if each.verb == "note.sso_sign_out"]
            assert sorted(noted) == [AC, OTHER]

    run(scene())


def test_what_was_made_a_minute_after_the_token_by_its_providers_clock_stays(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            it.clock.advance(1_000 - it.clock.now_ms() % 1_000)
            token = it.provider.logout_token(CLIENT)
            it.clock.advance(SKEW_S * 1_000)
            early = await sso_session(parts, "ada", "s1")
            it.clock.advance(1)
            late = await sso_session(parts, "ada", "s1")
            assert early.id != late.id
            await parts.sign_out.by_provider(token)
            assert await parts.open() == {parts.owner.id, late.id}

    run(scene())


def test_what_was_made_since_a_token_first_came_stays_when_it_comes_again(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            token = it.provider.logout_token(CLIENT)
            await parts.sign_out.by_provider(token)
            it.clock.advance(1)
            since = await sso_session(parts, "ada", "s1")
            await parts.sign_out.by_provider(token)
            assert since.id in await parts.open()
            await parts.sign_out.by_provider(it.provider.logout_token(CLIENT))
            assert since.id not in await parts.open()

    run(scene())


def test_a_token_is_taken_for_eleven_minutes_to_the_second(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            made_s = it.clock.now_ms() // 1_000
            token = it.provider.logout_token(CLIENT, exp=made_s + 3_600)
            it.clock.advance((made_s + AGE_MAX_S + SKEW_S + 1) * 1_000 - 1 - it.clock.now_ms())
            await parts.sign_out.by_provider(token)
            it.clock.advance(1)
            assert await refused(parts, token) == "iat"

    run(scene())


def test_a_token_of_no_provider_that_an_account_names_is_refused_before_anything_is_asked(
    run: Any, sso: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            sound = it.provider.logout_token(CLIENT)
            assert await refused(parts, it.provider.logout_token("other")) == "provider"
            assert await refused(parts, it.provider.logout_token(CLIENT, iss="http://other.localhost")) == "provider"
            assert await refused(parts, "x") == "form"
            assert it.provider.asked == []
            _, closed = parts.ways(None)
            with pytest.raises(TokenRefusedError, match=r"^provider$"):
                await closed.by_provider(sound)
            monkeypatch.setitem(sys.modules, "joserfc", None)
            assert await refused(parts, sound) == "provider"

    run(scene())


def test_a_token_that_its_provider_did_not_sign_ends_nothing(run: Any, sso: Any) -> None:
    async def scene() -> None:
        async with sso() as it:
            parts = await Parts(it).prepare()
            one = await sso_session(parts, "ada", "s1")
            sound = it.provider.logout_token(CLIENT)
            assert await refused(parts, f"{sound.rpartition('.')[0]}.AAAA") == "signature"
            assert await refused(parts, it.provider.logout_token(CLIENT, events=None)) == "events"
            it.provider.changed = {"jwks_uri": f"{ISSUER}/nowhere"}
            it.clock.advance(KEPT_MS + 1)
            with pytest.raises(ProviderFailedError):
                await parts.sign_out.by_provider(it.provider.logout_token(CLIENT))
            assert one.id in await parts.open()

    run(scene())
