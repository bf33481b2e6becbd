"""How an installation runs: its carriers, what went wrong, rates that were raised, queues that wait."""

import asyncio

import msgspec
from tests.contract.conftest import ACCOUNT, NOW, OTHER

from ringfence.domain.message import Status
from ringfence.ports.operations import AllowedRate, CarrierFigures, CarrierState, Incident
from ringfence.ports.oversight import QueueFilter
from ringfence.ports.store import NumberRow

NUMBER = NumberRow(
    account=ACCOUNT,
    sid="PN" + "1" * 32,
    number="+12025550123",
    friendly_name="",
    kind="local",
    region="US",
    capabilities=frozenset(),
    standing=b"",
    created_ms=1,
    updated_ms=1,
)

STATE = CarrierState(
    name="simulator",
    owner="d1",
    kind="texts",
    up=True,
    since_ms=1,
    told_ms=2,
    figures=CarrierFigures(sent_last_minute=3, throttled_last_hour=4, errors={"30003": 5}),
)


async def test_of_a_carrier_the_latest_of_each_process_is_kept(store):
    assert list(await store.carrier_states()) == []
    other = msgspec.structs.replace(STATE, owner="d2")
    trunk = msgspec.structs.replace(STATE, name="carrier", owner="voice", kind="calls", figures=CarrierFigures())
    for row in (other, STATE, trunk):
        await store.put_carrier_state(row)
    assert list(await store.carrier_states()) == [trunk, STATE, other]
    down = msgspec.structs.replace(STATE, up=False, since_ms=9, told_ms=9, figures=CarrierFigures())
    await store.put_carrier_state(down)
    assert list(await store.carrier_states()) == [trunk, down, other]


async def test_an_incident_goes_on_once_until_it_ends_and_one_acknowledges_it(store):
    first = Incident(sid="IC1", kind="carrier", what="simulator", began_ms=5)
    again = Incident(sid="IC2", kind="carrier", what="simulator", began_ms=6)
    other = Incident(sid="IC3", kind="carrier", what="mail", began_ms=7)
    made = await asyncio.gather(*(store.begin_incident(row) for row in (first, again)))
    assert sorted(made) == [False, True]
    assert await store.begin_incident(other)
    (going_on,) = [row for row in await store.incidents(going_on=True) if row.what == "simulator"]
    assert await store.acknowledge_incident(going_on.sid, "ST1", 8)
    assert not await store.acknowledge_incident(going_on.sid, "ST2", 9)
    assert not await store.acknowledge_incident("IC9", "ST2", 9)
    assert await store.end_incident("carrier", "simulator", 10)
    assert not await store.end_incident("carrier", "simulator", 11)
    assert list(await store.incidents(going_on=True)) == [other]
    ended = msgspec.structs.replace(going_on, acknowledged_by="ST1", acknowledged_ms=8, ended_ms=10)
    assert list(await store.incidents()) == [other, ended]
    assert list(await store.incidents(before=other.sid)) == [ended]
    assert list(await store.incidents(limit=1)) == [other]
    assert await store.begin_incident(Incident(sid="IC4", kind="carrier", what="simulator", began_ms=12))
    # What is over as it is written down hinders nothing that goes on.
    past = Incident(sid="IC5", kind="carrier", what="simulator", began_ms=1, ended_ms=2)
    assert await store.begin_incident(past)


async def test_a_rate_stands_in_place_of_the_one_before(store):
    assert list(await store.allowed_rates()) == []
    rate = AllowedRate(kind="account", name=ACCOUNT, rate_mps=2.5, at_ms=1)
    assert await store.put_allowed_rate(rate)
    number = AllowedRate(kind="number", name="+12025550123", rate_mps=1.0, at_ms=2)
    assert await store.put_allowed_rate(number)
    raised = msgspec.structs.replace(rate, rate_mps=5.0, at_ms=3)
    assert await store.put_allowed_rate(raised, was=rate)
    assert list(await store.allowed_rates()) == [raised, number]


async def test_a_rate_is_put_in_place_of_the_one_that_is_known_alone(store):
    rate = AllowedRate(kind="account", name=ACCOUNT, rate_mps=2.5, at_ms=1)
    changed = msgspec.structs.replace(rate, rate_mps=5.0, at_ms=3)
    assert not await store.put_allowed_rate(changed, was=rate)
    made = await asyncio.gather(*(store.put_allowed_rate(row) for row in (rate, changed)))
    assert sorted(made) == [False, True]
    (stands,) = await store.allowed_rates()
    for other in ({"rate_mps": 9.0}, {"at_ms": 9}):
        was = msgspec.structs.replace(stands, **other)
        assert not await store.put_allowed_rate(msgspec.structs.replace(rate, rate_mps=7.0, at_ms=7), was=was)
    assert list(await store.allowed_rates()) == [stands]


async def test_a_number_has_its_rate_while_it_is_the_same_accounts(store):
    rate = AllowedRate(kind="number", name=NUMBER.number, rate_mps=2.5, at_ms=1)
    assert not await store.put_allowed_rate(rate, number=NUMBER.sid)
    await store.buy_number(NUMBER, from_stock=False)
    assert not await store.put_allowed_rate(rate, number="PN" + "9" * 32)
    assert await store.put_allowed_rate(rate, number=NUMBER.sid)
    assert list(await store.allowed_rates()) == [rate]
    assert not await store.release_number(OTHER, NUMBER.sid)
    assert list(await store.allowed_rates()) == [rate]
    assert await store.release_number(ACCOUNT, NUMBER.sid)
    assert list(await store.allowed_rates()) == []


async def test_a_raise_and_the_end_of_its_number_leave_no_rate_behind(store):
    rate = AllowedRate(kind="number", name=NUMBER.number, rate_mps=2.5, at_ms=1)
    for _ in range(5):
        await store.buy_number(NUMBER, from_stock=False)
        await asyncio.gather(store.put_allowed_rate(rate, number=NUMBER.sid), store.release_number(ACCOUNT, NUMBER.sid))
        assert list(await store.allowed_rates()) == []


async def test_queues_in_which_something_waits_are_shown_the_longest_first(store, text):
    assert list(await store.sender_queues()) == []
    await store.accept(text(sid="SM1", created_ms=NOW))
    await store.accept(text(sid="SM2", created_ms=NOW + 1))
    await store.accept(text(sid="SM3", account=OTHER, created_ms=NOW - 5_000, due_ms=NOW - 5_000))
    await store.accept(text(sid="SM4", status=Status.DELIVERED, local="+12025550199", created_ms=NOW - 9_000))
    first, second = await store.sender_queues()
    assert (first.account, first.depth, first.next_ms, first.owner) == (OTHER, 1, NOW - 5_000, "")
    assert (second.account, second.depth, second.next_ms) == (ACCOUNT, 2, NOW)
    assert list(await store.sender_queues(first.place)) == [second]
    assert list(await store.sender_queues(limit=1)) == [first]
    for wanted, found in (
        (QueueFilter(account=ACCOUNT), [second]),
        (QueueFilter(carrier=first.carrier), [first, second]),
        (QueueFilter(account=OTHER, carrier=first.carrier), [first]),
        (QueueFilter(carrier="mail"), []),
    ):
        assert list(await store.sender_queues(wanted=wanted)) == found
    assert list(await store.sender_queues(first.place, wanted=QueueFilter(account=OTHER))) == []
    (lease, _) = await store.lease("d1", second.carrier, NOW + 10, 1_000, 2)
    held = {each.account: (each.owner, each.until_ms) for each in await store.sender_queues()}
    assert held[lease.account] == ("d1", lease.until_ms)


async def test_queues_of_several_carriers_are_shown_in_one_order(store, text):
    for n, carrier in enumerate(("trunk", "mail", "trunk", "post")):
        at_ms = NOW + n
        row = text(sid=f"SM{n}", local=f"+1202555012{n}", carrier=carrier, created_ms=at_ms, due_ms=at_ms)
        await store.accept(row)
    shown = await store.sender_queues()
    assert [each.carrier for each in shown] == ["trunk", "mail", "trunk", "post"]
    assert [each.depth for each in shown] == [1, 1, 1, 1]
    assert list(await store.sender_queues(limit=2)) == list(shown[:2])
    assert list(await store.sender_queues(shown[0].place, limit=2)) == list(shown[1:3])
    assert list(await store.sender_queues(wanted=QueueFilter(carrier="trunk"))) == [shown[0], shown[2]]


async def test_what_an_operator_sees_of_a_number_stays_with_its_text(store, text):
    await store.accept(text(sid="SM1", remote_prefix="+49 1511"))
    assert (await store.message(ACCOUNT, "SM1")).remote_prefix == "+49 1511"
