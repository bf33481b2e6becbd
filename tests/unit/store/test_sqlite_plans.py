"""No statement reads more of a table than it must: what SQLite plans to do."""

import re
import sqlite3
from importlib.resources import files

import pytest

from ringfence.schema.sqlite_migrate import migrate
from ringfence.store.sqlite_session import migrations
from ringfence.store.statements import statements

# None is on the road of a text: it runs when a dispatcher starts, or reads the index of the inventory. Owners of calls
# are as many as voice processes, orders to calls are taken as they come, and owned are the calls that live.
# Freezes are few, those that ended are read in their order, so many at a time, and the operator's overview reads the
# indexes of what is not finished.
MAY_SCAN = {
    ("outbox", "release"),
    ("numbers", "regions"),
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

FILES = sorted(file.name.removesuffix(".sql") for file in files("ringfence.store").joinpath("sql", "sqlite").iterdir())


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    path = tmp_path_factory.mktemp("plans") / "ringfence.db"
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, path, migrations())
    yield connection
    connection.close()


def plan(connection, sql):
    sql = sql.replace("{indexes}", ":index_0")
    values = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
    numbered = max(map(int, re.findall(r"\?(\d+)", sql)), default=sql.count("?"))
    return [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values or [1] * numbered)]


@pytest.mark.parametrize("name", FILES)
def test_no_statement_scans_a_table(connection, name):
    for heading, sql in statements(f"sqlite/{name}").items():
        if re.match("SELECT|UPDATE|DELETE|INSERT", sql) and (name, heading) not in MAY_SCAN:
            scans = [
                step
                for step in plan(connection, sql)
                if re.match(r"SCAN (?!\(|json_each |turn)", step) and "CONSTANT" not in step
            ]
            assert scans == [], heading


@pytest.mark.parametrize(
    ("name", "heading", "index"),
    [
        ("messages", "unfinished", "message_open"),
        ("messages", "due", "message_open (account=? AND local=? AND carrier=? AND place_ms<?)"),
        ("listing", "all", "message_created (account=? AND created_ms>? AND (created_ms,sid)<(?,?))"),
        ("listing", "ended", "message_ended (account=? AND status=? AND created_ms>? AND (created_ms,sid)<(?,?))"),
        ("listing", "by_local", "message_local (account=? AND local=? AND created_ms>? AND (created_ms,sid)<(?,?))"),
        ("listing", "by_remote", "message_remote (account=? AND remote_index=?)"),
        ("outbox", "ready", "event_turn (account=? AND ready_ms<?)"),
        ("outbox", "ready_accounts", "event_turn (account>?)"),
        ("outbox", "ready_accounts", "event_turn (account=? AND ready_ms<?)"),
        ("outbox", "latest", "event_made (account=? AND at_ms>? AND at_ms<?)"),
        ("outbox", "latest_of", "event_made (account=? AND at_ms>? AND at_ms<?)"),
        ("outbox", "latest_dead", "event_dead (account=? AND at_ms>? AND at_ms<?)"),
        ("outbox", "some_pending", "event_pending (account=?)"),
        ("outbox", "last_attempts", "attempt_message (account=? AND message_sid=?)"),
        ("outbox", "settle", "event USING INTEGER PRIMARY KEY"),
        ("outbox", "rank", "waiting USING INDEX event_pending (account=? AND message_sid=?)"),
        ("messages", "change", "message USING INDEX sqlite_autoindex_message_1 (account=? AND sid=?)"),
        ("messages", "progress", "message USING INDEX sqlite_autoindex_message_1 (account=? AND sid=?)"),
        ("messages", "messages_of", "message USING INDEX sqlite_autoindex_message_1 (account=? AND sid=?)"),
        ("messages", "by_carrier_refs", "message_carrier_ref (carrier=? AND carrier_ref=?)"),
        ("clock", "texts", "message_open (account=? AND local=? AND carrier=? AND place_ms>?)"),
        ("clock", "events", "event USING INDEX event_pending"),
        ("verification_attempts", "convert", "verification_attempt_of (account=? AND verification=?)"),
        ("oversight", "carriers", "sender_queue_next (carrier>?)"),
        ("oversight", "queues_of_carrier", "sender_queue_next (carrier=? AND next_ms>?)"),
        ("oversight", "queues_of_account", "sender_queue USING PRIMARY KEY (account=?)"),
        ("oversight", "depth", "message_open (account=? AND local=? AND carrier=? AND place_ms>?)"),
        ("queue", "all_free", "sender_queue_next (carrier=? AND next_ms<?)"),
        ("freezes", "ended", "ended_freeze USING COVERING INDEX ended_freeze_order"),
        ("freezes", "forget", "ended_freeze USING PRIMARY KEY (kind=? AND name=?)"),
        ("retained", "of_epochs", "retained_duty (account=? AND duty=? AND (sid,part)>(?,?))"),
        ("retained", "erase", "retained_until (until_ms<?)"),
        ("retained", "erase", "retained USING PRIMARY KEY (account=? AND sid=? AND part=?)"),
    ],
)
def test_the_index_made_for_it_is_used(connection, name, heading, index):
    steps = plan(connection, statements(f"sqlite/{name}")[heading])
    assert any(index in step for step in steps)
    if heading in ("due", "all", "ended", "by_local", "latest", "latest_of", "latest_dead", "queues_of_carrier"):
        assert not any("TEMP B-TREE" in step for step in steps)
