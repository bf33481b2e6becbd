"""Policies of staff: those that come along say what they should, and what nobody permits is refused."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.console.test_members import AC, account
from tests.unit.console.test_two_person_acts import NUMBER

from ringfence.console.operator.act_names import Act, AskedAct, every_member_may
from ringfence.console.operator.policies import Policies, may_by, schema
from ringfence.console.operator.policies_in_force import written_down
from ringfence.console.operator.policy_files import PolicyError, policies_in, read_statements, shipped_policies
from ringfence.console.refusals import RefusedError
from ringfence.domain.access.staff_role import ALL_STAFF_ROLES, StaffRole
from ringfence.ports.access_notes import OPERATOR

SUPPORT, OPERATIONS, SECURITY = StaffRole
MONDAY_MS = 4 * 86_400_000
ST, OTHER = "ST" + "1" * 32, "AC" + "b" * 32

EVERYBODY = {
    *(Act.OVERVIEW_LOOK, Act.INCIDENTS_LOOK, Act.LEDGER_LOOK, Act.STAFF_LIST, Act.SESSIONS_LIST, Act.REQUESTS_LIST),
    *(Act.SESSION_END, Act.STAFF_REFUSE, Act.REQUEST_REFUSE, Act.GRANT_END, Act.PASSKEY_ADD, Act.PASSKEY_DROP),
}
DANGEROUS = {
    *(Act.CARRIER_PAUSE, Act.CARRIER_RESUME, Act.RATE_RAISE),
    *(Act.ACCOUNT_SUSPEND, Act.ACCOUNT_REOPEN, Act.ACCOUNT_CLOSE),
}
MACHINES = {Act.CARRIERS_LOOK, Act.ROUTES_LOOK, Act.QUEUES_LOOK, Act.CAPACITY_LOOK}
REQUESTS = {Act.REQUEST_ASK, Act.REQUEST_CONFIRM, Act.THAW, Act.INCIDENT_ACKNOWLEDGE}
PEOPLE = {Act.STAFF_INVITE, Act.STAFF_APPROVE, Act.STAFF_REMOVE}
TENANTS = {Act.TENANTS_LIST, Act.TENANT_LOOK}
WITHDRAW = {Act.INVITATIONS_LIST, Act.INVITATION_WITHDRAW}
# What each part may do alone; security may confirm what is dangerous besides.
EXPECTED = {
    SUPPORT: EVERYBODY | TENANTS | {Act.GRANTS_LIST, Act.GRANT_ASK, Act.GRANT_READ},
    OPERATIONS: EVERYBODY | TENANTS | MACHINES | DANGEROUS | REQUESTS | WITHDRAW | {Act.TENANT_INVITE},
    SECURITY: EVERYBODY | TENANTS | MACHINES | REQUESTS | WITHDRAW | PEOPLE | {Act.GRANTS_LIST},
}


@pytest.fixture(scope="module")
def shipped() -> Policies:
    return Policies(shipped_policies().statements)


def asked(act: Act, **changed: Any) -> AskedAct:
    said: dict[str, Any] = {"staff": ST, "account": "", "is_fresh": True, "persons": 1, "at_ms": MONDAY_MS}
    return AskedAct(act=act, **said | changed)


def permitted(policies: Policies, act: Act, *roles: StaffRole, parent: str = "", **changed: Any) -> bool:
    return policies.judge(asked(act, **changed), roles, parent).permitted


def of(text: str) -> Policies:
    return Policies(read_statements("own.cedar", text))


@pytest.mark.parametrize("role", list(StaffRole))
def test_each_part_of_staff_may_do_just_this(shipped: Policies, role: StaffRole) -> None:
    for sid in ("", AC):
        assert {act for act in Act if permitted(shipped, act, role, account=sid)} == EXPECTED[role]
    second = {act for act in Act if permitted(shipped, act, role, persons=2)}
    assert second == EXPECTED[role] | (DANGEROUS if role is SECURITY else set())


def test_every_act_is_somebodys(shipped: Policies) -> None:
    """An act that is added without a policy is nobody's: say whose it is, in console/policies."""
    assert {act for act in Act if permitted(shipped, act, *ALL_STAFF_ROLES)} == set(Act)


def test_nobody_changes_anything_without_a_passkey_shown_of_late(shipped: Policies) -> None:
    stale = {act for act in Act if permitted(shipped, act, *ALL_STAFF_ROLES, is_fresh=False)}
    assert stale == {act for act in Act if act.value.rpartition(".")[2] in ("look", "list")}


def test_who_has_no_part_sees_and_stops_alone(shipped: Policies) -> None:
    assert {act for act in Act if permitted(shipped, act)} == EVERYBODY


def test_what_no_policy_permits_is_refused() -> None:
    policies = of('permit (principal, action == Action::"staff.list", resource);')
    assert [act for act in Act if permitted(policies, act, *ALL_STAFF_ROLES)] == [Act.STAFF_LIST]


def test_a_policy_may_ask_the_hour_and_the_day() -> None:
    policies = of(
        "permit (principal, action, resource) when { context.weekday <= 5 && context.hour >= 8 && context.hour < 18 };"
    )
    hours = [hour for hour in range(24) if permitted(policies, Act.GRANT_ASK, at_ms=MONDAY_MS + hour * 3_600_000)]
    assert hours == list(range(8, 18))
    assert not permitted(policies, Act.GRANT_ASK, at_ms=MONDAY_MS + (5 * 24 + 9) * 3_600_000)
    assert policies.by_time


def test_what_is_forbidden_of_an_account_is_of_those_within_it() -> None:
    policies = of(
        "permit (principal, action, resource);\n"
        f'@id("theirs")\nforbid (principal, action, resource in Account::"{AC}");'
    )
    assert permitted(policies, Act.TENANT_LOOK, account=OTHER)
    assert not permitted(policies, Act.TENANT_LOOK, account=AC)
    assert not permitted(policies, Act.TENANT_LOOK, account=OTHER, parent=AC)
    (by,) = policies.judge(asked(Act.TENANT_LOOK, account=AC), [SUPPORT]).by
    assert by.name == "theirs (own.cedar:2)"


def test_a_policy_that_cannot_be_computed_permits_nothing() -> None:
    """Cedar leaves such a one out, and with it what it forbids."""
    policies = of(
        "permit (principal, action, resource);"
        "forbid (principal, action, resource) when { context.persons + 9223372036854775807 > 9 };"
    )
    judged = policies.judge(asked(Act.STAFF_LIST), [SUPPORT])
    assert (judged.permitted, len(judged.broken)) == (False, 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("// one\n\npermit (principal, action,\n  resource) when\n  { context.fresh && };", "own.cedar:5: "),
        ('permit (principal in Role::"supprt", action, resource);', "own.cedar:1: entity `Role::"),
        (
            'permit (principal,\n action == Action::"tenant.lok",\n resource);',
            "own.cedar:2: unrecognized action `Action::",
        ),
        ("permit (principal, action, resource) when { context.country == 1 };", "own.cedar:1: "),
        ("permit (principal, action, resource)", "own.cedar:1: Policy parse error: unexpected end"),
        ('permit (principal, action, resource) when { "; };', "own.cedar:1: "),
        ("permit (principal == ?principal, action, resource);", "own.cedar:1: "),
        ("permit (principal, action, resource);\n\npermt (principal, action, resource);", "own.cedar:3: "),
        ("", "there are none"),
        ("// nothing\n", "there are none"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(PolicyError) as refused:
        of(text)
    assert told in str(refused.value)


def test_a_semicolon_in_a_string_or_a_comment_ends_nothing() -> None:
    text = '// a; b\n@id("x;y")\npermit (principal, action, resource); // c;\nforbid (principal, action, resource);'
    first, second = read_statements("a.cedar", text)
    assert (first.line, second.line, first.name) == (2, 4, "x;y (a.cedar:2)")


def test_a_folder_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    for missing in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(PolicyError):
            policies_in(missing)
    (tmp_path / "b.cedar").write_text("forbid (principal, action, resource);")
    (tmp_path / "a.cedar").write_text("permit (principal, action, resource);")
    (tmp_path / "notes.txt").write_text("no policy")
    assert [each.file for each in policies_in(tmp_path).statements] == ["a.cedar", "b.cedar"]
    (tmp_path / "a.cedar").chmod(0o666)
    with pytest.raises(PolicyError, match="anybody may write it"):
        policies_in(tmp_path)
    (tmp_path / "a.cedar").chmod(0o600)
    tmp_path.chmod(0o777)
    with pytest.raises(PolicyError, match="anybody may write into it"):
        policies_in(tmp_path)
    tmp_path.chmod(0o700)
    (tmp_path / "a.cedar").write_bytes(b"\xff")
    with pytest.raises(PolicyError):
        policies_in(tmp_path)


def test_the_schema_names_every_act_and_part() -> None:
    text = schema()
    assert all(f'action "{act.value}" in [' in text for act in Act)
    assert all(f'"{role.value}"' in text for role in StaffRole)


def test_the_console_asks_the_policies_for_the_roles_of_that_moment(run: Any, stand: Any, shipped: Policies) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            await account(it)
            await account(it, OTHER, AC)
            (member,) = await it.terminal.members()
            assert member.roles == ALL_STAFF_ROLES
            it.may = may_by(shipped, it.storage, it.store)
            assert (await ada.page("/staff")).status_code == 200
            await it.terminal.give_roles(member.id, [SECURITY])
            ask = {"account": AC, "records": [], "reason": "", "public": "", "committed": ""}
            refused = await ada.ask("POST", "/grants", ask)
            assert (refused.status_code, refused.json()["fresh"]) == (403, False)
            assert refused.json()["error"] == "The policies do not permit that to you (your roles: security)."
            await it.terminal.give_roles(member.id, [SUPPORT])
            assert (await ada.ask("POST", "/grants", ask)).status_code == 409
            assert (await ada.ask("POST", "/staff/invitations", {"name": "B", "roles": ["support"]})).status_code == 403
            assert it.noted.count(("staff", "note.give_staff_roles")) == 2

            own = of(f'permit (principal, action, resource); forbid (principal, action, resource in Account::"{AC}");')
            it.may = may_by(own, it.storage, it.store)
            for sid in (AC, OTHER):
                assert (await ada.page(f"/tenants/{sid}")).status_code == 403
                assert (await ada.ask("POST", "/grants", ask | {"account": sid})).status_code == 403
            assert (await ada.page("/tenants")).status_code == 200
            with pytest.raises(RefusedError):
                await it.terminal.give_roles(member.id, [])
            with pytest.raises(RefusedError):
                await it.terminal.give_roles(ST, [SUPPORT])

    run(scene())


OF_DE = 'resource is Account && resource.countries == ["DE"]'


def test_a_policy_may_ask_for_a_tenants_countries_and_what_is_not_known_is_refused() -> None:
    permits = of(f"permit (principal, action, resource) when {{ {OF_DE} }};")
    forbids = of(
        "permit (principal, action, resource); forbid (principal, action, resource) "
        'when { resource is Account && resource.countries.contains("RU") };'
    )
    assert (permits.by_country, permits.named_countries, forbids.named_countries) == (True, ["DE"], ["RU"])
    for policies, countries, permitted in (
        *((permits, ["DE"], True), (permits, ["DE", "FR"], False), (permits, [], False)),
        *((forbids, ["DE"], True), (forbids, ["DE", "RU"], False), (forbids, [], False)),
    ):
        judged = policies.judge(asked(Act.TENANT_LOOK, account=AC), [SUPPORT], countries=countries)
        assert (judged.permitted, bool(judged.broken)) == (permitted, not countries), countries
    # What is of no account has no countries to ask for.
    assert forbids.judge(asked(Act.TENANTS_LIST), [SUPPORT]).permitted
    with pytest.raises(PolicyError, match="countries"):
        of('permit (principal, action, resource) when { resource.countries == ["DE"] };')


def test_a_policy_that_asks_for_no_country_is_not_bothered_by_one_that_does() -> None:
    both = of(
        'permit (principal, action == Action::"tenant.look", resource); '
        f'permit (principal, action == Action::"grant.ask", resource) when {{ {OF_DE} }};'
    )
    assert both.judge(asked(Act.TENANT_LOOK, account=AC), [SUPPORT]).permitted
    assert not both.judge(asked(Act.GRANT_ASK, account=AC), [SUPPORT]).permitted


def test_the_countries_of_an_account_are_those_of_its_own_numbers(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await account(it)
            ada = await it.first()
            it.may = may_by(of(f"permit (principal, action, resource) when {{ {OF_DE} }};"), it.storage, it.store)
            assert (await ada.page(f"/tenants/{AC}")).status_code == 403
            german = replace(NUMBER, account=AC, number="+4930555123", region="DE")
            await it.store.buy_number(german, from_stock=False)
            assert (await ada.page(f"/tenants/{AC}")).status_code == 200
            await it.store.buy_number(replace(NUMBER, account=AC, sid="PN" + "2" * 32), from_stock=False)
            assert (await ada.page(f"/tenants/{AC}")).status_code == 403

    run(scene())


def test_the_ledger_has_which_policies_are_in_force_before_they_judge(run: Any, stand: Any, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "own.cedar").write_text("permit (principal, action, resource);")
    digest = f"own.cedar:{hashlib.sha256((folder / 'own.cedar').read_bytes()).hexdigest()}"
    digests = policies_in(folder).digests
    assert list(digests) == [digest]

    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            it.may = written_down(every_member_may, it.keys, digests)
            it.ledger.full = True
            assert (await ada.page("/staff")).status_code == 503
            it.ledger.full = False
            for _ in range(2):
                assert (await ada.page("/staff")).status_code == 200
            (entry,) = [each for each in it.ledger.entries if each.verb == "note.policies"]
            assert (entry.account, entry.actor, entry.scope) == (OPERATOR, "staff:terminal", (digest,))

    run(scene())


def test_who_is_no_member_any_more_has_no_part(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            await it.first()
            (member,) = await it.terminal.members()
            may = may_by(of('permit (principal in Role::"support", action, resource);'), it.storage, it.store)
            await may(asked(Act.STAFF_LIST, staff=member.id))
            await it.terminal.remove("terminal", member.id)
            for person in (member.id, ST):
                with pytest.raises(RefusedError, match="your roles: none"):
                    await may(asked(Act.STAFF_LIST, staff=person))

    run(scene())


def test_what_a_member_is_for_comes_with_the_invitation(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            for roles in ([], ["king"]):
                answer = await ada.ask("POST", "/staff/invitations", {"name": "Bob", "roles": roles})
                assert answer.status_code in (400, 409)
            invited = {"name": "Bob", "roles": ["security", "support", "support"]}
            link = (await ada.ask("POST", "/staff/invitations", invited)).json()["link"]
            assert "for support, security" in (await ada.page("/staff")).text
            assert (await it.browser().join(link.partition("#")[2])).status_code == 200
            bob = next(each for each in await it.terminal.members() if each.name == "Bob")
            assert bob.roles == (SUPPORT, SECURITY)
            (entry,) = [each for each in it.ledger.entries if each.verb == "note.invite_staff"][1:]
            assert entry.scope[1:] == ("support", "security")

    run(scene())
