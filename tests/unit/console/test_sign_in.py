"""A passkey of this console that shows its user opens a session of the browser that asked, and nothing else does."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs
from tests.unit.console.conftest import WatchedLedger
from tests.unit.console.test_session_rows import JWK, Room, room

from ringfence.console.ceremonies import LIFE_MS, OF_ONE_MAX, new_ceremony
from ringfence.console.passkey_book import KeptPasskey, keep_passkey, passkey_of
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Kind, Session
from ringfence.console.sign_in import SignIn
from ringfence.domain.passkeys.answers import AuthenticationAnswer, parse_authentication, parse_registration
from ringfence.kms.memory import MemoryKeyFiles, MemoryKeyStore
from ringfence.kms.service import KeyService
from ringfence.ports.passkeys import AuthenticatorWish, PasskeyUser, RelyingParty
from ringfence.webauthn.passkeys import WebauthnPasskeys
from software_authenticator import UP, UV, SoftwareAuthenticator, Wrong, b64

ORIGIN = "https://console.example.com"
PARTY = RelyingParty(id="console.example.com", name="", origins=(ORIGIN,))
AC = "AC" + "a" * 32
NOBODY = ("This passkey does not sign in here.", 401)
TOO_LATE = ("This took too long: begin again.", 401)


class SigningIn:
    """A console's sign-in over a database and a ledger on disk; what it is told to ask is kept and may refuse."""

    def __init__(self, of: Room, ledger: WatchedLedger, kind: Kind) -> None:
        self.kind: Kind = kind
        self.clock, self.storage, self.sessions, self.ledger = of.clock, of.storage, of.sessions, ledger
        self.passkeys = WebauthnPasskeys()
        self.keys = KeyService(Path(), of.clock, ledger, files=MemoryKeyFiles(), store=MemoryKeyStore())
        self.checked: list[tuple[str, int, int]] = []
        self.stood: list[str] = []
        self.kept_out = self.frozen = False
        self.meanwhile = ""
        self.sign_in = SignIn(
            *(kind, of.storage, of.sessions, self.passkeys, PARTY, self.keys, of.clock),
            check=self._check,
            standing=self._standing,
        )

    def _check(self, db: sqlite3.Connection, kept: KeptPasskey, now_ms: int) -> None:
        assert db.in_transaction
        self.checked.append((kept.person, kept.passkey.sign_count, now_ms))
        if self.kept_out:
            raise RefusedError("kept out", status=403)

    async def _standing(self, account: str) -> None:
        self.stood.append(account)
        if self.frozen:
            raise RefusedError("frozen", status=403)
        if self.meanwhile:
            await self.storage.run(lambda db: db.execute(self.meanwhile) and None)

    async def enrolled(self, person: str = "ST1", account: str = "", kind: Kind | None = None) -> SoftwareAuthenticator:
        """An authenticator with a passkey of that person's."""
        authenticator, asked, now_ms = SoftwareAuthenticator(), new_ceremony(PARTY, self.clock.now_ms()), 1
        user = PasskeyUser(handle=person.encode(), name=person, display_name=person)
        options = self.passkeys.registration_options(asked, user, now_ms, wish=AuthenticatorWish())
        answer = parse_registration(json.dumps(authenticator.create(options, ORIGIN)).encode())
        new = self.passkeys.check_registration(answer, asked, user.handle, now_ms)
        kept = KeptPasskey(
            kind=kind or self.kind, person=person, account=account, passkey=new.passkey, made_ms=now_ms, used_ms=0
        )
        await self.storage.run(lambda db: keep_passkey(db, kept))
        return authenticator

    async def kept(self, authenticator: SoftwareAuthenticator) -> KeptPasskey:
        found = await self.storage.run(lambda db: passkey_of(db, authenticator.credential_id))
        assert found is not None
        return found

    async def finish(
        self, authenticator: SoftwareAuthenticator, wrong: Wrong | None = None, begun: Any = None
    ) -> tuple[Session, str, KeptPasskey]:
        ceremony, options = begun or self.sign_in.begin(JWK)
        return await self.sign_in.finish(ceremony, answer_of(authenticator, options, wrong))

    async def refusal(self, authenticator: SoftwareAuthenticator, *how: Any) -> tuple[str, int]:
        with pytest.raises(RefusedError) as refused:
            await self.finish(authenticator, *how)
        assert await self.sessions.open_now(self.kind) == []
        return refused.value.text, refused.value.status


def answer_of(
    authenticator: SoftwareAuthenticator, options: dict[str, Any], wrong: Wrong | None = None
) -> AuthenticationAnswer:
    return parse_authentication(json.dumps(authenticator.get(options, ORIGIN, wrong or Wrong())).encode())


@asynccontextmanager
async def signing_in(folder: Path, kind: Kind = "staff") -> AsyncIterator[SigningIn]:
    ledger = WatchedLedger(folder)
    async with room(folder) as it:
        await ledger.open(it.clock.now_ms())
        made = SigningIn(it, ledger, kind)
        await made.keys.open()
        try:
            yield made
        finally:
            await made.keys.close()
            await ledger.close()


def test_a_sign_in_asks_any_passkey_of_this_console_to_show_its_user(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with signing_in(tmp_path) as it:
            _, options = it.sign_in.begin(JWK)
            assert (options["rpId"], options["userVerification"]) == (PARTY.id, "required")
            assert (options.get("allowCredentials", []), options["timeout"]) == ([], LIFE_MS)
            with pytest.raises(RefusedError, match=r"^no session's key$") as refused:
                it.sign_in.begin(msgspec.structs.replace(JWK, x=JWK.y))
            assert refused.value.status == 400

    run(scene())


@pytest.mark.parametrize(
    ("kind", "person", "account", "noted"), [("staff", "ST1", "", "operator"), ("member", "MB1", AC, AC)]
)
def test_the_session_is_of_whose_passkey_answered_and_of_the_key_that_began_it(
    run: Any, tmp_path: Path, kind: Kind, person: str, account: str, noted: str
) -> None:
    async def scene() -> None:
        async with signing_in(tmp_path, kind) as it:
            authenticator = await it.enrolled(person, account)
            begun = it.sign_in.begin(JWK)
            it.clock.advance(1_000)
            session, cookie, kept = await it.finish(authenticator, begun=begun)
            assert await it.sessions.open_now(kind) == [session]
            assert await it.sessions.is_of(session.id, cookie)
            assert (session.kind, session.person, session.account, session.public_jwk) == (kind, person, account, JWK)
            # What it counted is kept, and when it was used.
            assert kept == await it.kept(authenticator)
            assert (kept.passkey.sign_count, kept.used_ms) == (authenticator.sign_count, it.clock.now_ms())
            assert it.ledger.last == (noted, f"{kind}:{person}", "note.sign_in", (session.scope,))
            assert len(it.ledger.entries) == 1
            assert it.stood == [account]

    run(scene())


def test_nobody_is_let_in_whom_the_console_keeps_out_and_that_is_asked_again_as_the_session_opens(
    run: Any, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with signing_in(tmp_path) as it:
            authenticator, now_ms = await it.enrolled(), it.clock.now_ms()
            await it.finish(authenticator)
            assert it.checked == [("ST1", 1, now_ms), ("ST1", 2, now_ms)]
            await it.sessions.end("staff", (await it.sessions.open_now("staff"))[0].id)
            counted = await it.kept(authenticator)
            it.kept_out = True
            assert await it.refusal(authenticator) == ("kept out", 403)
            # Of what was refused nothing is kept.
            assert await it.kept(authenticator) == counted
            it.kept_out, it.frozen = False, True
            assert await it.refusal(authenticator) == ("frozen", 403)
            assert [entry.verb for entry in it.ledger.entries] == ["note.sign_in"]

    run(scene())


@pytest.mark.parametrize("meanwhile", ["removed", "kept out"])
def test_who_is_removed_or_kept_out_while_they_sign_in_is_not_let_in(run: Any, tmp_path: Path, meanwhile: str) -> None:
    async def scene() -> None:
        async with signing_in(tmp_path) as it:
            authenticator = await it.enrolled()
            if meanwhile == "removed":
                it.meanwhile = "DELETE FROM passkey"
                assert await it.refusal(authenticator) == NOBODY
            else:

                async def keep_out() -> None:
                    it.kept_out = True

                it.ledger.meanwhile(keep_out)
                assert await it.refusal(authenticator) == ("kept out", 403)

    run(scene())


def test_nobody_is_let_in_whose_sign_in_cannot_be_written_down(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with signing_in(tmp_path) as it:
            authenticator = await it.enrolled()
            it.ledger.full = True
            with pytest.raises(ConnectionError):
                await it.finish(authenticator)
            assert await it.sessions.open_now("staff") == []

    run(scene())


def test_a_passkey_of_nobody_here_is_refused_in_words_that_say_nothing(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with signing_in(tmp_path) as it:
            member = await it.enrolled("MB1", AC, kind="member")
            unknown = SoftwareAuthenticator()
            unknown.rp_id = PARTY.id
            assert [await it.refusal(member), await it.refusal(unknown)] == [NOBODY, NOBODY]
            assert it.checked == []

    run(scene())


@pytest.mark.parametrize(
    ("wrong", "level", "cause"),
    [
        (Wrong(origin="https://evil.example"), "warning", "origin"),
        (Wrong(flags=UP), "warning", "user_verification"),
        (Wrong(sign_count=1), "error", "counter"),
        (Wrong(flags=UP | UV | 0x08), "error", "backup"),
    ],
)
def test_a_wrong_answer_is_reported_and_an_answer_of_a_copied_passkey_as_an_error(
    run: Any, tmp_path: Path, wrong: Wrong, level: str, cause: str
) -> None:
    async def scene() -> None:
        async with signing_in(tmp_path) as it:
            authenticator, begun = await it.enrolled(), it.sign_in.begin(JWK)
            with capture_logs() as logged:
                assert await it.refusal(authenticator, wrong, begun) == NOBODY
            assert logged == [{"event": "console.passkey_refused", "cause": cause, "log_level": level}]
            # It was the answer: the ceremony still serves who answers rightly, once.
            authenticator.sign_count += 1
            session, _, _ = await it.finish(authenticator, begun=begun)
            await it.sessions.end("staff", session.id)
            assert await it.refusal(authenticator, None, begun) == TOO_LATE

    run(scene())


def test_what_was_not_begun_here_and_what_came_too_late_are_refused(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with signing_in(tmp_path) as it:
            authenticator, (name, options) = await it.enrolled(), it.sign_in.begin(JWK)
            assert await it.refusal(authenticator, None, (f"{name}x", options)) == TOO_LATE
            it.clock.advance(LIFE_MS)
            assert await it.refusal(authenticator, None, (name, options)) == NOBODY

    run(scene())


def test_who_shows_a_passkey_of_theirs_again_is_fresh_from_then_on(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with signing_in(tmp_path) as it:
            ada, second, ben = await it.enrolled(), await it.enrolled(), await it.enrolled("ST2")
            session, _, _ = await it.finish(ada)
            it.clock.advance(1_000)
            ceremony, options = await it.sign_in.begin_again(session)
            assert options is not None
            assert (options["rpId"], options["userVerification"], options["timeout"]) == (PARTY.id, "required", LIFE_MS)
            # However often others begin.
            elsewhere, _, _ = await it.finish(ben)
            for _ in range(OF_ONE_MAX + 1):
                await it.sign_in.begin_again(elsewhere)
            # Any of theirs, and nobody else's.
            allowed = {each["id"] for each in options["allowCredentials"]}
            assert allowed == {b64(each.credential_id) for each in (ada, second)}
            assert b64(ben.credential_id) not in allowed
            kept = await it.sign_in.finish_again(session, ceremony, answer_of(second, options))
            assert kept == await it.kept(second)
            assert kept.used_ms == it.clock.now_ms()
            (fresh,) = await it.sessions.open_now("staff", person="ST1")
            assert (fresh.id, fresh.verified_ms) == (session.id, it.clock.now_ms())
            with pytest.raises(RefusedError, match=TOO_LATE[0]):
                await it.sign_in.finish_again(session, ceremony, answer_of(second, options))

    run(scene())


def test_a_session_is_fresh_neither_by_anothers_passkey_nor_by_anothers_ceremony(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with signing_in(tmp_path) as it:
            ada, ben = await it.enrolled(), await it.enrolled("ST2")
            of_ada, of_ben, elsewhere = [(await it.finish(each))[0] for each in (ada, ben, ada)]
            it.clock.advance(1_000)
            for session, begun_by, shown in ((of_ada, of_ada, ben), (of_ada, elsewhere, ada), (of_ben, of_ada, ada)):
                ceremony, options = await it.sign_in.begin_again(begun_by)
                assert options is not None
                with pytest.raises(RefusedError) as refused:
                    await it.sign_in.finish_again(session, ceremony, answer_of(shown, options))
                assert (refused.value.text, refused.value.status) == NOBODY
            stale = {each.verified_ms for each in await it.sessions.open_now("staff")}
            assert stale == {it.clock.now_ms() - 1_000}

    run(scene())


def test_who_has_no_passkey_here_is_asked_for_none(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with signing_in(tmp_path) as it:
            session, cookie = it.sessions.new("staff", "ST3", "", JWK)
            await it.sessions.keep(session, cookie)
            await it.enrolled("ST3", AC, kind="member")
            assert await it.sign_in.begin_again(session) == ("", None)

    run(scene())
