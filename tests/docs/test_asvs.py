"""The table of the ASVS: every requirement it promises, each once, and every test that it names."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/why/asvs.md"
VERDICTS = {"yes", "built so", "partly", "no", "n/a"}
# How many requirements of version 5.0.0 a section has, of the levels that the page is about.
SECTIONS = {
    "1.1": 2,
    "1.2": 9,
    "1.3": 11,
    "1.4": 3,
    "1.5": 2,
    "2.1": 3,
    "2.2": 3,
    "2.3": 4,
    "2.4": 1,
    "3.2": 2,
    "3.3": 4,
    "3.4": 6,
    "3.5": 5,
    "3.7": 2,
    "4.1": 3,
    "4.2": 1,
    "4.3": 2,
    "4.4": 4,
    "5.1": 1,
    "5.2": 3,
    "5.3": 2,
    "5.4": 3,
    "6.1": 3,
    "6.2": 12,
    "6.3": 8,
    "6.4": 6,
    "6.5": 8,
    "6.6": 4,
    "6.7": 2,
    "6.8": 4,
    "7.1": 3,
    "7.2": 4,
    "7.3": 2,
    "7.4": 5,
    "7.5": 3,
    "7.6": 2,
    "8.1": 4,
    "8.2": 4,
    "8.3": 3,
    "8.4": 2,
    "9.1": 3,
    "9.2": 4,
    "10.1": 2,
    "10.2": 2,
    "10.3": 4,
    "10.4": 11,
    "10.5": 5,
    "10.6": 2,
    "10.7": 3,
    "11.1": 4,
    "11.2": 5,
    "11.3": 5,
    "11.4": 4,
    "11.5": 2,
    "11.6": 2,
    "11.7": 2,
    "12.1": 3,
    "12.2": 2,
    "12.3": 4,
    "13.1": 1,
    "13.2": 5,
    "13.3": 2,
    "13.4": 5,
    "14.1": 2,
    "14.2": 8,
    "14.3": 3,
    "15.1": 3,
    "15.2": 3,
    "15.3": 7,
    "16.1": 1,
    "16.2": 5,
    "16.3": 4,
    "16.4": 3,
    "16.5": 4,
    "17.1": 1,
    "17.2": 4,
    "17.3": 2,
}


def rows() -> list[list[str]]:
    lines = PAGE.read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if re.match(r"\| \d", line)]
    assert all(len(row) == 4 for row in cells)
    return cells


def numbers(cell: str) -> list[str]:
    found = []
    for part in cell.split(", "):
        first, _, last = part.partition("–")
        head, _, low = first.rpartition(".")
        high = int(last.rpartition(".")[2]) if last else int(low)
        assert not last or last.startswith(f"{head}."), part
        found += [f"{head}.{number}" for number in range(int(low), high + 1)]
    return found


def test_no_requirement_is_left_out_and_each_stands_once() -> None:
    found = [number for row in rows() for number in numbers(row[0])]
    assert [number for number, times in Counter(found).items() if times > 1] == []
    assert Counter(number.rpartition(".")[0] for number in found) == SECTIONS


def test_each_has_a_verdict_and_a_yes_is_shown_by_a_test() -> None:
    for number, _, verdict, shown in rows():
        assert verdict in VERDICTS, number
        assert verdict != "yes" or re.search(r"\[test_\w+\]\(", shown), number
        assert verdict not in ("built so", "partly") or shown, number


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"\[(test_\w+)\]\(\.\./\.\./(tests/[\w/]+\.py)\)", PAGE.read_text("utf-8"))
    assert len(named) > 100
    for name, path in named:
        assert re.search(rf"def {name}\(", (ROOT / path).read_text("utf-8")), f"{path}::{name}"


def test_its_figures_are_its_own() -> None:
    counted: Counter[str] = Counter()
    for row in rows():
        counted[row[2]] += len(numbers(row[0]))
    said = dict(re.findall(r"^- \*\*([\w/ ]+)\*\* \((\d+)\)", PAGE.read_text("utf-8"), re.MULTILINE))
    assert {verdict: int(count) for verdict, count in said.items()} == dict(counted)
