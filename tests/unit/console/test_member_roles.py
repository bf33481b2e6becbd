"""Who of an account's members may what: readers read, approvers answer, owners give roles."""

import json
import sqlite3
from typing import Any

import pytest
from tests.unit.console.test_grant_routes import wish
from tests.unit.console.test_members import AC, OTHER, account, enrolled, give_role, text

from ringfence.console.tenant.member_rows import members_of
from ringfence.console.tenant.roles import DEMANDED
from ringfence.domain.access.role import Role
from ringfence.schema import sqlite_migrate
from ringfence.schema.steps import steps_in


def test_each_role_may_what_the_ones_before_it_may() -> None:
    assert [[one.may(other) for other in Role] for one in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_the_first_member_is_an_owner_and_the_next_a_reader(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            ada = await enrolled(it, caller)
            it.clock.advance(1)
            ben = await enrolled(it, caller)
            roles = [each.role for each in await it.storage.run(lambda db: members_of(db, AC))]
            assert roles == [Role.OWNER, Role.READER]
            assert "<select" in (await ada.page("/members")).text
            assert "<select" not in (await ben.page("/members")).text

    run(scene())


def test_an_owner_gives_roles_and_it_is_in_the_ledger_first(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            ada = await enrolled(it, caller)
            it.clock.advance(1)
            ben = await enrolled(it, caller)
            refused = await give_role(it, ben, "owner")
            assert (refused.status_code, refused.json()["error"]) == (403, "Only an owner of the account may do that.")
            it.ledger.full = True
            assert (await give_role(it, ada, "approver")).status_code == 503
            it.ledger.full = False
            assert (await it.storage.run(lambda db: members_of(db, AC)))[1].role is Role.READER
            assert (await give_role(it, ada, "approver")).status_code == 200
            last = it.ledger.entries[-1]
            assert (last.account, last.verb, last.scope[2]) == (AC, "note.give_role", "role:approver")
            assert (await give_role(it, ada, "king")).status_code == 400
            it.clock.advance(5 * 60_000 + 1)
            assert (await give_role(it, ada, "owner")).json()["fresh"] is True

    run(scene())


def test_the_last_owner_stays(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            ada = await enrolled(it, caller)
            assert (await give_role(it, ada, "reader")).status_code == 409
            it.clock.advance(1)
            await enrolled(it, caller)
            (owner, _) = await it.storage.run(lambda db: members_of(db, AC))
            away = f"/members/{owner.id}/passkeys/{ada.opened_by}/forget"
            assert (await ada.ask("POST", away)).status_code == 409
            assert (await give_role(it, ada, "owner")).status_code == 200
            assert (await ada.ask("POST", f"/members/{owner.id}/role", {"role": "reader"})).status_code == 200
            assert (await give_role(it, ada, "reader")).status_code == 403
            # Who is no owner any more forgets a passkey of their own still.
            assert (await ada.ask("POST", away)).status_code == 200

    run(scene())


def test_a_role_is_given_within_an_account(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await enrolled(it, await account(it))
            it.clock.advance(1)
            await enrolled(it, await account(it, OTHER))
            assert (await give_role(it, ada, "reader")).status_code == 404

    run(scene())


def test_a_reader_neither_answers_staff_nor_removes_anybody(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await text(it, caller, "hello")
            ada = await enrolled(it, caller)
            it.clock.advance(1)
            ben = await enrolled(it, caller)
            asked = await (await it.first()).ask("POST", "/grants", wish(f"SM{1:032x}"))
            grant = asked.json()["grant"]["sid"]
            (owner, _) = await it.storage.run(lambda db: members_of(db, AC))
            assert await ben.texts() == ["hello"]
            assert "data-look" not in (await ben.page("/grants")).text
            for step in ("look", "keys", "approve", "refuse", "end"):
                answer = await ben.ask("POST", f"/grants/{grant}/{step}", {})
                assert answer.json()["error"].startswith("Your role is reader"), step
            away = f"/members/{owner.id}/passkeys/{ada.opened_by}/forget"
            assert (await ben.ask("POST", away)).status_code == 403
            assert (await give_role(it, ada, "approver")).status_code == 200
            assert (await ben.ask("POST", away)).status_code == 403
            assert "data-look" in (await ben.page("/grants")).text
            assert (await ben.ask("POST", f"/grants/{grant}/refuse", {})).status_code == 200

    run(scene())


def test_who_was_a_member_before_there_were_roles_is_an_owner(tmp_path: Any) -> None:
    steps = steps_in("ringfence.console", "sql")
    (roles,) = [step for step in steps if step.name == "member_roles"]
    path = tmp_path / "console.db"
    database = sqlite3.connect(path, isolation_level=None)
    sqlite_migrate.migrate(database, path, steps[: roles.number - 1])
    database.execute("INSERT INTO member VALUES (?, ?, ?, ?, ?, NULL)", ("MB" + "1" * 32, AC, b"", "KL", 1))
    sqlite_migrate.migrate(database, path, steps)
    (member,) = members_of(database, AC)
    assert member.role is Role.OWNER
    with pytest.raises(sqlite3.IntegrityError):
        database.execute("UPDATE member SET role = 'king'")
    database.close()


def test_what_roles_are_demanded_for_is_a_route(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await enrolled(it, await account(it))
            for path in DEMANDED:
                answer = await ada.ask("POST", path.replace("{", "").replace("}", ""), {})
                assert answer.status_code != 405
                assert "Not Found" not in json.dumps(answer.text), path

    run(scene())
