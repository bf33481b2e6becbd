"""What is written down of a request of staff, word for word: who asks, for what as it stands, why, and who confirms."""

from typing import Any

import msgspec
import pytest
from tests.unit.console.test_two_person_acts import AC, CARRIER, TARGET, Two, frozen_account

from ringfence.console.act_notices import ActNotice, ActNotices
from ringfence.console.operator.act_names import Act, AskedAct
from ringfence.console.operator.request_rows import ActRequest
from ringfence.console.operator.staff_rows import StaffMember, keep_member
from ringfence.console.operator.thawing import Frozen
from ringfence.console.operator.two_person_acts import REASON_MAX, Standing
from ringfence.console.refusals import RefusedError
from ringfence.ports.access_notes import OPERATOR
from ringfence.usecases.access.freeze import freeze, thaw

GONE = ("nobody asks for that, or not any more: ask anew", 409)
OVERTAKEN = ("that has changed since it was asked for: ask anew", 409)
NOT_STAFF = ("who asked or confirms is not staff any more, or kept out", 409)


async def refusal(work: Any) -> tuple[str, int]:
    with pytest.raises(RefusedError) as refused:
        await work
    return refused.value.text, refused.value.status


def noted(at: Any) -> list[tuple[str, str, str, list[str]]]:
    """Account, actor, verb and scope of what is in the ledger."""
    return [(each.account, each.actor, each.verb, list(each.scope)) for each in at.ledger.entries]


def test_a_request_is_kept_as_it_was_asked_and_is_in_the_accounts_ledger(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            frozen_ms = at.clock.now_ms()
            at.clock.advance(1)
            two = await Two(at).join()
            asked = await two.acts.ask(two.ada, Act.THAW, TARGET, "", "  Acme \n called ")
            assert asked == ActRequest(
                id=asked.id,
                act="thaw",
                target=TARGET,
                value="",
                reason="Acme called",
                stands=str(frozen_ms),
                asked_by="STAda",
                session="CSAda",
                asked_ms=at.clock.now_ms(),
            )
            assert asked.id.startswith("AR")
            assert await two.acts.waiting() == [asked]
            assert await two.acts.request(asked.id) == asked
            assert await refusal(two.acts.request("AR1")) == GONE
            scope = ["session:CSAda", TARGET, "because:Acme called"]
            assert noted(at) == [(AC, "staff:STAda", "note.ask_thaw", scope)]
            assert await refusal(two.ask(Act.THAW, TARGET, two.bob)) == ("somebody asks for that already", 409)
            await two.acts.refuse(two.bob, asked)
            scope = ["session:CSBob", TARGET, "because:Acme called"]
            assert noted(at)[1:] == [(AC, "staff:STBob", "note.refuse_thaw", scope)]

    run(story())


def test_what_is_asked_of_no_account_is_in_the_operators_ledger_with_its_value(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            await two.both(Act.CARRIER_PAUSE, CARRIER)
            await two.acts.refuse(two.bob, await two.ask(Act.CARRIER_RESUME, CARRIER))
            await two.both(Act.RATE_RAISE, TARGET, value="90")
            why = "because:Acme called"
            assert noted(at) == [
                (OPERATOR, "staff:STAda", "note.ask_carrier_pause", ["session:CSAda", CARRIER, why]),
                (OPERATOR, "staff:STBob", "note.carrier_pause", ["session:CSBob", CARRIER, "staff:STAda", why]),
                (OPERATOR, "staff:STAda", "note.ask_carrier_resume", ["session:CSAda", CARRIER, why]),
                (OPERATOR, "staff:STBob", "note.refuse_carrier_resume", ["session:CSBob", CARRIER, why]),
                (AC, "staff:STAda", "note.ask_rate_raise", ["session:CSAda", TARGET, "value:90", why]),
                (AC, "staff:STBob", "note.rate_raise", ["session:CSBob", TARGET, "staff:STAda", "value:90", why]),
            ]
            assert await two.acts.account_of(Act.RATE_RAISE, TARGET, "91") == AC
            assert await two.acts.account_of(Act.CARRIER_RESUME, CARRIER, "") == ""

    run(story())


def test_why_is_said_in_1_to_200_characters_that_can_be_read(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            for reason in ("", " \n ", "x" * (REASON_MAX + 1), "a\x00b"):
                told = await refusal(two.acts.ask(two.ada, Act.THAW, TARGET, "", reason))
                assert told == ("Say why, in 1 to 200 characters.", 400)
            assert noted(at) == []
            for reason in ("x", "x" * REASON_MAX):
                asked = await two.acts.ask(two.ada, Act.THAW, TARGET, "", reason)
                assert asked.reason == reason
                await two.acts.refuse(two.ada, asked)

    run(story())


def test_what_one_member_does_alone_is_asked_of_nobody(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            two = await Two(at).join()
            told = ("two persons are not needed for that", 400)
            assert await refusal(two.ask(Act.STAFF_REMOVE, TARGET)) == told
            assert await refusal(two.acts.account_of(Act.STAFF_REMOVE, TARGET, "")) == told

    run(story())


def test_another_confirms_and_the_accounts_members_are_told_by_whom_and_why(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            asked = await two.ask(Act.THAW, TARGET)
            assert await refusal(two.acts.confirm(two.ada, asked)) == ("another member must confirm it", 409)
            at.clock.advance(1)
            await two.acts.confirm(two.bob, asked)
            assert await two.acts.waiting() == []
            assert await ActNotices(at.storage).of(AC, at.clock.now_ms()) == [
                ActNotice(
                    account=AC,
                    act="thaw",
                    value="",
                    reason="Acme called",
                    asked_by="STAda",
                    confirmed_by="STBob",
                    at_ms=at.clock.now_ms(),
                )
            ]
            assert await refusal(two.acts.refuse(two.bob, asked)) == GONE

    run(story())


def test_who_asked_is_judged_again_for_that_moment_when_it_is_confirmed(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            judged: list[AskedAct] = []
            forbidden: set[Act] = set()

            async def may(asked: AskedAct) -> None:
                judged.append(asked)
                if asked.act in forbidden:
                    raise RefusedError("no")

            at.may = may
            two = await Two(at).join()
            asked = await two.ask(Act.THAW, TARGET)
            at.clock.advance(1_000)
            for act in (Act.REQUEST_ASK, Act.THAW):
                forbidden.add(act)
                told = await refusal(two.acts.confirm(two.bob, asked))
                assert told == ("who asked may not ask for that any more", 409)
                forbidden.clear()
            judged.clear()
            await two.acts.confirm(two.bob, asked)
            as_then = {"staff": "STAda", "is_fresh": True, "persons": 1, "at_ms": asked.asked_ms}
            once = [
                AskedAct(act=Act.REQUEST_ASK, account="", **as_then),
                AskedAct(act=Act.THAW, account=AC, **as_then),
            ]
            assert judged in (once, once * 2)

    run(story())


@pytest.mark.parametrize("who", ["Ada", "Bob"])
@pytest.mark.parametrize("how", ["removed", "kept out"])
def test_who_asked_and_who_confirms_are_staff_still(run: Any, stand: Any, who: str, how: str) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            asked = await two.ask(Act.THAW, TARGET)
            if how == "removed":
                gone = StaffMember(
                    id=f"ST{who}",
                    handle=who.encode(),
                    name=who,
                    made_ms=1,
                    active_ms=1,
                    removed_ms=2,
                    invited_by="",
                    approved_by="",
                )
                await at.storage.run(lambda db: keep_member(db, gone))
            else:
                await two.lockout.freeze_staff(f"ST{who}", "staff:terminal")
                await two.come_back(two.ada, two.bob)
            assert await refusal(two.acts.confirm(two.bob, asked)) == NOT_STAFF
            stranger = msgspec.structs.replace(two.bob, person="STnobody")
            assert await refusal(two.acts.confirm(stranger, asked)) == NOT_STAFF

    run(story())


def test_a_session_that_ended_neither_asks_nor_confirms(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            ended = ("your session has ended: sign in again", 409)
            await two.lockout.end_session(two.bob.id, "staff:terminal")
            asked = await two.ask(Act.THAW, TARGET)
            assert await refusal(two.acts.confirm(two.bob, asked)) == ended
            assert await two.acts.waiting() == [asked]
            await two.acts.refuse(two.eve, asked)
            assert await refusal(two.ask(Act.THAW, TARGET, two.bob)) == ended
            assert await two.acts.waiting() == []

    run(story())


def test_what_stands_still_is_listed_by_kind_and_name_and_each_as_it_stands(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            began_ms = at.clock.now_ms()
            at.clock.advance(1)
            await two.lockout.freeze_staff("STEve", "staff:terminal")
            await freeze(at.store, at.clock, "key", AC)
            await freeze(at.store, at.clock, "carrier", "simulator")
            assert await two.thawing.frozen() == [
                Frozen(kind="account", name=AC, since_ms=began_ms),
                Frozen(kind="carrier", name="simulator", since_ms=began_ms + 1),
                Frozen(kind="key", name=AC, since_ms=began_ms + 1),
                Frozen(kind="staff", name="STEve", since_ms=began_ms + 1),
            ]
            assert await two.thawing.find(TARGET, "") == Standing(stands=str(began_ms), account=AC)
            assert await two.thawing.find(f"key:{AC}", "") == Standing(stands=str(began_ms + 1), account="")
            assert await two.thawing.find("staff:STEve", "") == Standing(stands=str(began_ms + 1))
            for target in ("key:SK3", "staff:simulator", AC, "key"):
                assert await refusal(two.thawing.find(target, "")) == ("that is not frozen", 404)

    run(story())


@pytest.mark.parametrize("target", ["staff:STEve", CARRIER])
def test_only_the_freeze_that_was_meant_ends(run: Any, stand: Any, target: str) -> None:
    async def story() -> None:
        async with stand() as at:
            two, (kind, _, name) = await Two(at).join(), target.partition(":")

            async def begin() -> str:
                if kind == "staff":
                    await two.lockout.freeze_staff(name, "staff:terminal")
                else:
                    await freeze(at.store, at.clock, "carrier", name)
                return (await two.thawing.find(target, "")).stands

            before = await begin()
            assert await two.lockout.thaw_staff(name) or await thaw(at.store, at.clock, "carrier", name)
            at.clock.advance(1)
            now = await begin()
            assert await refusal(two.thawing.do(target, "", before, two.bob)) == OVERTAKEN
            await two.thawing.do(target, "", now, two.bob)
            assert await two.thawing.frozen() == []
            assert await refusal(two.thawing.do(target, "", now, two.bob)) == OVERTAKEN

    run(story())


def test_a_request_for_what_was_frozen_anew_is_overtaken_also_before_it_is_looked_for(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            asked, written = await two.ask(Act.THAW, TARGET), len(at.ledger.entries)
            at.clock.advance(1)
            assert await thaw(at.store, at.clock, "account", AC)
            assert await freeze(at.store, at.clock, "account", AC)
            assert await refusal(two.acts.confirm(two.bob, asked)) == OVERTAKEN
            assert len(at.ledger.entries) == written
            # And another may ask for that one.
            assert (await two.ask(Act.THAW, TARGET, two.bob)).stands != asked.stands

    run(story())
