"""`ringfence duty`: from an officer's key to the table that two officers opened, by the commands alone."""

import asyncio
import contextlib
import csv
import io
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.retention.facts import Facts
from ringfence.domain.retention.officer import parse_officer
from ringfence.domain.sealing.retained import END, START, RecordRetention
from ringfence.ipc.client import Client
from ringfence.kms.client import DispatcherKeyClient
from ringfence.roles.run_dir import run_dir_of
from ringfence.usecases.retention.retain import retained_row

PASSPHRASE = "correct horse battery staple\n"
DECLARE = ("duty", "declare", "--days", "30", "--basis", "Telecommunications Act, section 113b")
EVERY_FIELD = ("--field", "remote,local,kind", "--field", "direction", "--field", "accepted_at,duration_s")
TEXT = Facts(kind="text", direction="outbound", local="+15550100", remote="=HYPERLINK(1)", accepted_at=1_702_123_200)
CALL = Facts(kind="call", direction="inbound", local="+15550100", remote="+15550199", accepted_at=1_702_123_200)


@pytest.fixture(autouse=True)
def _quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """As strong as it is, stretching takes a second each time."""
    real = __import__("ringfence.kms.passphrase_seal", fromlist=["PassphraseSeal"]).PassphraseSeal.new.__func__

    def quick(cls: Any, passphrase: bytes) -> Any:
        return real(cls, passphrase, memory_kib=64, passes=1)

    monkeypatch.setattr("ringfence.kms.passphrase_seal.PassphraseSeal.new", classmethod(quick))


@pytest.fixture
def officers(ringfence: Any, tmp_path: Path) -> dict[str, Path]:
    """Files with the public lines of two officers, whose keys lie in the home."""
    lines = {}
    for name in ("ann", "bob"):
        made = ringfence("duty", "officer", name, answer=PASSPHRASE * 2)
        assert made.returncode == 0, made.stderr
        lines[name] = tmp_path / f"{name}.pub"
        lines[name].write_text(made.stdout)
    return lines


def by(officers: dict[str, Path]) -> Iterator[str]:
    for path in officers.values():
        yield from ("--officer", str(path))


def keep(home: Path, account: str, sid: str, facts: Facts, *parts: int) -> None:
    """What a process that seals has its store keep."""

    async def retention(part: int) -> RecordRetention | None:
        client = Client(run_dir_of(home / ".local/share/ringfence") / "kms-dispatcher.sock")
        try:
            keys = DispatcherKeyClient(client)
            if part == END:
                return await keys.retention_of(account, sid)
            return (await keys.seal_record(account, sid, "")).retention
        finally:
            await client.close()

    rows = [retained_row(asyncio.run(retention(part)), account, sid, facts) for part in parts]
    with contextlib.closing(sqlite3.connect(home / ".local/share/ringfence/ringfence.db")) as db, db:
        for row in rows:
            assert row is not None
            db.execute(
                "INSERT INTO retained (account, sid, part, duty, epoch, until_ms, sealed) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (row.account, row.sid, row.part, row.duty, row.epoch, row.until_ms, row.sealed),
            )


def account(ringfence: Any) -> str:
    found = re.search(r"AC[0-9a-f]{32}", ringfence("account", "create", "Acme").stdout)
    assert found is not None
    return found[0]


def wait_for(ringfence: Any, sid: str, pattern: str) -> None:
    """An account's own entries are found by an index, which is a second behind."""
    until = time.monotonic() + 30
    while not re.search(pattern, (told := ringfence("ledger", "show", "--account", sid)).stdout):
        assert time.monotonic() < until, told.stdout + told.stderr
        time.sleep(0.1)


def test_an_officers_key_is_a_line_to_give_away_and_a_file_to_keep(ringfence: Any, tmp_path: Path) -> None:
    made = ringfence("duty", "officer", "ann", answer=PASSPHRASE * 2)
    assert parse_officer(made.stdout).name == "ann"
    file = tmp_path / "ann.officer.json"
    assert file.stat().st_mode & 0o777 == 0o600
    again = ringfence("duty", "officer", "ann", answer=PASSPHRASE * 2)
    assert (again.returncode, "exists" in again.stderr) == (1, True)
    short = ringfence("duty", "officer", "bob", answer="short\nshort\n")
    assert (short.returncode, "12 characters at least" in short.stderr) == (1, True)
    assert ringfence("duty", "officer", "an officer").returncode == 2
    assert [path.name for path in tmp_path.glob("*.json")] == ["ann.officer.json"]


@pytest.mark.usefixtures("key_service")
def test_two_officers_open_what_was_kept_and_the_ledger_says_so(
    ringfence: Any, officers: dict[str, Path], tmp_path: Path
) -> None:
    sid = account(ringfence)
    assert ringfence("duty", "show").stdout == "no duty was ever declared: nothing is retained\n"
    declared = ringfence(*DECLARE, *EVERY_FIELD, *by(officers), answer="y\n")
    assert declared.stdout.lstrip() == "duty 1 stands: it is in every account's ledger, and in its console\n", (
        declared.stderr
    )
    assert "kept for 30 days: remote, the other party's number or address" in declared.stderr
    shown = ringfence("duty", "show", "--output", "tsv").stdout.splitlines()[1].split("\t")
    assert shown[:5] == [
        "1",
        "kind,direction,local,remote,accepted_at,duration_s",
        "30",
        "Telecommunications Act, section 113b",
        "ann,bob",
    ]
    keep(tmp_path, sid, "SM" + "1" * 32, TEXT, START)
    keep(tmp_path, sid, "CA" + "1" * 32, CALL, START)
    keep(tmp_path, sid, "CA" + "1" * 32, Facts(duration_s=61), END)
    today = ringfence("duty", "show").stdout.split()
    day = next(word for word in today if re.fullmatch(r"\d{4}-\d\d-\d\d", word))
    asked = ringfence(
        *("duty", "ask", "--account", sid, "--from", day, "--to", day),
        *("--reference", "Order 7", "--out", "order7.json"),
    )
    assert asked.stdout == "order7.json: give it to two of ann, bob\n", asked.stderr
    for name in officers:
        key = f"{name}.officer.json"
        answered = ringfence("duty", "answer", "order7.json", "--key", key, answer=f"y\n{PASSPHRASE}")
        assert answered.stdout.endswith(f"order7.{name}.json: give it to whoever asked\n"), answered.stderr
        assert sid in answered.stdout
        assert "Order 7" in answered.stdout
    opened = ringfence("duty", "open", "order7.json", "order7.ann.json", "order7.bob.json", "--out", "order7.csv")
    assert opened.stdout == f"order7.csv: 2 records of {sid}\n", opened.stderr
    assert (tmp_path / "order7.csv").stat().st_mode & 0o777 == 0o600
    heads, *rows = csv.reader(io.StringIO((tmp_path / "order7.csv").read_text().removeprefix("\ufeff")))
    assert heads == ["sid", "kind", "direction", "local", "remote", "accepted_at", "duration_s"]
    assert rows == [
        ["CA" + "1" * 32, "call", "inbound", "+15550100", "+15550199", "2023-12-09T12:00:00+00:00", "61"],
        ["SM" + "1" * 32, "text", "outbound", "+15550100", "'=HYPERLINK(1)", "2023-12-09T12:00:00+00:00", ""],
    ]
    assert not (tmp_path / "order7.json.key").exists()
    again = ringfence("duty", "open", "order7.json", "order7.ann.json", "order7.bob.json", "--out", "again.csv")
    assert (again.returncode, "is destroyed once the records were read" in again.stderr) == (1, True)
    assert "ask anew by `ringfence duty ask`" in again.stderr
    wait_for(ringfence, sid, r"operator +duty\.declare +duty:1 ")
    wait_for(
        ringfence, sid, rf"operator +open_duty +duty:1 officer:ann officer:bob days:{day}\.\.{day} reference:Order 7"
    )


@pytest.mark.usefixtures("key_service")
def test_one_officer_opens_nothing_nor_do_answers_to_another_request(
    ringfence: Any, officers: dict[str, Path], tmp_path: Path
) -> None:
    sid = account(ringfence)
    assert ringfence(*DECLARE, *EVERY_FIELD, *by(officers), "--yes").returncode == 0
    for name in ("one", "two"):
        span = ("--from", "2026-11-01", "--to", "2026-11-02")
        made = ringfence("duty", "ask", "--account", sid, *span, "--reference", name, "--out", f"{name}.json")
        assert made.returncode == 0, made.stderr
        for officer in officers:
            ringfence("duty", "answer", f"{name}.json", "--key", f"{officer}.officer.json", "--yes", answer=PASSPHRASE)
    for answers, cause in (
        (("one.ann.json",), "two officers open"),
        (("one.ann.json", "one.ann.json"), "two officers open"),
        (("one.ann.json", "two.bob.json"), "an answer is to another request"),
        (("one.ann.json", "one.json"), "is not the file of an officer's answer"),
        (("one.ann.json", "none.json"), "No such file"),
    ):
        refused = ringfence("duty", "open", "one.json", *answers, "--out", "one.csv")
        assert (refused.returncode, cause in refused.stderr) == (1, True), refused.stderr
    assert not (tmp_path / "one.csv").exists()
    assert "open_duty" not in ringfence("ledger", "show", "--account", sid).stdout


@pytest.mark.usefixtures("key_service")
def test_it_ends_and_is_erased(ringfence: Any, officers: dict[str, Path]) -> None:
    sid = account(ringfence)
    refused = ringfence("duty", "end")
    assert (refused.returncode, "no duty stands" in refused.stderr) == (1, True)
    assert ringfence(*DECLARE, *EVERY_FIELD, *by(officers), "--yes").returncode == 0
    assert ringfence("duty", "end").stdout == "duty 1 has ended: nothing more is kept\n"
    assert (left := ringfence("duty", "end", "--erase", answer="n\n")).returncode == 1, left.stdout
    erased = ringfence("duty", "end", "--erase", "--yes")
    assert erased.stdout.endswith("what was kept opens for nobody any more\n"), erased.stderr
    span = ("--from", "2026-11-01", "--to", "2026-11-02", "--reference", "Order 7", "--out", "o.json")
    asked = ringfence("duty", "ask", "--account", sid, *span)
    assert (asked.returncode, "nothing was ever retained, or it was erased" in asked.stderr) == (1, True)
    wait_for(ringfence, sid, r"operator +duty\.erase")


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        (("--field", "body"), "no field 'body' can be retained"),
        (("--days", "0"), "for 1 to 3653 days"),
        (("--basis", ""), "the basis is one line"),
        (("--officer", "nobody.pub"), "no file with an officer's public line"),
        (("--officer", "ringfence-officer+x+y"), "damaged"),
    ],
)
def test_what_may_not_be_declared_is_told_before_anything_starts(
    ringfence: Any, officers: dict[str, Path], changed: tuple[str, str], cause: str
) -> None:
    refused = ringfence(*DECLARE, "--field", "remote", *by(officers), *changed)
    assert (refused.returncode, cause in refused.stderr) == (2, True), refused.stderr


def test_one_officer_is_too_few_and_no_answer_declares_nothing(ringfence: Any, officers: dict[str, Path]) -> None:
    one = ringfence(*DECLARE, "--field", "remote", "--officer", str(officers["ann"]))
    assert (one.returncode, "2 to 6 officers" in one.stderr) == (2, True)
    no = ringfence(*DECLARE, "--field", "remote", *by(officers), answer="n\n")
    assert (no.returncode, "not declared" in no.stderr) == (1, True)


@pytest.mark.usefixtures("key_service")
def test_an_officer_is_asked_and_can_decline(ringfence: Any, officers: dict[str, Path], tmp_path: Path) -> None:
    sid = account(ringfence)
    ringfence(*DECLARE, "--field", "remote", *by(officers), "--yes")
    for changed, cause in (
        (("--from", "yesterday"), "is no day"),
        (("--from", "2026-11-03"), "before the first"),
        (("--from", "2026-01-01"), "at most 92 days"),
        (("--account", "AC" + "9" * 32), "there is no account"),
        (("--duty", "7"), "no such duty"),
    ):
        asked = ("duty", "ask", "--account", sid, "--from", "2026-11-01", "--to", "2026-11-02", "--reference", "7")
        refused = ringfence(*asked, "--out", "order.json", *changed)
        assert (refused.returncode > 0, cause in refused.stderr) == (True, True), refused.stderr
        assert not list(tmp_path.glob("order.json*"))
    assert ringfence(*asked, "--out", "order.json").returncode == 0
    no = ringfence("duty", "answer", "order.json", "--key", "ann.officer.json", answer="n\n")
    assert (no.returncode, "not agreed" in no.stderr) == (1, True)
    wrong = ringfence("duty", "answer", "order.json", "--key", "ann.officer.json", "--yes", answer="another words\n")
    assert (wrong.returncode, "does not open this officer's key" in wrong.stderr) == (1, True)
    ringfence("duty", "officer", "eve", answer=PASSPHRASE * 2)
    stranger = ringfence("duty", "answer", "order.json", "--key", "eve.officer.json", "--yes", answer=PASSPHRASE)
    assert (stranger.returncode, "not that of an officer of duty 1" in stranger.stderr) == (1, True)
    # Who asks shows an officer less than he asks of: a field, and not the numbers.
    shown = (tmp_path / "order.json").read_text()
    (tmp_path / "order.json").write_text(shown.replace('"remote"', '"direction"'))
    forged = ringfence("duty", "answer", "order.json", "--key", "ann.officer.json", "--yes", answer=PASSPHRASE)
    assert (forged.returncode, "another declaration than the one that is shown" in forged.stderr) == (1, True)
    assert not list(tmp_path.glob("order.*.json"))
