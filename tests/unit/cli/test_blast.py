"""`ringfence blast`, on the ledger of a key service that is not running."""

import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.ledger.act_meanings import meaning_of
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry

START_MS = 1_700_000_000_000
THROUGH = ("session:CS1", "grant:GR1")


def entry(n: int, verb: str = "open_epochs") -> AccessEntry:
    return AccessEntry(at_ms=START_MS + n * 1_000, account=f"AC{n % 3}", actor="SK1", verb=verb, scope=("7",))


def granted(n: int, account: str, actor: str, verb: str, *scope: str) -> AccessEntry:
    return AccessEntry(at_ms=START_MS + n * 60_000, account=account, actor=actor, verb=verb, scope=scope)


GRANTS = (
    granted(1, "operator", "staff:s1", "note.sign_in", "session:CS1"),
    granted(2, "AC7", "member:m1", "grant.keep", *THROUGH, "SM1", "SM2", "SM3"),
    granted(3, "AC7", "staff:s1", "grant_open", *THROUGH, "SM1"),
    granted(4, "AC7", "staff:s1", "grant_open", *THROUGH, "SM2"),
    granted(5, "AC8", "staff:s1", "grant_open", "session:CS2", "grant:GR2", "epoch:7"),
    granted(6, "AC9", "staff:s2", "grant_open", "session:CS3", "grant:GR3", "SM9"),
    granted(7, "AC9", "staff:s1", "refused.grant_open", "grant:GR3"),
)


async def write(directory: Path, *entries: AccessEntry) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    ledger = LedgerWriter(directory)
    await ledger.open(at_ms=START_MS)
    await ledger.append(entries)
    await ledger.close()


@pytest.fixture
def kms(run: Any, tmp_path: Path) -> Path:
    directory = tmp_path / ".local/share/ringfence/kms"
    run(write(directory, *(entry(n) for n in range(1, 9)), entry(9, "refused.open_epochs"), *GRANTS))
    return directory


def reached(ringfence: Any, *options: str) -> list[tuple[str, list[str]]]:
    answer = ringfence("blast", *options, "--output", "json")
    assert answer.returncode == 0, answer.stderr
    return [(one["account"], one["objects"]) for one in json.loads(answer.stdout)]


def test_the_blast_radius_is_told_account_by_account(ringfence: Any, kms: Path) -> None:
    reached = json.loads(ringfence("blast", "--key", "SK1", "--output", "json").stdout)
    assert [(one["account"], one["openings"], one["objects"]) for one in reached] == [
        ("AC1", 3, ["open_epochs:7"]),
        ("AC2", 3, ["open_epochs:7"]),
        ("AC0", 2, ["open_epochs:7"]),
    ]
    table = ringfence("blast", "--key", "SK1").stdout.splitlines()
    assert table[1].split() == ["AC1", "3", "1", "2023-11-14", "22:13:21Z", "2023-11-14", "22:13:27Z"]


def test_a_session_reached_what_was_opened_in_it(ringfence: Any, kms: Path) -> None:
    assert reached(ringfence, "--session", "CS1") == [("AC7", ["grant_open:SM1", "grant_open:SM2"])]
    assert reached(ringfence, "--session", "CS3") == [("AC9", ["grant_open:SM9"])]


def test_a_member_of_staff_reached_what_was_opened_in_any_session(ringfence: Any, kms: Path) -> None:
    assert reached(ringfence, "--staff", "s1") == [
        ("AC7", ["grant_open:SM1", "grant_open:SM2"]),
        ("AC8", ["grant_open:epoch:7"]),
    ]


def test_a_time_bounds_it_and_names_everybody_where_nobody_is_named(ringfence: Any, kms: Path) -> None:
    span = ("--since", "2023-11-14T22:17:00", "--until", "2023-11-14T22:18:30+00:00")
    assert reached(ringfence, "--session", "CS1", *span) == [("AC7", ["grant_open:SM2"])]
    assert reached(ringfence, *span) == [("AC7", ["grant_open:SM2"]), ("AC8", ["grant_open:epoch:7"])]


@pytest.mark.parametrize("options", [(), ("--key", "SK1", "--staff", "s1"), ("--key", "SK1", "--since", "soon")])
def test_it_is_of_one_or_since_a_time(ringfence: Any, kms: Path, options: tuple[str, ...]) -> None:
    assert ringfence("blast", *options).returncode == 2


def test_the_report_names_each_opening_and_what_was_left_and_runs_nothing(
    ringfence: Any, kms: Path, tmp_path: Path
) -> None:
    assert ringfence("blast", "--staff", "s1", "--html", "report.html").returncode == 0
    page = (tmp_path / "report.html").read_text()
    told = html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page)).split()
    assert {"AC7", "AC8", "SM1", "SM2", "SM3", "epoch:7", "session:CS2", "grant:GR1"} <= set(told)
    shown, refused = page.split("<h2>Refused: 1</h2>")
    assert "AC9" not in shown, "what was refused reached nobody"
    assert "AC9" in refused, "and is told"
    taken, left = page.split("never taken")
    assert ("SM3" in taken, "SM3" in left, "SM1" in left) == (False, True, False)
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<img|<link|https?://| on[a-z]+=", page)
    assert (kms / "ledger" / "checkpoint").read_text().splitlines()[2] in html.unescape(page), "the root is in it"


def test_the_report_says_how_much_in_words_and_what_it_does_not_know(
    run: Any, ringfence: Any, kms: Path, tmp_path: Path
) -> None:
    hour = "120888832"
    gap = AccessEntry(
        at_ms=START_MS, account="", actor="dispatcher", verb="log.gap", scope=("41", f"{START_MS}", f"{START_MS + 1}")
    )
    run(
        write(
            kms, granted(9, "AC7", "SK5", "open_epochs", hour), granted(9, "AC5", "SK5", "sealing_key", "epoch:7"), gap
        )
    )
    done = ringfence("blast", "--key", "SK5", "--html", "report.html")
    page = (tmp_path / "report.html").read_bytes()
    assert f"SHA-256 {hashlib.sha256(page).hexdigest()}" in done.stderr
    told = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.decode())
    told = re.sub(r"\s+", " ", html.unescape(told))
    assert "Accounts reached: 2" in told
    assert "Accounts whose content could be read: 1. Openings: 2. Objects: 2, of which whole hours: 1." in told
    assert "The first opening was at 2023-11-14 22:22:20Z, the last at 2023-11-14 22:22:20Z." in told
    assert f"{hour} (the hour of 2023-11-14 22:00Z)" in told
    assert "open_epochs was given the keys of whole hours: every record of them could be read." in told
    assert "AC5 1 1 not by these" in told
    assert "What is in 41 entries that are missing" in told
    assert "Entries that answer the question 2" in told
    assert "Whose hand it was." in told
    ringfence("blast", "--key", "SK5", "--since", "2023-11-14T22:20:00", "--html", "later.html")
    later = (tmp_path / "later.html").read_text()
    assert "From</th><td>2023-11-14 22:20:00Z" in later
    assert "the ledger knows of none in this time" in later


def test_what_a_duty_kept_is_told_as_content_and_who_agreed(
    run: Any, ringfence: Any, kms: Path, tmp_path: Path
) -> None:
    scope = ("duty:1", "officer:ann", "officer:bob", "days:2026-11-01..2026-11-03", "reference:Order 7")
    acts = (
        granted(9, "AC5", "operator", "duty.declare", "duty:1"),
        granted(10, "AC5", "operator", "open_duty", *scope),
    )
    run(write(kms, *acts))
    assert ("AC5", ["open_duty:duty:1 days:2026-11-01..2026-11-03"]) in reached(
        ringfence, "--since", "2023-11-14T00:00"
    )
    page = tmp_path / "report.html"
    answer = ringfence("blast", "--since", "2023-11-14T00:00", "--html", str(page))
    assert answer.returncode == 0, answer.stderr
    told = page.read_text()
    section = told[told.index("<h2><code>AC5</code></h2>") :]
    assert "<code>operator officer:ann officer:bob</code>" in section
    assert "<code>reference:Order 7</code>" in section
    assert meaning_of("open_duty").words in section
    (row,) = [row for row in told.split("<tr>") if "<code>AC5</code>" in row and "not by these" not in row][:1]
    assert "could be read" in row


def test_what_a_name_holds_is_text_in_the_report(run: Any, ringfence: Any, kms: Path, tmp_path: Path) -> None:
    run(write(kms, granted(9, "AC<b>", "SK<i>", "open_epochs", "<script>")))
    assert ringfence("blast", "--key", "SK<i>", "--html", "report.html").returncode == 0
    assert "<script>" not in (tmp_path / "report.html").read_text()
    assert "&lt;script&gt;" in (tmp_path / "report.html").read_text()


def test_tenants_are_told_of_somebody_while_the_ledger_is_written(ringfence: Any, kms: Path) -> None:
    nobody = ringfence("blast", "--since", "2023-11-14T00:00", "--tell")
    assert (nobody.returncode, "tell whom" in nobody.stderr) == (2, True)
    refused = ringfence("blast", "--session", "CS1", "--tell")
    assert (refused.returncode, "nothing is up" in refused.stderr) == (1, True)


def test_a_key_that_opened_nothing_is_named_so_that_a_mistyped_one_is_noticed(ringfence: Any, kms: Path) -> None:
    nobody = ringfence("blast", "--key", "SK2", "--output", "json")
    assert (nobody.returncode, json.loads(nobody.stdout)) == (0, [])
    assert "the ledger has no opening by SK2: compare it with the actors" in nobody.stderr
    assert "no opening of the last 3d by SK1:" in ringfence("blast", "--key", "SK1", "--since", "3d").stderr
    assert ringfence("blast", "--key", "SK1").stderr == ""


def test_without_a_ledger_there_is_nothing_to_read(ringfence: Any) -> None:
    refused = ringfence("blast", "--key", "SK1")
    assert refused.returncode == 1
    assert "it begins with the first `up`" in refused.stderr
