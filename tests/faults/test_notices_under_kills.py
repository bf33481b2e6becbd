"""SIGKILL while tenants are told of a breach or a freeze: each is told, whoever is killed, and as one notice."""

import json
import os
import signal
import sqlite3
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from faults.supervised import Supervised, is_alive, until

ACCOUNTS = 24

pytestmark = [pytest.mark.slow, pytest.mark.long]


class Programs:
    """The tenants' programs: what each was told, by account. `before_answer` is done with a notice in hand."""

    def __init__(self) -> None:
        self.told: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.before_answer: Callable[[int], None] = lambda _: None
        self._count = 0
        self._turn = threading.Lock()
        programs = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                programs.take(form["AccountSid"][0], form["NoticeSid"][0], self.headers["I-Twilio-Idempotency-Token"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing on the test's screen."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, account: str, notice: str, token: str) -> None:
        with self._turn:
            self.told[account].append((notice, token))
            self._count += 1
            self.before_answer(self._count)

    def know(self, accounts: Collection[str], number: int) -> bool:
        """Whether each of these accounts has so many notices."""
        return all(len({notice for notice, _ in self.told.get(each, ())}) == number for each in accounts)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Breached:
    """An installation in which one key reached many accounts, each with an address for notices."""

    def __init__(self, up: Supervised, programs: Programs) -> None:
        self.up = up
        self.accounts = set()
        for n in range(ACCOUNTS):
            sid = up.call("POST", "/2010-04-01/Accounts.json", FriendlyName=f"Branch {n}")["sid"]
            notices = f"/ringfence/v1/Accounts/{sid}/Notices"
            up.call("POST", notices, NoticeUrl=f"http://127.0.0.1:{programs.port}/")
            up.call("GET", notices)
            self.accounts.add(sid)

    def blast(self, *options: str) -> subprocess.Popen[str]:
        command = [*self.up.command, "blast", "--data", str(self.up.data), "--key", self.up.account_sid, *options]
        return subprocess.Popen(
            [*command, "--output", "json"],
            env=self.up.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def tell(self) -> str:
        """Tell them, to the end: what the command says."""
        with self.blast("--tell") as telling:
            _, said = telling.communicate(timeout=60)
            assert telling.returncode == 0, said
            return said

    def tell_until(self, far_enough: Callable[[], bool]) -> None:
        """Tell them, and be killed as soon as it has come so far."""
        with self.blast("--tell") as telling:
            try:
                until(lambda: far_enough() or telling.poll() is not None, 60, "it comes so far")
                # Where it was quicker than we are, there is no process any more, and nothing to kill.
                if telling.poll() is None:
                    telling.kill()
            finally:
                telling.kill()

    def operate(self, verb: str) -> None:
        """Freeze or thaw the account that all of them are under, by the operator's command."""
        command = [*self.up.command, verb, "account", self.up.account_sid, "--data", str(self.up.data)]
        done = subprocess.run(command, env=self.up.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def recorded(self) -> int:
        """How many times the ledger has that an account is told."""
        return (self.up.data / "kms" / "ledger" / "entries").read_bytes().count(b"note.tell_blast")

    def rows(self, query: str, database: str = "ringfence.db") -> list[Any]:
        db = sqlite3.connect(f"file:{self.up.data / database}?mode=ro", uri=True)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()

    def written(self) -> list[Any]:
        """Account and SID of each notice in the store."""
        found = self.rows("SELECT account, sid FROM notice ORDER BY account, sid")
        events = self.rows("SELECT account, message_sid FROM event WHERE kind = 'notice.blast'")
        assert found == sorted(events), "a notice is there with its event, or neither is"
        return found

    def shown(self) -> set[str]:
        """The accounts whose members see it in the console."""
        rows = self.rows("SELECT account FROM blast_notice", "console/console.db")
        assert len(rows) == len(set(rows))
        return {account for (account,) in rows}

    def undone(self) -> int:
        ((found,),) = self.rows("SELECT count(*) FROM event WHERE kind LIKE 'notice.%' AND state <> 'done'")
        return int(found)


@pytest.fixture
def programs() -> Iterator[Programs]:
    answering = Programs()
    yield answering
    answering.close()


@pytest.fixture
def breached(tmp_path: Path, programs: Programs) -> Iterator[Breached]:
    up = Supervised(tmp_path)
    up.start()
    try:
        yield Breached(up, programs)
    finally:
        up.stop()


def test_whoever_is_killed_each_account_is_told_once_and_nobody_else(breached: Breached, programs: Programs) -> None:
    with breached.blast() as asked:
        reached = {one["account"] for one in json.loads(asked.communicate(timeout=60)[0])}
    assert reached >= breached.accounts
    killed: list[int] = []

    def kill_a_dispatcher(count: int) -> None:
        """With the third notice of each six in hand, and no answer given."""
        if count % 6 == 3 and len(killed) < 3:
            killed.append(breached.up.signal("dispatcher", signal.SIGKILL))
            until(lambda: not is_alive(killed[-1]), 5, "the killed process is gone")

    programs.before_answer = kill_a_dispatcher
    breached.tell_until(lambda: breached.recorded() > 0)
    assert not programs.told
    breached.tell_until(lambda: breached.recorded() > len(reached) // 2)
    breached.tell_until(lambda: bool(breached.written()))
    said = breached.tell()
    assert breached.shown() == reached
    assert {account for account, _ in breached.written()} == breached.accounts, "the others have no address"
    until(lambda: programs.told.keys() >= breached.accounts, 120, "each program is told")
    until(lambda: not breached.undone(), 120, "nothing waits any more")
    assert len(killed) == 3
    sids = dict(breached.written())
    assert set(programs.told) == breached.accounts
    for account, told in programs.told.items():
        assert {notice for notice, _ in told} == {sids[account]}, "told again it is the same notice"
        assert len({token for _, token in told}) == 1, "of the same token, by which a program knows it"
    heard = sum(map(len, programs.told.values()))
    assert heard > len(breached.accounts), "what was in hand when a dispatcher was killed was told again"
    # Once more tells nobody anew.
    assert f"0 of {len(reached)} accounts" in breached.tell()
    assert len(breached.written()) == len(breached.accounts)
    assert sum(map(len, programs.told.values())) == heard, said


def test_an_installation_that_is_killed_whole_tells_them_when_it_is_up_again(
    breached: Breached, programs: Programs
) -> None:
    down = threading.Event()

    def kill_all(count: int) -> None:
        if count == 2:
            os.kill(breached.up.supervisor, signal.SIGKILL)
            down.set()

    programs.before_answer = kill_all
    with breached.blast("--tell") as telling:
        assert down.wait(60), "the second notice has come"
        telling.kill()
    breached.up.stop(signal.SIGKILL)
    breached.up.start()
    breached.tell()
    until(lambda: programs.told.keys() >= breached.accounts, 120, "each program is told")
    until(lambda: not breached.undone(), 120, "nothing waits any more")
    assert all(len(set(told)) == 1 for told in programs.told.values())
    assert breached.shown() >= breached.accounts


def test_whoever_is_killed_each_account_is_told_once_that_it_is_frozen_and_that_it_goes_on(
    breached: Breached, programs: Programs
) -> None:
    killed: list[int] = []

    def kill_a_dispatcher(count: int) -> None:
        """With the first notice of a freeze in hand, and with one of a thaw."""
        if count in (1, ACCOUNTS + 5):
            killed.append(breached.up.signal("dispatcher", signal.SIGKILL))
            until(lambda: not is_alive(killed[-1]), 5, "the killed process is gone")

    programs.before_answer = kill_a_dispatcher
    for number, verb in enumerate(("freeze", "thaw"), 1):
        breached.up.signal("dispatcher", signal.SIGKILL)
        breached.operate(verb)
        until(partial(programs.know, breached.accounts, number), 120, f"all know of the {verb}")
        until(lambda: not breached.undone(), 120, "nothing waits any more")
    assert len(killed) == 2
    kinds = breached.rows("SELECT kind, count(*) FROM notice GROUP BY 1 ORDER BY 1")
    assert kinds == [("notice.freeze", ACCOUNTS), ("notice.thaw", ACCOUNTS)]
    assert all(len(set(told)) == 2 for told in programs.told.values())
    assert sum(map(len, programs.told.values())) > 2 * ACCOUNTS, "what was in hand was told again"
