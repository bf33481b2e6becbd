"""Leaves to make a factor are there while they are good, where they belong, and are erased afterwards."""

from msgspec.structs import replace

from ringfence.ports.enrolments import EnrolmentRow
from ringfence.ports.factors import EntityRow

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
VA, VB = "VA" + "a" * 32, "VA" + "b" * 32
ROW = EnrolmentRow(
    account=A,
    sid="YK" + "1" * 32,
    service=VA,
    epoch=7,
    content=b"\x00\xff",
    created_ms=NOW,
    expires_ms=NOW + 60_000,
    identity_index=b"index",
)
ENTITY = EntityRow(
    account=A,
    sid="YE" + "1" * 32,
    service=VA,
    identity_index=b"index",
    epoch=7,
    content=b"\x00\xff",
    created_ms=NOW,
    updated_ms=NOW,
)


async def test_a_leave_is_what_was_written_until_its_time_is_up(store):
    await store.keep_enrolment(ROW)
    assert await store.enrolment(A, VA, ROW.sid, NOW + 59_999) == ROW
    assert await store.enrolment(A, VA, ROW.sid, NOW + 60_000) is None


async def test_a_leave_of_another_service_or_account_is_not_there(store):
    await store.keep_enrolment(ROW)
    for account, service, sid in ((B, VA, ROW.sid), (A, VB, ROW.sid), (A, VA, "YK" + "2" * 32)):
        assert await store.enrolment(account, service, sid, NOW) is None


async def test_the_next_leave_of_anybody_erases_what_is_over_and_nothing_else(store):
    longer = replace(ROW, sid="YK" + "2" * 32, expires_ms=NOW + 60_001)
    for row in (ROW, longer, replace(ROW, account=B, sid="YK" + "3" * 32, created_ms=NOW + 60_000, expires_ms=2 * NOW)):
        await store.keep_enrolment(row)
    # Asked as of then, what is still written would be there.
    assert await store.enrolment(A, VA, ROW.sid, NOW) is None
    assert await store.enrolment(A, VA, longer.sid, NOW) == longer


async def test_leaves_go_with_whom_they_are_for_and_no_others(store):
    others = [
        replace(ROW, sid="YK" + "2" * 32, identity_index=b"another"),
        replace(ROW, service=VB),
        replace(ROW, account=B),
    ]
    for row in (ROW, *others):
        await store.keep_enrolment(row)
    await store.begin_entity(ENTITY)
    assert await store.delete_entity(A, VA, ENTITY.sid) == []
    assert await store.enrolment(A, VA, ROW.sid, NOW) is None
    for row in others:
        assert await store.enrolment(row.account, row.service, row.sid, NOW) == row
