"""Whatever happens to calls in whatever order, the store in memory and those on disk tell the same story."""

import asyncio
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace

from ringfence.domain.call import Direction, Status
from ringfence.ports.calls import CallChange, CallFilter, CallOrder, CallRow, RecordingRow, StepRow
from ringfence.ports.outbox import NewEvent, Settlement
from ringfence.ports.party import Party
from ringfence.ports.retention import RetainedRow
from ringfence.store.memory import MemoryStore
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore

NOW = 1_700_000_000_000
ACCOUNTS = ["AC" + c * 32 for c in "ab"]
LOCALS = ["+1", "+2"]
SIDS = [f"CA{NOW + n // 3:012x}{n:020x}" for n in range(9)]
RECORDINGS = [f"RE{n:032x}" for n in range(3)]
INDEXES = [b"i" * 16, b"j" * 16]

accounts = st.sampled_from(ACCOUNTS)
sids = st.sampled_from(SIDS)
owners = st.sampled_from(["v1", "v2"])
moments = st.integers(0, 20)
statuses = st.sampled_from(list(Status))
parties = st.none() | st.builds(Party, number=st.sampled_from(LOCALS), indexes=st.sets(st.sampled_from(INDEXES)))
calls = st.builds(
    CallRow,
    account=accounts,
    sid=sids,
    parent_sid=st.none() | sids,
    direction=st.sampled_from(Direction),
    status=st.sampled_from([Status.QUEUED, Status.QUEUED, Status.RINGING, Status.IN_PROGRESS, Status.FAILED]),
    local=st.sampled_from(LOCALS),
    remote_index=st.sampled_from(INDEXES),
    remote_region=st.sampled_from(["US", "LV", ""]),
    epoch=st.integers(1, 2),
    content=st.binary(max_size=8),
    created_ms=moments.map(lambda ms: NOW + ms),
    updated_ms=moments.map(lambda ms: NOW + ms),
    price_micros=st.none() | st.integers(0, 9),
    sequence=st.integers(0, 2),
    owner=st.sampled_from(["", "", "v1", "v2"]),
    rate_micros=st.integers(0, 3),
)
events = st.lists(
    st.builds(NewEvent, kind=st.just("call.ringing"), sequence=st.integers(0, 3), at_ms=moments.map(NOW.__add__)),
    max_size=2,
)
recording_statuses = st.sampled_from(["in-progress", "paused", "processing", "completed", "absent"])


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


class CallAgreement(RuleBasedStateMachine):
    """Every step is taken in both stores, and every answer compared."""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stores = [MemoryStore(), self.on_disk()]
        self.now_ms = NOW
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
        """The one answer of both stores; but a serial number is used up by what is dropped, too."""

        async def ask(store):
            answer = await getattr(store, verb)(*args, **named)
            return [replace(row, id=0) for row in answer] if verb in ("steps", "take_orders", "troubles") else answer

        answers = [self.loop.run_until_complete(ask(store)) for store in self.stores]
        assert answers[0] == answers[1], verb
        return answers[0]

    @rule(ms=st.integers(1, 8))
    def time_passes(self, ms):
        self.now_ms += ms

    @rule(row=calls, events=events, data=st.data())
    def create(self, row, events, data):
        self.both("create_call", row, events, retained_of(row.account, row.sid, st.just(0), data))

    @rule(ms=moments, limit=st.integers(1, 3))
    def erase_retained(self, ms, limit):
        self.both("erase_retained", NOW + ms, limit)

    @rule(
        account=accounts,
        sid=sids,
        status=statuses,
        price_micros=st.none() | st.integers(0, 9),
        route=st.none() | st.just("trunk"),
        sip_status=st.none() | st.just(486),
        events=events,
        data=st.data(),
    )
    def move(self, account, sid, status, events, data, **more):
        retained = retained_of(account, sid, st.just(1), data)
        self.both("move_call", account, sid, CallChange(status=status, at_ms=self.now_ms, **more), events, retained)

    @rule(account=accounts, sid=sids, content=st.binary(max_size=4))
    def rewrite(self, account, sid, content):
        self.both("rewrite_call", account, sid, content, at_ms=self.now_ms)

    @rule(account=accounts, sid=sids)
    def delete(self, account, sid):
        self.both("delete_call", account, sid)

    @rule(
        owner=owners,
        limit=st.integers(1, 3),
        each=st.none() | st.integers(0, 2),
        passing_over=st.sets(accounts, max_size=1),
    )
    def take(self, owner, limit, each, passing_over):
        self.both("take_calls", owner, self.now_ms, 5, limit, each=each, passing_over=passing_over)

    @rule(owner=owners, days=st.integers(0, 1))
    def hold(self, owner, days):
        self.both("hold_calls", owner, self.now_ms + days * 90_000_000, 5)

    @rule()
    def clock_goes_back(self):
        self.both("clock_set_back", lambda: self.now_ms, 5)

    @rule(account=accounts, sid=sids, kind=st.sampled_from(["end", "document"]), content=st.binary(max_size=3))
    def order(self, account, sid, kind, content):
        self.both("order", CallOrder(account=account, call_sid=sid, kind=kind, content=content, at_ms=self.now_ms))

    @rule(owner=owners, limit=st.integers(1, 3))
    def take_orders(self, owner, limit):
        self.both("take_orders", owner, limit)

    @rule(steps=st.lists(st.tuples(accounts, sids, moments, st.binary(max_size=3)), max_size=4))
    def add_steps(self, steps):
        rows = [
            StepRow(account=a, call_sid=sid, at_ms=NOW + ms, kind="error", code=11200 if d else None, detail=d)
            for a, sid, ms, d in steps
        ]
        self.both("add_steps", rows)

    @rule(account=accounts, sid=st.sampled_from(RECORDINGS), call_sid=sids, epoch=st.integers(1, 2), ms=moments)
    def record(self, account, sid, call_sid, epoch, ms):
        times = {"started_ms": NOW, "created_ms": NOW + ms, "updated_ms": NOW}
        row = RecordingRow(
            account=account,
            sid=sid,
            call_sid=call_sid,
            status="in-progress",
            channels=1,
            source="DialVerb",
            epoch=epoch,
            **times,
        )
        self.both("add_recording", row)

    @rule(account=accounts, sid=st.sampled_from(RECORDINGS), status=recording_statuses, told=st.booleans())
    def move_recording(self, account, sid, status, told):
        event = NewEvent(kind=f"recording.{status}", sequence=0, at_ms=self.now_ms, raw=sid)
        self.both("move_recording", account, sid, status, self.now_ms, events=[event] if told else [])

    @rule(account=accounts, sid=st.sampled_from(RECORDINGS))
    def delete_recording(self, account, sid):
        self.both("delete_recording", account, sid, self.now_ms)

    @rule(limit=st.integers(1, 3), state=st.sampled_from(["done", "dead", "pending"]))
    def tell(self, limit, state):
        for event in self.both("take_events", "d", self.now_ms, 5, limit):
            settlement = Settlement(event_id=event.id, account=event.account, state=state, due_ms=self.now_ms + 3)
            self.both("settle_events", [settlement])

    @rule(
        account=accounts,
        to=parties,
        sender=parties,
        status=st.none() | statuses,
        parent_sid=st.none() | sids,
        bounds=st.tuples(*[st.none() | moments.map(NOW.__add__)] * 4),
        before=st.none() | sids,
        limit=st.integers(1, 9),
    )
    def list_calls(self, account, to, sender, status, parent_sid, bounds, before, limit):
        names = ("start_from_ms", "start_to_ms", "end_from_ms", "end_to_ms")
        times = dict(zip(names, bounds, strict=True))
        wanted = CallFilter(to=to, sender=sender, status=status, parent_sid=parent_sid, **times)
        self.both("calls", account, wanted, before=before, limit=limit)

    @rule(account=accounts, call_sid=st.none() | sids, before=st.none() | st.sampled_from(RECORDINGS), ms=moments)
    def list_recordings(self, account, call_sid, before, ms):
        self.both("recordings", account, call_sid=call_sid, before=before, from_ms=NOW + ms)

    @rule(account=accounts, epoch=st.integers(1, 2), owner=owners, limit=st.integers(1, 9))
    def look_up(self, account, epoch, owner, limit):
        self.both("unfinished", account, epoch)
        self.both("live_calls", account)
        self.both("calls_owned", owner)
        self.both("burden", account, NOW + limit, self.now_ms)
        self.both("queued_calls", account)
        self.both("troubles", account, from_ms=NOW + limit)
        self.both("costly_accounts", owner)
        for region in ("US", "LV"):
            self.both("new_destinations", account, region, NOW + limit)
        self.both("orphaned_calls", self.now_ms, limit)
        self.both("rated", account)
        self.both("calls_of", [(account, sid) for account in ACCOUNTS for sid in SIDS])

    @invariant()
    def every_call_and_its_news_are_the_same(self):
        for account in ACCOUNTS:
            for duty in (1, 2):
                self.both("retained", account, duty, 1, 2)
            for row in self.both("calls", account, CallFilter(), limit=100):
                self.both("events", account, row.sid)
                self.both("attempts", account, row.sid)
                self.both("steps", account, row.sid)


BOUNDS = settings(max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))


def test_memory_and_sqlite_agree(tmp_path):
    made = count()

    class WithSqlite(CallAgreement):
        def on_disk(self):
            return SqliteStore(tmp_path / f"{next(made)}.db")

    run_state_machine_as_test(WithSqlite, settings=BOUNDS)


def test_memory_and_postgres_agree(postgres_url, emptied):
    class WithPostgres(CallAgreement):
        def on_disk(self):
            emptied(postgres_url)
            return PostgresStore(postgres_url, readers=1)

    run_state_machine_as_test(WithPostgres, settings=settings(BOUNDS, max_examples=12))
