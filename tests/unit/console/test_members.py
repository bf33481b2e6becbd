"""Who becomes a member of an account, what a member gets, and what nobody gets without the account's secret."""

import asyncio
import base64
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp
from tests.unit.console.conftest import ORIGINS

from ringfence.console.sessions import Sessions
from ringfence.console.tenant.slot_name import slot_name
from ringfence.domain.clock import Clock
from ringfence.domain.ledger.blast import reach_of
from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.merkle import leaf_hash
from ringfence.domain.ledger.note import split_note
from ringfence.domain.ledger.proof import check_inclusion
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.recovery_kit import recovery_credential
from ringfence.domain.sealing import epoch as epochs
from ringfence.domain.sealing.content import open_content, seal_content
from ringfence.domain.sealing.hpke import Recipient
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slot_proof import new_slot, prove
from ringfence.domain.sealing.slots import ContentKey, slot_public, slot_seed
from ringfence.drills.staff_browser import Request, Response, StaffBrowser, answer_of
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.ports.console_keys import Reader
from ringfence.ports.keys import Caller, Slot
from ringfence.ports.ledger import AccessEntry
from ringfence.ports.store import AccountRow, CredentialRow, MessageRow
from software_authenticator import SoftwareAuthenticator, Wrong, b64, unb64

AC, OTHER = "AC" + "a" * 32, "AC" + "b" * 32
TOKEN, KL = "e" * 32, "KL" + "1" * 32
LINK_SECRET = "s" * 43
MINUTE_MS = 60_000
FRAMED = Wrong(client_data={"crossOrigin": True, "topOrigin": ORIGINS.tenant})


class Member(StaffBrowser):
    """A person at the tenants' console, whose browser does by Python's cryptography what the key origin does."""

    def __init__(self, app: ASGIApp, clock: Clock, account: str = AC, *, prf: bool = True) -> None:
        super().__init__(app, ORIGINS.tenant, clock.now_ms, SoftwareAuthenticator())
        self.account = account
        self.prf = prf
        self.secret = os.urandom(32).hex()  # in the place of what a PRF gives
        self.content: dict[int, bytes] = {}
        self.opened_by = ""

    async def at_enrol(self, path: str, values: Any, origin: str = ORIGINS.keys, method: str = "POST") -> Response:
        """What the key origin's page asks, across origins and without a cookie."""
        body = json.dumps(values).encode()
        headers = {"host": "console.localhost:8421", "origin": origin, "content-type": "application/json"}
        headers["content-length"] = str(len(body))
        return await answer_of(self._app, Request(method, f"{ORIGINS.tenant}{path}", headers, body))

    def open(self, credential: str, secret: str, boxes: Any) -> None:
        slot = Recipient(slot_seed(secret, credential))
        self.opened_by = credential
        self.content = {
            number: ContentKey.from_slot(self.account, number, unb64(box), slot, credential)._private
            for number, box in boxes
        }

    def slot(self, credential: str, proof_key: str) -> dict[str, Any]:
        public = slot_public(slot_seed(self.secret, credential)) if self.prf else b""
        boxes = [
            (number, ContentKey(self.account, number, private).seal_to_slot(public, credential))
            for number, private in self.content.items()
            if self.prf
        ]
        present = max(self.content)
        what = new_slot(self.account, credential, present, public, boxes)
        return {
            "credential": credential,
            "public": b64(public),
            "boxes": [(number, b64(box)) for number, box in boxes],
            "proof_key": proof_key,
            "proof": b64(prove(self.content[present], unb64(proof_key), what)),
        }

    async def enrol(self, secret: str = LINK_SECRET, link: str = KL, **changed: Any) -> Response:
        """By the link, or by what is passed off as one."""
        asked = await self.at_enrol("/enrol/options", {"account": self.account, "link": link})
        if asked.status_code != 200:
            return asked
        begun = asked.json()
        if secret != "guess":
            self.open(link, secret, begun["boxes"])
        else:
            self.content = {0: os.urandom(32)}
        answer = self.authenticator.create(begun["options"], ORIGINS.keys, Wrong())
        slot = self.slot(slot_name(unb64(answer["id"])), begun["proof_key"]) | changed
        return await self.at_enrol("/enrol", {"ceremony": begun["ceremony"], "answer": answer, "slot": slot})

    async def sign_in(self, wrong: Wrong | None = None, *, origin: str = "") -> Response:
        answered = await super().sign_in(wrong or FRAMED, origin=origin or ORIGINS.keys)
        if answered.status_code == 200:
            opening = answered.json()
            self.open(opening["credential"], self.secret, opening["boxes"])
        return answered

    async def verify(self) -> Response:
        begun = (await self.ask("POST", "/verify/options")).json()
        answer = self.authenticator.get(begun["options"], ORIGINS.keys, FRAMED)
        return await self.ask("POST", "/verify", {"ceremony": begun["ceremony"], "answer": answer})

    async def texts(self, **wanted: Any) -> list[str]:
        """The bodies of a page, as the key origin's frame would show them."""
        asked = {"wanted": wanted, "credential": self.opened_by}
        page = (await self.ask("POST", "/texts/sealed", asked)).json()
        found = []
        for record in page["records"]:
            ((number, sealed),) = page["epochs"][str(record["epoch"])]
            content = ContentKey(self.account, number, self.content[number])
            key = epochs.open_epoch_key(unb64(sealed), content.recipient, self.account, record["epoch"])
            sealer = RecordSealer(key, self.account)
            found.append(open_content(sealer, record["sid"], unb64(record["content"])).body)
        return found


async def account(it: Any, sid: str = AC, parent: str | None = None) -> Caller:
    """An account with an Auth Token."""
    caller = Caller(account=sid, credential=sid, seed=slot_seed(TOKEN, sid))
    await it.store.create_account(
        AccountRow(sid=sid, tenant=parent or sid, parent=parent, friendly_name="Acme", created_ms=1, updated_ms=1),
        CredentialRow(
            account=sid, sid=sid, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=1, updated_ms=1
        ),
    )
    await it.keys.create_account(sid, [Slot(credential=sid, public=slot_public(caller.seed))])
    return caller


async def link(it: Any, caller: Caller, *, owner: bool = False) -> None:
    slot = Slot(credential=KL, public=slot_public(slot_seed(LINK_SECRET, KL)))
    await it.keys.open_console_link(caller, caller.account, slot, it.clock.now_ms() + 10 * MINUTE_MS, owner)


async def text(it: Any, caller: Caller, body: str, n: int = 1, **changed: Any) -> None:
    sealing = await it.keys.sealing_key(caller, caller.account)
    sid, now_ms = f"SM{n:032x}", it.clock.now_ms()
    content = seal_content(
        RecordSealer(sealing.epoch_key, caller.account), sid, Content(remote="+12025550177", body=body)
    )
    row = {
        "account": caller.account,
        "sid": sid,
        "direction": Direction.OUTBOUND_API,
        "status": Status.DELIVERED,
        "local": "+12025550123",
        "remote_index": b"",
        "remote_region": "US",
        "epoch": sealing.epoch,
        "content": content,
        "num_segments": 1,
        "created_ms": now_ms,
        "updated_ms": now_ms,
        "price_micros": -7_900,
    }
    await it.store.accept(MessageRow(**row | changed))


async def enrolled(it: Any, caller: Caller, *, prf: bool = True, owner: bool = False) -> Member:
    await link(it, caller, owner=owner)
    member = Member(it.app, it.clock, caller.account, prf=prf)
    assert (await member.enrol()).status_code == 200
    assert (await member.sign_in()).status_code == 200
    return member


async def give_role(it: Any, owner: Member, role: str) -> Response:
    """The owner gives a role to who came last."""
    last = [entry.actor.partition(":")[2] for entry in it.ledger.entries if entry.verb == "note.enrol_passkey"][-1]
    return await owner.ask("POST", f"/members/{last}/role", {"role": role})


def test_whoever_holds_a_link_becomes_a_member_and_reads(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await text(it, caller, "before")
            member = await enrolled(it, caller)
            await text(it, caller, "after", n=2)
            assert await member.texts() == ["after", "before"]
            assert await member.texts(status="failed") == []
            assert AC in (await member.page("/")).text
            names = [entry.verb for entry in it.ledger.entries]
            for verb in ("open_console_link", "slot_boxes", "add_slot", "note.sign_in", "open_epochs"):
                assert verb in names

    run(scene())


def test_a_link_without_its_secret_makes_nobody_a_member(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await link(it, caller)
            thief = Member(it.app, it.clock)
            assert (await thief.enrol("guess")).status_code == 403
            assert (await thief.sign_in()).status_code == 401
            # And the link still serves who has its secret.
            member = Member(it.app, it.clock)
            assert (await member.enrol()).status_code == 200
            assert (await Member(it.app, it.clock).enrol()).status_code == 410

    run(scene())


def test_a_secret_that_opens_the_account_is_no_link(run: Any, stand: Any) -> None:
    """Whoever finds a key, a restricted one too, holds its secret: they open with it, and become no member by it."""
    key, kit = "SK" + "1" * 32, recovery_credential(AC)

    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            for name in (key, kit):
                await it.keys.add_slot(caller, AC, Slot(credential=name, public=slot_public(slot_seed("found", name))))
            member = await enrolled(it, caller)
            written, refusals = len(it.ledger.entries), []
            for name, secret in ((key, "found"), (kit, "found"), (AC, TOKEN), (member.opened_by, member.secret)):
                thief = Member(it.app, it.clock)
                refusals.append(await thief.enrol(secret, name))
                assert (await thief.sign_in()).status_code == 401
            # As what there is not, and nothing of it is in the account's record.
            refusals += [await Member(it.app, it.clock).enrol("guess", name) for name in ("SK" + "0" * 32, KL, "")]
            assert {(each.status_code, each.text) for each in refusals} == {(410, refusals[0].text)}
            assert len(it.ledger.entries) == written

    run(scene())


def test_a_slot_is_of_the_passkey_that_was_made_with_it(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await link(it, await account(it))
            refused = await Member(it.app, it.clock).enrol(credential="PK" + "0" * 32)
            assert refused.status_code == 400
            for wrong in ({"public": "%"}, {"boxes": [(-1, "AA")]}, {"proof": "="}):
                assert (await Member(it.app, it.clock).enrol(**wrong)).status_code == 400

    run(scene())


def test_enrolling_is_asked_by_the_key_origin_alone(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await link(it, await account(it))
            member, asked = Member(it.app, it.clock), {"account": AC, "link": KL}
            for origin in (ORIGINS.tenant, "https://evil.example", "null", ""):
                for method in ("POST", "OPTIONS"):
                    answer = await member.at_enrol("/enrol/options", asked, origin, method)
                    assert answer.status_code == 403
                    assert "access-control-allow-origin" not in answer.headers
            answer = await member.at_enrol("/enrol/options", asked, method="OPTIONS")
            assert answer.headers["access-control-allow-origin"] == ORIGINS.keys
            assert "access-control-allow-credentials" not in answer.headers
            answer = await member.at_enrol("/enrol", {"padding": "x" * (1 << 20)})
            assert answer.status_code == 413

    run(scene())


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(),
        Wrong(client_data={"crossOrigin": True, "topOrigin": "https://evil.example"}),
        Wrong(client_data={"crossOrigin": True}),
    ],
)
def test_a_passkey_signs_in_from_the_frame_in_our_own_page_alone(run: Any, stand: Any, wrong: Wrong) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            framed = wrong.client_data.get("crossOrigin", False)
            # The page of the key origin itself is nobody's frame, and its own.
            assert (await member.sign_in(wrong)).status_code == (401 if framed else 200)
            assert (await member.sign_in(origin=ORIGINS.tenant)).status_code == 401

    run(scene())


def test_a_session_reads_its_own_account_and_no_other(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller, other = await account(it), await account(it, OTHER)
            await text(it, other, "not yours")
            member = await enrolled(it, caller)
            assert await member.texts() == []
            for name in (OTHER, AC, "SK" + "1" * 32, KL, ""):
                assert (await member.ask("POST", "/boxes", {"credential": name})).status_code == 409
            assert (await member.ask("POST", "/boxes", {"credential": member.opened_by})).status_code == 200
            text_of_others = {"wanted": {"day": "2026-13-01"}, "credential": member.opened_by}
            assert (await member.ask("POST", "/texts/sealed", text_of_others)).status_code == 400
            await text(it, caller, "mine", n=2)
            stolen = {"wanted": {}, "credential": "PK" + "0" * 32}
            assert (await member.ask("POST", "/texts/sealed", stolen)).status_code == 409

    run(scene())


def test_a_member_reads_in_their_own_name_and_their_session_is_in_the_record(
    run: Any, stand: Any, tmp_path: Path
) -> None:
    """Whose opening it was is asked of the ledger: nobody may write another's name there, nor leave their own out."""

    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await text(it, caller, "hello")
            ada = await enrolled(it, caller)
            it.clock.advance(1)
            ben = await enrolled(it, caller)
            for name in (ada.opened_by, AC, KL, AC + ".recovery", ""):
                refused = await ben.ask("POST", "/texts/sealed", {"wanted": {}, "credential": name})
                assert refused.status_code == 409
                assert (await ben.ask("POST", "/boxes", {"credential": name})).status_code == 409
            written = len(it.ledger.entries)
            assert await ben.texts() == ["hello"]
            (entry,) = it.ledger.entries[written:]
            (of_ben, *_) = await Sessions(it.storage, it.clock).open_now("member")
            assert (entry.actor, entry.verb) == (ben.opened_by, "open_epochs")
            assert entry.scope[:2] == (of_ben.scope, f"member:{of_ben.person}")
        # As `ringfence blast --session` does.
        found = LedgerReader(tmp_path).lines_of("session", of_ben.id)
        (reached,) = reach_of((one.entry.at_ms, AC, one.entry.verb, one.entry.scope) for one in found)
        assert reached.openings == 2  # content keys as they signed in, and the hour of the text
        assert reached.objects == (f"open_epochs:{entry.scope[2]}",)

    run(scene())


def test_a_secret_is_typed_by_who_has_a_passkey_that_opens_nothing(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await account(it, OTHER)
            await text(it, caller, "hello")
            ada, ben = await enrolled(it, caller), await enrolled(it, caller, prf=False)
            assert ben.content == {}
            for name in (ada.opened_by, OTHER, "SK" + "1" * 32, AC + ".recovery"):
                assert (await ben.ask("POST", "/boxes", {"credential": name})).status_code == 409
            ben.open(AC, TOKEN, (await ben.ask("POST", "/boxes", {"credential": AC})).json()["boxes"])
            assert await ben.texts() == ["hello"]
            entry = it.ledger.entries[-1]
            assert (entry.actor, entry.verb, entry.scope[0][:10]) == (AC, "open_epochs", "session:CS")

    run(scene())


def test_a_passkey_is_added_by_one_that_was_shown_just_before(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await text(it, caller, "hello")
            member = await enrolled(it, caller)
            it.clock.advance(6 * MINUTE_MS)
            assert (await member.ask("POST", "/passkeys/options")).json()["fresh"] is True
            assert (await member.verify()).status_code == 200
            begun = (await member.ask("POST", "/passkeys/options")).json()
            first, member.authenticator = member.authenticator, SoftwareAuthenticator()
            answer = member.authenticator.create(begun["options"], ORIGINS.keys, FRAMED)
            name = slot_name(unb64(answer["id"]))
            made = {"answer": answer, "slot": member.slot(name, begun["proof_key"])}
            stranger = await member.at_enrol("/enrol", {"ceremony": begun["ceremony"], **made})
            assert stranger.status_code == 409
            begun = (await member.ask("POST", "/passkeys/options")).json()
            answer = member.authenticator.create(begun["options"], ORIGINS.keys, FRAMED)
            name = slot_name(unb64(answer["id"]))
            made = {"answer": answer, "slot": member.slot(name, begun["proof_key"])}
            assert (await member.ask("POST", "/passkeys", {"ceremony": begun["ceremony"], **made})).status_code == 200
            assert (await member.sign_in()).status_code == 200
            assert await member.texts() == ["hello"]
            assert name in (await member.page("/members")).text
            del first

    run(scene())


def test_a_passkey_that_is_forgotten_opens_nothing_more_and_the_last_one_stays(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            ada = await enrolled(it, caller)
            person = [entry.actor.partition(":")[2] for entry in it.ledger.entries if entry.actor.startswith("member:")]
            alone = f"/members/{person[0]}/passkeys/{ada.opened_by}/forget"
            assert (await ada.ask("POST", alone)).status_code == 409
            it.clock.advance(1)
            ben = await enrolled(it, caller)
            await give_role(it, ada, "owner")
            it.clock.advance(6 * MINUTE_MS)
            assert (await ben.ask("POST", alone)).json()["fresh"] is True
            await ben.verify()
            assert (await ben.ask("POST", f"/members/{person[0]}/passkeys/{ben.opened_by}/forget")).status_code == 404
            assert (await ben.ask("POST", alone)).status_code == 200
            assert (await ada.ask("POST", "/boxes", {"credential": ada.opened_by})).status_code == 401
            assert (await ada.sign_in()).status_code == 401
            with pytest.raises(Exception, match="opens nothing"):
                await it.keys.slot_boxes(AC, ada.opened_by, Reader(session="CS" + "1" * 32, member=person[0]))

    run(scene())


class Meanwhile:
    """The ledger, during whose writing of one verb something else happens, once."""

    def __init__(self, it: Any, verb: str, happens: Callable[[], Awaitable[Response]]) -> None:
        self._it, self._verb, self._happens = it, verb, happens
        it.keys._ledger = self

    async def append(self, entries: Sequence[AccessEntry]) -> None:
        await self._it.ledger.append(entries)
        if entries[0].verb == self._verb:
            self._it.keys._ledger = self._it.ledger
            assert (await self._happens()).status_code == 200

    def append_later(self, entry: AccessEntry) -> None:
        self._it.ledger.append_later(entry)


async def ada_and_ben(it: Any) -> tuple[Member, Member, str, str]:
    """Two owners, and the addresses at which the one forgets the other's passkey."""
    caller = await account(it)
    ada = await enrolled(it, caller)
    it.clock.advance(1)
    ben = await enrolled(it, caller)
    await give_role(it, ada, "owner")
    people = [entry.actor.partition(":")[2] for entry in it.ledger.entries if entry.verb == "note.enrol_passkey"]
    paths = [f"/members/{who}/passkeys/{of.opened_by}/forget" for who, of in zip(people, (ada, ben), strict=True)]
    return ada, ben, paths[0], paths[1]


def test_a_member_who_is_removed_while_they_sign_in_gets_no_session(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada, ben, _, of_ben = await ada_and_ben(it)
            Meanwhile(it, "note.sign_in", lambda: ada.ask("POST", of_ben))
            assert (await ben.sign_in()).status_code == 401
            assert (await ben.ask("POST", "/verify/options")).status_code == 401
            (left,) = await Sessions(it.storage, it.clock).open_now("member")
            assert left.person not in of_ben

    run(scene())


def test_a_member_who_is_removed_while_they_add_a_passkey_stays_removed(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada, ben, _, of_ben = await ada_and_ben(it)
            begun = (await ben.ask("POST", "/passkeys/options")).json()
            ben.authenticator = SoftwareAuthenticator()
            answer = ben.authenticator.create(begun["options"], ORIGINS.keys, FRAMED)
            name = slot_name(unb64(answer["id"]))
            made = {"ceremony": begun["ceremony"], "answer": answer, "slot": ben.slot(name, begun["proof_key"])}
            Meanwhile(it, "note.enrol_passkey", lambda: ada.ask("POST", of_ben))
            assert (await ben.ask("POST", "/passkeys", made)).status_code == 403
            assert (await ben.sign_in()).status_code == 401
            assert not it.keys._browsers.is_known(AC, name)

    run(scene())


def test_two_members_who_forget_each_other_leave_one_who_signs_in(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada, ben, of_ada, of_ben = await ada_and_ben(it)
            answers = await asyncio.gather(ada.ask("POST", of_ben), ben.ask("POST", of_ada))
            assert sorted(each.status_code for each in answers) in ([200, 401], [200, 403])
            assert sorted([(await ada.sign_in()).status_code, (await ben.sign_in()).status_code]) == [200, 401]

    run(scene())


def test_where_the_ledger_cannot_be_written_nobody_is_let_in(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            member = await enrolled(it, caller)
            await link(it, caller)
            full = it.keys._ledger

            class Full:
                async def append(self, entries: Any) -> None:
                    raise OSError(28, "no space left")

                def append_later(self, entry: Any) -> None: ...

            it.keys._ledger = Full()
            assert (await Member(it.app, it.clock).enrol()).status_code == 503
            assert (await member.ask("POST", "/boxes", {"credential": member.opened_by})).status_code == 503
            assert (await StaffBrowser.sign_in(member, FRAMED, origin=ORIGINS.keys)).status_code == 503
            it.keys._ledger = full

    run(scene())


def test_nothing_but_the_sign_in_is_answered_without_a_session(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await account(it)
            stranger = Member(it.app, it.clock)
            for path in ("/", "/texts", "/members", "/nothing"):
                assert (await stranger.ask("GET", path, signed=False)).status_code == 401
            for path in ("/texts/sealed", "/boxes", "/passkeys/options", "/passkeys", "/verify/options", "/sign-out"):
                assert (await stranger.ask("POST", path, {}, signed=False)).status_code == 401

    run(scene())


def test_a_member_gets_the_accounts_own_part_of_the_ledger_with_proofs(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await account(it, OTHER)
            member = await enrolled(it, caller)
            for _ in range(60):
                await member.ask("POST", "/boxes", {"credential": member.opened_by})
            newest = await signed_ledger(member, it)
            bodies = [json.loads(base64.b64decode(each["body"])) for each in newest["entries"]]
            assert len(bodies) == 50
            assert {body["account"] for body in bodies} == {AC}
            assert [body["n"] for body in bodies] == sorted(body["n"] for body in bodies)
            older = (await member.ask("POST", "/ledger/entries", {"before": newest["before"]})).json()
            assert json.loads(base64.b64decode(older["entries"][-1]["body"]))["n"] < bodies[0]["n"]
            assert older["before"] is None
            size = parse_checkpoint(split_note(newest["checkpoint"])[0]).size
            root = parse_checkpoint(split_note(newest["checkpoint"])[0]).root
            for each, body in zip(newest["entries"], bodies, strict=True):
                leaf = leaf_hash(sha256(base64.b64decode(each["salt"]) + base64.b64decode(each["body"])).digest())
                check_inclusion(body["n"], size, leaf, [base64.b64decode(step) for step in each["proof"]], root)
            again = (await member.ask("POST", "/ledger/entries", {"seen": 3})).json()
            assert again["consistency"]
            for seen in (-1, 1 << 40):
                answer = (await member.ask("POST", "/ledger/entries", {"seen": seen})).json()
                assert answer["consistency"] == []

    run(scene())


async def signed_ledger(member: Member, it: Any) -> Any:
    """The newest page once a checkpoint covers what was written."""
    while True:
        page = await member.ask("POST", "/ledger/entries", {})
        if page.status_code == 200 and len(page.json()["entries"]) == 50:
            return page.json()
        it.clock.advance(1)
        await asyncio.sleep(0.05)


def test_a_slot_goes_again_where_its_passkey_cannot_be_kept(run: Any, stand: Any, monkeypatch: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await link(it, await account(it))
            work = it.storage.run

            async def full_disk_once_the_slot_is_there(job: Any) -> Any:
                if it.ledger.entries[-1].verb == "note.enrol_passkey":
                    raise ConnectionError("no space left")
                return await work(job)

            monkeypatch.setattr(it.storage, "run", full_disk_once_the_slot_is_there)
            member = Member(it.app, it.clock)
            assert (await member.enrol()).status_code == 503
            verbs = [entry.verb for entry in it.ledger.entries]
            assert verbs.index("add_slot") < verbs.index("note.enrol_passkey") < verbs.index("revoke_slot")

    run(scene())
