"""The group committer: one transaction for what is pending, an answer only after its commit, each failure alone."""

import asyncio
import sqlite3
import threading

import pytest

from ringfence.ports.store import DiskFullError, QueueFullError, StoreFailedError
from ringfence.store.committer import Committer
from ringfence.store.sqlite_session import SqliteSession
from ringfence.store.turnstile import Turnstile


class Watched(SqliteSession):
    """The real session on a database of one table; counts commits, and waits for `gate` before each."""

    def __init__(self, path):
        super().__init__(path)
        self.gate = threading.Event()
        self.gate.set()
        self.commits = 0
        self.tx.run("CREATE TABLE t (n INTEGER PRIMARY KEY)")

    def commit(self):
        assert self.gate.wait(10)
        super().commit()
        self.commits += 1


@pytest.fixture
def session(tmp_path):
    return Watched(tmp_path / "t.db")


def insert(tx, numbers):
    """Bulk: fails as a whole where one number is there already."""
    tx.run_many("INSERT INTO t VALUES (?)", [(n,) for n in numbers])
    return [n * 10 for n in numbers]


def refuse_odd(tx, numbers):
    """Fails odd requests by result, writing nothing for them."""
    return [ValueError(n) if n % 2 else insert(tx, [n])[0] for n in numbers]


def explode(tx, numbers):
    tx.run("INSERT INTO t VALUES (?)", (1_000 + numbers[0],))
    raise ZeroDivisionError


def stored(tmp_path):
    with sqlite3.connect(tmp_path / "t.db") as connection:
        return [n for (n,) in connection.execute("SELECT n FROM t ORDER BY n")]


async def started(session, **options):
    committer = Committer(lambda: session, **options)
    await committer.start()
    return committer


async def ends(*writes):
    return await asyncio.gather(*writes, return_exceptions=True)


def test_a_result_comes_back_once_the_write_is_committed(run, session, tmp_path):
    async def story():
        committer = await started(session)
        assert await committer.write(insert, 4) == 40
        assert stored(tmp_path) == [4]
        await committer.close()

    run(story())


def test_nothing_is_answered_before_the_commit(run, session, tmp_path):
    async def story():
        committer = await started(session)
        session.gate.clear()
        write = asyncio.create_task(committer.write(insert, 1))
        await asyncio.sleep(0.05)
        assert not write.done()
        assert stored(tmp_path) == []
        session.gate.set()
        assert await write == 10
        await committer.close()

    run(story())


def test_what_is_pending_when_a_commit_ends_is_the_next_transaction(run, session, tmp_path):
    async def story():
        committer = await started(session)
        session.gate.clear()
        first = asyncio.create_task(committer.write(insert, 0))
        await asyncio.sleep(0.05)
        rest = [asyncio.create_task(committer.write(insert, n)) for n in range(1, 50)]
        await asyncio.sleep(0)
        session.gate.set()
        assert await asyncio.gather(first, *rest) == [n * 10 for n in range(50)]
        assert session.commits == 2
        await committer.close()

    run(story())


def test_what_one_turn_of_the_loop_writes_goes_together(run, session, tmp_path):
    async def story():
        committer = await started(session)
        assert await asyncio.gather(*(committer.write(insert, n) for n in range(50))) == [n * 10 for n in range(50)]
        assert session.commits == 1
        await committer.close()

    run(story())


def test_a_transaction_is_bounded(run, session, tmp_path, monkeypatch):
    monkeypatch.setattr("ringfence.store.committer.BATCH_LIMIT", 4)

    async def story():
        committer = await started(session)
        assert await asyncio.gather(*(committer.write(insert, n) for n in range(10))) == [n * 10 for n in range(10)]
        assert session.commits == 3
        await committer.close()

    run(story())


def test_what_was_written_in_the_very_turn_of_closing_is_committed(run, session, tmp_path):
    async def story():
        committer = await started(session)
        write = asyncio.ensure_future(committer.write(insert, 7))
        await asyncio.sleep(0)
        await committer.close()
        assert await write == 70
        assert stored(tmp_path) == [7]

    run(story())


def test_a_request_that_fails_fails_alone(run, session, tmp_path):
    async def story():
        committer = await started(session)
        await committer.write(insert, 3)
        found = await ends(*(committer.write(insert, n) for n in (1, 2, 3, 4)), committer.write(explode, 5))
        assert found[:2] == [10, 20]
        assert isinstance(found[2], sqlite3.IntegrityError)
        assert found[3] == 40
        assert isinstance(found[4], ZeroDivisionError)
        assert stored(tmp_path) == [1, 2, 3, 4]
        await committer.close()

    run(story())


def test_a_verb_may_fail_one_request_by_its_result(run, session, tmp_path):
    async def story():
        committer = await started(session)
        found = await ends(*(committer.write(refuse_odd, n) for n in (2, 3, 4)))
        assert [found[0], found[2]] == [20, 40]
        assert isinstance(found[1], ValueError)
        assert stored(tmp_path) == [2, 4]
        await committer.close()

    run(story())


def test_a_verb_that_answers_too_little_is_a_fault_and_writes_nothing(run, session, tmp_path):
    def short(tx, numbers):
        insert(tx, numbers)
        return []

    async def story():
        committer = await started(session)
        (found,) = await ends(committer.write(short, 1))
        assert isinstance(found, ValueError)
        assert stored(tmp_path) == []
        await committer.close()

    run(story())


def test_no_failure_stops_the_committer(run, session, tmp_path):
    async def story():
        committer = await started(session)
        for n in range(20):
            with pytest.raises(ZeroDivisionError):
                await committer.write(explode, n)
        assert await committer.write(insert, 1) == 10
        assert stored(tmp_path) == [1]
        await committer.close()

    run(story())


@pytest.mark.parametrize(
    ("code", "kind"), [(sqlite3.SQLITE_FULL, DiskFullError), (sqlite3.SQLITE_IOERR, StoreFailedError)]
)
def test_a_fault_of_the_database_fails_all_of_the_transaction(run, session, tmp_path, code, kind):
    def fault(tx, numbers):
        error = sqlite3.OperationalError("disk")
        error.sqlite_errorcode = code
        raise error

    async def story():
        committer = await started(session)
        session.gate.clear()
        before = asyncio.create_task(committer.write(insert, 0))
        await asyncio.sleep(0.05)
        writes = [asyncio.create_task(committer.write(verb, n)) for n, verb in enumerate((insert, fault, insert), 1)]
        await asyncio.sleep(0)
        session.gate.set()
        found = await ends(before, *writes)
        assert found[0] == 0
        assert [type(end) for end in found[1:]] == [kind] * 3
        assert len({id(end) for end in found[1:]}) == 3
        assert stored(tmp_path) == [0]
        assert await committer.write(insert, 9) == 90
        await committer.close()

    run(story())


def test_a_commit_that_fails_acknowledges_nothing(run, session, tmp_path):
    async def story():
        committer = await started(session)
        commit, session.commit = session.commit, lambda: 1 / 0
        (found,) = await ends(committer.write(insert, 1))
        assert isinstance(found, StoreFailedError)
        assert str(found) == "ZeroDivisionError"
        session.commit = commit
        await committer.write(insert, 2)
        assert stored(tmp_path) == [2]
        await committer.close()

    run(story())


def test_a_rollback_that_fails_is_told_and_survived(run, session, tmp_path):
    async def story():
        committer = await started(session)
        commit, rollback = session.commit, session.rollback
        session.commit = session.rollback = lambda: 1 / 0
        (found,) = await ends(committer.write(insert, 1))
        assert found.__notes__ == ["the rollback failed too: ZeroDivisionError"]
        session.commit, session.rollback = commit, rollback
        await ends(committer.write(insert, 2))
        assert await committer.write(insert, 3) == 30
        assert 1 not in stored(tmp_path)
        await committer.close()

    run(story())


def test_more_than_the_bound_is_refused_at_once(run, session):
    async def story():
        committer = await started(session, pending_limit=3)
        session.gate.clear()
        writes = [asyncio.create_task(committer.write(insert, n)) for n in range(3)]
        await asyncio.sleep(0.05)
        assert committer.ready is False
        with pytest.raises(QueueFullError):
            await committer.write(insert, 9)
        session.gate.set()
        await asyncio.gather(*writes)
        assert committer.ready is True
        assert await committer.write(insert, 9) == 90
        await committer.close()

    run(story())


def test_a_caller_that_gives_up_does_not_take_its_write_back(run, session, tmp_path):
    async def story():
        committer = await started(session)
        session.gate.clear()
        write = asyncio.create_task(committer.write(insert, 1))
        await asyncio.sleep(0.05)
        write.cancel()
        session.gate.set()
        assert await committer.write(insert, 2) == 20
        assert stored(tmp_path) == [1, 2]
        await committer.close()

    run(story())


@pytest.fixture
def held(tmp_path, session):
    """The database's turn, as another process has it that was stopped in the midst of a write."""
    turnstile = Turnstile(tmp_path / "t.db")
    turnstile.enter()
    yield turnstile
    turnstile.close()


def test_what_cannot_begin_in_time_fails_and_is_never_written(run, session, tmp_path, held, monkeypatch):
    monkeypatch.setattr("ringfence.store.committer.BEGIN_LIMIT_S", 0.05)

    async def story():
        committer = await started(session)
        with pytest.raises(StoreFailedError, match="does not go on"):
            await committer.write(insert, 1)
        held.leave()
        while not committer.ready:
            await asyncio.sleep(0.01)
        assert await committer.write(insert, 2) == 20
        assert stored(tmp_path) == [2]
        await committer.close()

    run(story())


def test_while_another_holds_the_database_all_else_fails_at_once_and_nothing_piles_up(
    run, session, tmp_path, held, monkeypatch
):
    monkeypatch.setattr("ringfence.store.committer.BEGIN_LIMIT_S", 0.05)

    async def story():
        committer = await started(session)
        await ends(committer.write(insert, 1))
        waiting = committer._queue.qsize()
        assert committer.ready is False
        for n in range(2, 50):
            with pytest.raises(StoreFailedError):
                await committer.write(insert, n)
        assert committer._queue.qsize() == waiting
        held.leave()
        await committer.close()
        assert stored(tmp_path) == []

    run(story())


def test_what_has_begun_is_not_given_up(run, session, tmp_path, monkeypatch):
    monkeypatch.setattr("ringfence.store.committer.BEGIN_LIMIT_S", 0.05)

    async def story():
        committer = await started(session)
        session.gate.clear()
        write = asyncio.create_task(committer.write(insert, 1))
        await asyncio.sleep(0.2)
        assert not write.done()
        session.gate.set()
        assert await write == 10
        await committer.close()

    run(story())


def test_closing_commits_what_is_pending_and_refuses_what_comes_later(run, session, tmp_path):
    async def story():
        committer = await started(session)
        writes = [asyncio.create_task(committer.write(insert, n)) for n in range(2_500)]
        await asyncio.sleep(0)
        await committer.close()
        assert len(await asyncio.gather(*writes)) == 2_500
        assert committer.ready is False
        with pytest.raises(StoreFailedError):
            await committer.write(insert, 9_999)
        await committer.close()

    run(story())
    assert len(stored(tmp_path)) == 2_500


def test_a_committer_that_never_started_can_be_closed(run, session):
    run(Committer(lambda: session).close())


def test_what_opening_raises_is_raised_by_start(run, tmp_path):
    async def story():
        committer = Committer(lambda: SqliteSession(tmp_path / "nowhere" / "t.db"))
        with pytest.raises(FileNotFoundError):
            await committer.start()
        assert committer.ready is False
        await committer.close()

    run(story())


def test_a_loop_that_is_gone_loses_no_write(session, tmp_path):
    async def story():
        committer = await started(session)
        session.gate.clear()
        write = asyncio.create_task(committer.write(insert, 1))
        await asyncio.sleep(0.05)
        write.cancel()
        return committer

    committer = asyncio.run(story())
    session.gate.set()
    committer._queue.put(None)
    for thread in threading.enumerate():
        if thread.name == "committer":
            thread.join(10)
    assert stored(tmp_path) == [1]


def test_a_session_rests_after_a_quiet_second(run, session):
    rested = threading.Event()

    def erase(tx, requests):
        tx.erased = True
        return requests

    async def story():
        rest = session.rest

        def watched():
            rest()
            rested.set()

        session.rest = watched
        committer = await started(session)
        await committer.write(erase, 1)
        assert not rested.is_set()
        assert await asyncio.to_thread(rested.wait, 5)
        assert session.restless is False
        await committer.close()

    run(story())
