"""Whatever happens in whatever order, the store in memory and those on disk tell the same story."""

import asyncio
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ringfence.domain.message import Direction, Status
from ringfence.ports.outbox import EventFilter
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import MessageFilter, MessageRow, NewEvent, Outcome, Party, Settlement, StaleFenceError
from ringfence.store.memory import MemoryStore
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore

NOW = 1_700_000_000_000
ACCOUNTS = ["AC" + c * 32 for c in "ab"]
SENDERS = ["+1", "+2"]
SIDS = [f"SM{NOW + n // 3:012x}{n:020x}" for n in range(12)]
INDEXES = [b"i" * 16, b"j" * 16]

accounts = st.sampled_from(ACCOUNTS)
sids = st.sampled_from(SIDS)
owners = st.sampled_from(["d1", "d2"])
moments = st.integers(0, 20)
statuses = st.sampled_from(list(Status))
parties = st.none() | st.builds(Party, number=st.sampled_from(SENDERS), indexes=st.sets(st.sampled_from(INDEXES)))

messages = st.builds(
    MessageRow,
    account=accounts,
    sid=sids,
    direction=st.sampled_from([Direction.INBOUND, Direction.OUTBOUND_API, Direction.OUTBOUND_API]),
    status=st.sampled_from(
        [Status.QUEUED, Status.QUEUED, Status.SCHEDULED, Status.SENDING, Status.SENT, Status.FAILED]
    ),
    local=st.sampled_from(SENDERS),
    remote_index=st.sampled_from(INDEXES),
    remote_region=st.just("US"),
    epoch=st.integers(1, 2),
    content=st.binary(max_size=8),
    num_segments=st.integers(1, 3),
    price_micros=st.none() | st.integers(0, 9),
    created_ms=moments.map(lambda ms: NOW + ms),
    updated_ms=moments.map(lambda ms: NOW + ms),
    due_ms=st.just(0) | moments.map(lambda ms: NOW + ms),
    sequence=st.integers(0, 2),
    carrier=st.just("simulator"),
    carrier_ref=st.none() | st.sampled_from(["r1", "r2"]),
    has_callback=st.booleans(),
)
events = st.lists(
    st.builds(NewEvent, kind=st.just("message.received"), sequence=st.integers(0, 3), at_ms=moments.map(NOW.__add__)),
    max_size=3,
)


def retained_of(account, sid, parts, data):
    """Nothing, or what a duty keeps of that record."""
    row = st.builds(
        RetainedRow,
        account=st.just(account),
        sid=st.just(sid),
        part=parts,
        duty=st.integers(1, 2),
        epoch=st.integers(1, 2),
        until_ms=moments.map(NOW.__add__),
        sealed=st.binary(max_size=4),
    )
    return data.draw(st.none() | row)


class Agreement(RuleBasedStateMachine):
    """Every step is taken in both stores, and every answer compared."""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stores = [MemoryStore(), self.on_disk()]
        self.now_ms = NOW
        self.leases = []
        self.taken = []
        for store in self.stores:
            self.loop.run_until_complete(store.open())

    def teardown(self):
        for store in self.stores:
            self.loop.run_until_complete(store.close())
        self.loop.close()

    def on_disk(self):
        """A new store; whoever compares another kind says which."""
        raise AssertionError("no store to compare")

    def both(self, verb, *args, **named):
        """The one answer of both stores; a stale fence is an answer too."""

        async def ask(store):
            try:
                return await getattr(store, verb)(*args, **named)
            except StaleFenceError:
                return StaleFenceError

        answers = [self.loop.run_until_complete(ask(store)) for store in self.stores]
        assert answers[0] == answers[1], verb
        return answers[0]

    @rule(ms=st.integers(1, 8))
    def time_passes(self, ms):
        self.now_ms += ms

    @rule(row=messages, events=events, data=st.data())
    def accept(self, row, events, data):
        self.both("accept", row, events, retained_of(row.account, row.sid, st.just(0), data))

    @rule(ms=moments, limit=st.integers(1, 3))
    def erase_retained(self, ms, limit):
        self.both("erase_retained", NOW + ms, limit)

    @rule(
        account=accounts,
        duty=st.integers(1, 2),
        epochs=st.tuples(st.integers(1, 2), st.integers(1, 2)),
        after=st.tuples(sids, st.integers(0, 1)),
        limit=st.integers(1, 6),
    )
    def read_retained(self, account, duty, epochs, after, limit):
        self.both("retained", account, duty, *epochs, after=after, limit=limit)

    @rule(owner=owners, limit=st.integers(1, 3), in_hand=st.none() | st.dictionaries(accounts, st.integers(0, 2)))
    def lease(self, owner, limit, in_hand):
        self.leases += self.both("lease", owner, "simulator", self.now_ms, 5, limit, in_hand=in_hand)

    @rule(data=st.data(), verb=st.sampled_from(["renew", "release", "due"]), limit=st.integers(1, 4))
    def hold(self, data, verb, limit):
        if self.leases:
            lease = data.draw(st.sampled_from(self.leases))
            more = {"renew": (self.now_ms, 5), "release": (), "due": (self.now_ms, limit)}[verb]
            self.both(verb, lease, *more)

    @rule(data=st.data(), leased=st.booleans())
    def acknowledge(self, data, leased):
        lease = data.draw(st.sampled_from(self.leases)) if leased and self.leases else None
        outcome = st.builds(
            Outcome,
            account=st.just(lease.account) if lease else accounts,
            sid=sids,
            status=statuses,
            at_ms=st.just(self.now_ms),
            error_code=st.none() | st.just(30003),
            carrier_ref=st.none() | st.sampled_from(["r1", "r3"]),
            price_micros=st.none() | st.integers(0, 9),
            trail=st.sampled_from(["", "a\n", "b" * 1_500 + "\n"]),
        )
        self.both("acknowledge", lease, data.draw(st.lists(outcome, max_size=4)))

    @rule(owner=owners, limit=st.integers(1, 3), passing_over=st.sets(accounts, max_size=1))
    def take(self, owner, limit, passing_over):
        self.taken += self.both("take_events", owner, self.now_ms, 5, limit, passing_over=passing_over)

    @rule(data=st.data())
    def settle(self, data):
        if self.taken:
            ends = st.builds(
                lambda event, state, ms, detail: Settlement(
                    event_id=event.id,
                    account=event.account,
                    state=state,
                    due_ms=self.now_ms + ms,
                    at_ms=self.now_ms,
                    detail=detail,
                ),
                st.sampled_from(self.taken),
                st.sampled_from(["done", "dead", "pending"]),
                moments,
                st.sampled_from([b"", b"sealed", b"\x00\xff" * 9]),
            )
            self.both("settle_events", data.draw(st.lists(ends, min_size=1, max_size=4)))

    @rule(data=st.data(), verb=st.sampled_from(["defer", "replay"]), ms=moments)
    def give_back(self, data, verb, ms):
        if self.taken:
            event = data.draw(st.sampled_from(self.taken))
            if verb == "defer":
                self.both("defer_events", [event], self.now_ms + ms)
            else:
                self.both("replay", event.account, event.id, self.now_ms + ms)

    @rule(owner=owners)
    def release_events(self, owner):
        self.both("release_events", owner, self.now_ms)

    @rule(account=accounts, sid=sids, redacted=st.booleans())
    def rewrite(self, account, sid, redacted):
        self.both("rewrite", account, sid, b"", at_ms=self.now_ms, redacted=redacted)

    @rule(account=accounts, sid=sids)
    def delete(self, account, sid):
        self.both("delete_message", account, sid)

    @rule(
        account=accounts,
        to=parties,
        sender=parties,
        bounds=st.tuples(st.none() | moments, st.none() | moments),
        before=st.none() | sids,
        limit=st.integers(1, 12),
    )
    def list_messages(self, account, to, sender, bounds, before, limit):
        from_ms, to_ms = (None if ms is None else NOW + ms for ms in bounds)
        wanted = MessageFilter(to=to, sender=sender, from_ms=from_ms, to_ms=to_ms)
        self.both("messages", account, wanted, before=before, limit=limit)

    @rule(account=accounts, epoch=st.integers(1, 2), ref=st.sampled_from(["r1", "r2", "r3"]))
    def look_up(self, account, epoch, ref):
        self.both("unfinished", account, epoch)
        self.both("by_carrier_refs", "simulator", [ref, "r1", "r9"])
        self.both("messages_of", [(account, sid) for account in ACCOUNTS for sid in SIDS])
        self.both("rated", account)

    @rule(
        account=accounts,
        state=st.sampled_from([None, "pending", "done", "dead"]),
        bounds=st.tuples(st.none() | moments, st.none() | moments),
        before=st.none() | st.tuples(moments, st.integers(0, 20)),
        limit=st.integers(1, 6),
    )
    def list_events(self, account, state, bounds, before, limit):
        from_ms, to_ms = (None if ms is None else NOW + ms for ms in bounds)
        wanted = EventFilter(state=state, from_ms=from_ms, to_ms=to_ms)
        place = None if before is None else (NOW + before[0], before[1])
        found = self.both("latest_events", account, wanted, before=place, limit=limit)
        self.both("last_attempts", account, found)

    @invariant()
    def every_message_and_its_news_are_the_same(self):
        for account in ACCOUNTS:
            for duty in (1, 2):
                self.both("retained", account, duty, 1, 2)
            for row in self.both("messages", account, MessageFilter(), limit=100):
                self.both("events", account, row.sid)
                self.both("attempts", account, row.sid)
                self.both("carrier_trail", account, row.sid)


BOUNDS = settings(max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))


def test_memory_and_sqlite_agree(tmp_path):
    made = count()

    class WithSqlite(Agreement):
        def on_disk(self):
            return SqliteStore(tmp_path / f"{next(made)}.db")

    run_state_machine_as_test(WithSqlite, settings=BOUNDS)


def test_memory_and_postgres_agree(postgres_url, emptied):
    class WithPostgres(Agreement):
        def on_disk(self):
            emptied(postgres_url)
            return PostgresStore(postgres_url, readers=1)

    run_state_machine_as_test(WithPostgres, settings=settings(BOUNDS, max_examples=12))
