"""A real ledger, and a witness as C2SP describes one, which remembers and refuses."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import CollectorRegistry

from ringfence.dispatch.witness_rounds import WitnessRounds
from ringfence.domain.clock import ManualClock
from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.note import (
    COSIGNATURE,
    NoteError,
    Signer,
    Verifier,
    open_note,
    parse_verifier,
    split_note,
)
from ringfence.domain.ledger.witness import ForkError, Seen, StaleError, follow
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases
from ringfence.ports.ledger import AccessEntry
from ringfence.ports.witnesses import Witness, WitnessState
from ringfence.roles.witness_file import WitnessFile, parse_witnesses
from ringfence.store.memory import MemoryStore


class StrictWitness:
    """Answers `add-checkpoint`; `logs` are the keys that it trusts."""

    def __init__(self, *logs: Verifier) -> None:
        self.logs = list(logs)
        self.signer = Signer("witness.example", Ed25519PrivateKey.generate(), COSIGNATURE)
        self.seen = Seen()
        self.asked: list[int] = []
        self.away = False
        self.mute = False

    async def send(self, request: HttpRequest) -> HttpResponse:
        if self.away:
            raise HttpFailedError(11205, "connection failed")
        assert (request.method, request.url) == ("POST", "https://witness.example/w/add-checkpoint")
        status, body = self._answer(request.body.decode())
        return HttpResponse(status=status, headers=(), body=body.encode(), phases=Phases())

    def _answer(self, asked: str) -> tuple[int, str]:
        head, _, note = asked.partition("\n\n")
        first, *proof = head.split("\n")
        old_size = int(first.removeprefix("old "))
        self.asked.append(old_size)
        try:
            text, _ = open_note(note, self.logs)
        except NoteError:
            return 403, ""
        try:
            self.seen = follow(self.seen, old_size, parse_checkpoint(text), [base64.b64decode(step) for step in proof])
        except StaleError:
            return 409, f"{self.seen.size}\n"
        except ForkError:
            return 422, ""
        return 200, "" if self.mute else self.signer.sign(text, 1_700_000_000)


class Stand:
    """A ledger in a folder, and the rounds that show it to a witness."""

    def __init__(self, folder: Path, ledger: LedgerWriter, clock: ManualClock) -> None:
        self.folder, self.ledger = folder, ledger
        self.registry = CollectorRegistry()
        self.store = MemoryStore()
        self.witness = StrictWitness(parse_verifier(ledger.keys.signer.verifier.encode()))
        self.states = WitnessFile(folder)

        async def everybody(*_: Any) -> None:
            """Nobody asks for an account's own."""

        self.records = FolderRecords(folder, everybody, ledger.keys)
        self.rounds = WitnessRounds(
            [Witness(url="https://witness.example/w", verifier=self.witness.signer.verifier)],
            self.witness,
            self.records,
            self.states,
            self.store,
            clock,
            self.registry,
        )

    async def grow(self, entries: int) -> int:
        """So many more, and a checkpoint over them: how many entries there are."""
        size = self._signed() + entries
        await self.ledger.append([AccessEntry(at_ms=1, account="AC", actor="AC", verb="x") for _ in range(entries)])
        async with asyncio.timeout(20):
            while self._signed() < size:
                await asyncio.sleep(0.05)
        return size

    def _signed(self) -> int:
        path = self.folder / "ledger" / "checkpoint"
        return int(path.read_text().split("\n")[1]) if path.exists() else 1

    @property
    def state(self) -> WitnessState:
        return self.states.read().get("witness.example", WitnessState())

    def figure(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"ringfence_ledger_{name}", labels) or 0.0


@contextlib.asynccontextmanager
async def standing(folder: Path, clock: ManualClock) -> AsyncIterator[Stand]:
    ledger = LedgerWriter(folder)
    await ledger.open(at_ms=0)
    try:
        yield Stand(folder, ledger, clock)
    finally:
        await ledger.close()


def test_a_witness_cosigns_what_follows_and_is_asked_for_nothing_else(
    run: Any, tmp_path: Path, clock: ManualClock
) -> None:
    async def story() -> None:
        async with standing(tmp_path, clock) as at:
            first = await at.grow(3)
            await at.rounds.round()
            assert (at.state.size, at.state.at_ms, at.state.trouble) == (first, 1_700_000_000_000, "")
            # The checkpoint with the ledger's signature and the witness's, for whoever wants to check both.
            assert len(open_note(at.state.checkpoint, [*at.witness.logs, at.witness.signer.verifier])[1]) == 2
            await at.rounds.round()
            assert at.witness.asked == [0]
            second = await at.grow(600)
            await at.rounds.round()
            assert (at.witness.asked, at.state.size, at.witness.seen.size) == ([0, first], second, second)
            # Whoever lost what the witness said is told by the witness.
            (tmp_path / "witnesses.json").write_text("{")
            third = await at.grow(1)
            await at.rounds.round()
            assert (at.witness.asked[2:], at.state.size) == ([0, second], third)
            assert at.figure("witness_asked_total", end="cosigned") == 3
            assert at.figure("witnesses_refusing") == 0
            # The last two are kept by the key service, for whoever asks.
            kept = await at.records.cosigned()
            both = [*at.witness.logs, at.witness.signer.verifier]
            assert [parse_checkpoint(open_note(note, both)[0]).size for note in kept] == [second, third]
            assert [len(open_note(note, both)[1]) for note in kept] == [2, 2]

    run(story())


def test_the_key_service_keeps_what_its_own_ledger_is_cosigned_and_nothing_else(
    run: Any, tmp_path: Path, clock: ManualClock
) -> None:
    async def story() -> None:
        async with standing(tmp_path, clock) as at:
            size = await at.grow(2)
            note = await at.records.checkpoint()
            text, lines = split_note(note)
            log = at.ledger.keys.signer
            signed = f"{note}{at.witness.signer.sign(text, 7)}"
            another = Checkpoint(log.verifier.name, size, b"\x07" * 32).text()
            longer = Checkpoint(log.verifier.name, size + 1, parse_checkpoint(text).root).text()
            many = [Signer(f"w{n}", Ed25519PrivateKey.generate(), COSIGNATURE).sign(text, 7) for n in range(150)]
            for wrong in (
                "no note",
                note,
                f"{text}\n{at.witness.signer.sign(text, 7)}",
                f"{another}\n{log.sign(another)}{at.witness.signer.sign(another, 7)}",
                f"{longer}\n{log.sign(longer)}{at.witness.signer.sign(longer, 7)}",
                f"{note}{''.join(many)}",
            ):
                with pytest.raises(ValueError, match=r"note|signed|checkpoint|signatures"):
                    await at.records.keep_cosigned(wrong)
            assert await at.records.cosigned() == []
            await at.records.keep_cosigned(signed)
            assert await at.records.cosigned() == [signed]
            assert len(lines) == 1
            (tmp_path / "ledger/cosigned").write_text("{")
            assert await at.records.cosigned() == []

    run(story())


def test_a_cosignature_that_cannot_be_kept_is_asked_for_again(run: Any, tmp_path: Path, clock: ManualClock) -> None:
    async def story() -> None:
        async with standing(tmp_path, clock) as at:
            size = await at.grow(2)
            (tmp_path / "ledger/cosigned.new").mkdir()
            await at.rounds.round()
            assert at.state.size == 0
            (tmp_path / "ledger/cosigned.new").rmdir()
            await at.rounds.round()
            assert at.state.size == size
            assert len(await at.records.cosigned()) == 1

    run(story())


def test_a_ledger_that_was_rewritten_is_refused_and_that_is_told(
    run: Any, tmp_path: Path, clock: ManualClock, capsys: Any
) -> None:
    async def story() -> None:
        async with standing(tmp_path, clock) as at:
            size = await at.grow(5)
            await at.rounds.round()
            at.witness.seen = Seen(size, b"\x07" * 32)
            await at.grow(2)
            await at.rounds.round()
            assert (at.state.refuses, "do not follow" in at.state.trouble) == (True, True)
            assert (at.state.size, at.state.since_ms) == (size, clock.now_ms())
            assert at.figure("witnesses_refusing") == 1
            (incident,) = await at.store.incidents(going_on=True)
            assert (incident.kind, incident.what) == ("witness refuses", "witness.example")
            began_ms = at.state.since_ms
            clock.advance(5_000)
            at.witness.away = True
            await at.rounds.round()
            assert (at.state.refuses, at.state.trouble, at.state.since_ms) == (True, "connection failed", began_ms)
            # One that cosigned more than there is: the ledger was cut off.
            at.witness.away, at.witness.seen = False, Seen(99, b"\x07" * 32)
            await at.rounds.round()
            assert "cosigned 99 entries" in at.state.trouble

    run(story())
    assert "ledger.witness_refuses" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["away", "stranger", "mute"])
def test_a_witness_that_gives_no_cosignature_is_away_and_forgiven(
    run: Any, tmp_path: Path, clock: ManualClock, how: str
) -> None:
    async def story() -> None:
        async with standing(tmp_path, clock) as at:
            size = await at.grow(2)
            logs = at.witness.logs
            at.witness.away, at.witness.mute = how == "away", how == "mute"
            at.witness.logs = [] if how == "stranger" else logs
            await at.rounds.round()
            assert (at.state.size, at.state.refuses, bool(at.state.trouble)) == (0, False, True)
            assert at.figure("witness_asked_total", end="away") == 1
            at.witness.away, at.witness.mute, at.witness.logs = False, False, logs
            await at.rounds.round()
            assert (at.state.size, at.state.trouble) == (size, "")

    run(story())


@pytest.mark.parametrize("how", ["away", "mute"])
def test_a_witness_that_is_cut_off_for_ten_minutes_is_an_incident_until_it_answers(
    run: Any, tmp_path: Path, clock: ManualClock, how: str
) -> None:
    async def story() -> None:
        async with standing(tmp_path, clock) as at:
            await at.grow(2)
            at.witness.away, at.witness.mute = how == "away", how == "mute"
            began_ms = clock.now_ms()
            await at.rounds.round()
            clock.advance(10 * 60_000 - 1)
            await at.rounds.round()
            assert await at.store.incidents(going_on=True) == []
            clock.advance(1)
            await at.rounds.round()
            (incident,) = await at.store.incidents(going_on=True)
            assert (incident.kind, incident.what) == ("no cosignature by a witness", "witness.example")
            assert at.state.since_ms == began_ms
            assert at.figure("witnesses_refusing") == 0
            at.witness.away = at.witness.mute = False
            await at.rounds.round()
            assert await at.store.incidents(going_on=True) == []

    run(story())


def test_a_witness_that_does_not_know_the_ledger_is_an_incident_at_once(
    run: Any, tmp_path: Path, clock: ManualClock
) -> None:
    async def story() -> None:
        async with standing(tmp_path, clock) as at:
            await at.grow(2)
            logs, at.witness.logs = at.witness.logs, []
            await at.rounds.round()
            (incident,) = await at.store.incidents(going_on=True)
            assert (incident.kind, incident.what) == ("no cosignature by a witness", "witness.example")
            at.witness.logs = logs
            await at.rounds.round()
            assert await at.store.incidents(going_on=True) == []

    run(story())


def test_a_ledger_that_cannot_be_read_changes_nothing_and_is_an_incident_until_it_can(
    run: Any, tmp_path: Path, clock: ManualClock
) -> None:
    async def story() -> None:
        async with standing(tmp_path, clock) as at:
            await at.rounds.round()
            await at.grow(1)
            await at.rounds.round()
            before = at.state

            class Away:
                async def checkpoint(self) -> str:
                    raise ConnectionError

            at.rounds._records = Away()  # type: ignore[assignment]
            began_ms = clock.now_ms()
            for _ in range(2):
                await at.rounds.round()
                clock.advance(60_000)
            assert at.state == before
            (incident,) = await at.store.incidents(going_on=True)
            assert (incident.kind, incident.began_ms) == ("not read for its witnesses", began_ms)
            at.rounds._records = at.records
            await at.rounds.round()
            assert not await at.store.incidents(going_on=True)

            class HalfAway(FolderRecords):
                async def consistency(self, old_size: int, size: int) -> list[bytes]:
                    raise ConnectionError

            await at.grow(1)
            at.rounds._records = HalfAway(tmp_path, at.records._allow)
            await at.rounds.round()
            assert [row.what for row in await at.store.incidents(going_on=True)] == ["ledger"]

    run(story())


def test_witnesses_are_read_from_settings() -> None:
    signer = Signer("w.example/1", Ed25519PrivateKey.generate(), COSIGNATURE)
    (read,) = parse_witnesses([f"https://w.example/ {signer.verifier.encode()}"])
    assert (read.url, read.name, read.verifier) == ("https://w.example", "w.example/1", signer.verifier)
    log = Signer("w.example", Ed25519PrivateKey.generate()).verifier.encode()
    for wrong in ("https://w.example", f"w.example {signer.verifier.encode()}", f"https://w.example {log}"):
        with pytest.raises(ValueError, match=r"expected|witness"):
            parse_witnesses([wrong])
    with pytest.raises(ValueError, match="one name"):
        parse_witnesses([f"https://w.example {signer.verifier.encode()}"] * 2)
