"""No statement reads more of a table than it must: what PostgreSQL plans to do with a generic plan."""

import asyncio
import json
import re
from importlib.resources import files

import pytest

from ringfence.store import postgres_connection
from ringfence.store.postgres_connection import connect
from ringfence.store.postgres_migrate import migrate, migrations
from ringfence.store.statements import statements

# None is on the road of a text: it runs when a dispatcher starts, or reads the index of the inventory. Owners of calls
# are as many as voice processes, orders to calls are taken as they come, and owned are the calls that live.
# Freezes are few, those that ended are read in their order, so many at a time, and the operator's overview reads the
# indexes of what is not finished.
MAY_SCAN = {
    ("outbox", "release"),
    ("numbers", "regions"),
    ("clock", "texts"),
    ("clock", "queues"),
    ("clock", "leases"),
    ("clock", "events"),
    ("clock", "call_owners"),
    ("call_work", "forget_owners"),
    ("call_work", "orphaned"),
    ("call_work", "any_order"),
    ("call_work", "orders_of"),
    ("call_work", "take_orders"),
    ("freezes", "all"),
    ("freezes", "ended"),
    ("invitations", "all"),
    ("oversight", "texts"),
    ("operations", "carrier_states"),
    ("operations", "incidents"),
    ("operations", "going_on"),
    ("operations", "allowed_rates"),
    ("oversight", "events"),
    ("oversight", "dead_events"),
    ("oversight", "live_calls"),
}

FILES = sorted(
    file.name.removesuffix(".sql")
    for file in files("ringfence.store").joinpath("sql", "postgres").iterdir()
    if file.name.endswith(".sql")
)


@pytest.fixture(scope="module")
def plans(postgres_server):
    """(file, heading) to the nodes of its plan, in a database of its own: what others left of rows sways a planner."""

    async def explained():
        connection = await connect(postgres_server.database())
        await migrate(connection, migrations())
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        found = {}
        for name in FILES:
            for heading, sql in statements(f"postgres/{name}").items():
                if re.match("SELECT|UPDATE|DELETE|INSERT|WITH", sql):
                    found[name, heading] = list(nodes(await plan(connection, sql)))
        await connection.close()
        return found

    return asyncio.run(explained())


async def plan(connection, sql):
    await connection.execute(f"PREPARE it AS {sql}")
    count = max(map(int, re.findall(r"\$(\d+)", sql)), default=0)
    arguments = f"({', '.join(['NULL'] * count)})" if count else ""
    text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE it{arguments}")
    await connection.execute("DEALLOCATE it")
    return json.loads(text)[0]["Plan"]


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def test_every_statement_is_understood(plans):
    assert len(plans) > 50


@pytest.mark.parametrize("name", FILES)
def test_no_statement_scans_a_table(plans, name):
    for (file, heading), steps in plans.items():
        if file == name and (file, heading) not in MAY_SCAN:
            assert [step["Relation Name"] for step in steps if step["Node Type"] == "Seq Scan"] == [], heading
            unbounded = [
                step["Index Name"]
                for step in steps
                if step["Node Type"].startswith("Index") and "Index Cond" not in step and "Index Name" in step
            ]
            assert unbounded == [], heading


@pytest.mark.parametrize(
    ("name", "heading", "index"),
    [
        ("messages", "unfinished", "message_open"),
        ("messages", "unfinished", "call_live"),
        ("messages", "unfinished", "recording_open"),
        ("calls", "all", "call_created"),
        ("calls", "by_parent", "call_parent"),
        ("calls", "by_local", "call_local"),
        ("calls", "by_remote", "call_remote"),
        ("calls", "live_calls", "call_live"),
        ("call_work", "waiting_accounts", "call_waiting"),
        ("call_work", "oldest", "call_waiting"),
        ("call_work", "owned", "call_owned"),
        ("call_steps", "troubles", "call_step_trouble"),
        ("recordings", "all", "recording_created"),
        ("recordings", "of_call", "recording_call"),
        ("queue", "due", "message_queued"),
        ("queue", "line", "message_queued"),
        ("queue", "line", "sender_queue_next"),
        ("queue", "see", "message_queued"),
        ("oversight", "queues_by_carrier", "sender_queue_next"),
        ("oversight", "queues_by_carrier", "message_queued"),
        ("oversight", "queues_of_account", "sender_queue_pkey"),
        ("listing", "all", "message_created"),
        ("listing", "by_local", "message_local"),
        ("listing", "by_remote", "message_remote"),
        ("outbox", "take", "event_turn"),
        ("outbox", "insert", "event_pending"),
        ("outbox", "latest", "event_made"),
        ("outbox", "latest_dead", "event_dead"),
        ("outbox", "last_attempts", "attempt_message"),
        ("clock", "texts", "message_queued"),
        ("clock", "events", "event_pending"),
        ("freezes", "ended", "ended_freeze_order"),
        ("freezes", "forget", "ended_freeze_pkey"),
        ("retained", "of_epochs", "retained_duty"),
        ("retained", "erase", "retained_until"),
        ("retained", "erase", "retained_pkey"),
    ],
)
def test_the_index_made_for_it_is_used(plans, name, heading, index):
    steps = plans[name, heading]
    assert index in {step.get("Index Name") for step in steps}
    if heading in ("due", "all", "ended") and name != "listing":
        assert not any(step["Node Type"] == "Sort" for step in steps)


def test_no_plan_outlives_what_it_was_made_for(postgres_server, monkeypatch):
    """One made while a table was empty reads all of an account's rows for each key, and the server would keep it."""
    monkeypatch.setitem(postgres_connection._OPTIONS, "max_cached_statement_lifetime", 0.3)
    question = "SELECT prepare_time FROM pg_prepared_statements WHERE statement = 'SELECT $1::int'"

    async def story():
        connection = await connect(postgres_server.database())

        async def prepared():
            assert await connection.fetchval("SELECT $1::int", 1) == 1
            return [time for (time,) in await connection.fetch(question)]

        (first,) = await prepared()
        assert await prepared() == [first]
        await asyncio.sleep(0.5)
        (second,) = await prepared()
        assert second > first
        await connection.close()

    asyncio.run(story())
    assert postgres_connection.PLAN_LIFE_S <= 5
