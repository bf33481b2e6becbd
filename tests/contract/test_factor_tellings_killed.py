"""Whoever is killed while challenges are answered leaves no answer without its telling, and no telling without it."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore

A = "AC" + "a" * 32
KILLED_AFTER = 50

ANSWERER = """
import asyncio, sys
from itertools import count
from pathlib import Path
from ringfence.domain.challenge import ChallengeStatus
from ringfence.domain.factor import FactorType
from ringfence.ports.factors import Answer, ChallengeRow, EntityRow, FactorRow
from ringfence.ports.verify_events import TellingRow
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore

A = "AC" + "a" * 32
sealed = {"epoch": 7, "content": b"sealed", "created_ms": 1, "updated_ms": 1}

async def main(kind, place):
    store = PostgresStore(place) if kind == "postgres" else SqliteStore(Path(place))
    await store.open()
    await store.begin_entity(EntityRow(account=A, sid="YE1", service="VA1", identity_index=b"a" * 16, **sealed))
    await store.create_factor(
        FactorRow(account=A, sid="YF1", service="VA1", entity="YE1", factor_type=FactorType.PUSH, **sealed), 20
    )
    numbers = count(1)
    async def answer():
        for n in numbers:
            sid = f"YC{n:032x}"
            await store.create_challenge(ChallengeRow(
                account=A, sid=sid, service="VA1", entity="YE1", factor="YF1", factor_type=FactorType.PUSH,
                expires_ms=1_000, **sealed,
            ))
            telling = TellingRow(
                account=A, sid=f"EV{n:032x}", service="VA1", webhook="YW1", subject=sid, kind="challenge.approved",
                epoch=7, content=b"sealed", at_ms=2,
            )
            answer = Answer(status=ChallengeStatus.APPROVED, at_ms=2, entity="YE1", factor="YF1")
            assert await store.answer_challenge(A, "VA1", sid, answer, [telling]) is not None
            print(sid, flush=True)
    await asyncio.gather(*(answer() for _ in range(16)))

asyncio.run(main(*sys.argv[1:]))
"""


def killed(kind, place):
    """Answer at full speed, and be killed amid it; what was acknowledged until then."""
    child = subprocess.Popen([sys.executable, "-c", ANSWERER, kind, place], stdout=subprocess.PIPE, text=True)
    try:
        said = [child.stdout.readline() for _ in range(KILLED_AFTER)]
        os.kill(child.pid, signal.SIGKILL)
        said += child.stdout.read().splitlines(keepends=True)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    return {line.strip() for line in said if line.endswith("\n")}


@pytest.fixture(params=["sqlite", "postgres"])
def at(request, tmp_path):
    """A kind of store, and its place."""
    postgres = request.param == "postgres"
    return request.param, request.getfixturevalue("postgres_url") if postgres else str(tmp_path / "ringfence.db")


async def test_an_answer_and_its_telling_are_there_or_neither_is(at):
    kind, place = at
    acknowledged = await asyncio.to_thread(killed, kind, place)
    store = PostgresStore(place) if kind == "postgres" else SqliteStore(Path(place))
    await store.open()
    try:
        answered, before = set(), None
        while page := await store.challenges(A, "YE1", now_ms=0, before=before, limit=500):
            before = page[-1].sid
            for row in page:
                tellings = await store.tellings(A, row.sid)
                assert len(tellings) == (row.status == "approved")
                for telling in tellings:
                    assert len(await store.events(A, telling.sid)) == 1
                    answered.add(row.sid)
        assert answered >= acknowledged
        assert len(acknowledged) >= KILLED_AFTER
    finally:
        await store.close()
