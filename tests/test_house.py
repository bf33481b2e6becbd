"""The rules of the house that no linter knows."""

import ast
import importlib
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN_NAMES = re.compile(r"(^|_)(utils?|helpers?|managers?|common|base|misc)(_|$)")
MAX_LINES = 600
MAX_DEPENDENCIES = 15


def tracked(*patterns: str) -> list[Path]:
    done = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).exists()]


SOURCES = tracked("src/*.py")
CODE = tracked("src/*.py", "src/*.js", "src/*.css", "src/*.sql", "tests/*.py", "benchmarks/*.py", "examples/*.py")


def test_there_is_code_to_judge() -> None:
    assert len(SOURCES) > 20


def test_no_file_is_long() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in CODE}
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_no_name_says_where_things_were_put_instead_of_what_they_are() -> None:
    assert [path.name for path in CODE if FORBIDDEN_NAMES.search(path.stem)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src" / "ringfence")))
def test_every_module_says_in_its_first_line_what_it_is(path: Path) -> None:
    text = path.read_text()
    if text.strip() and path.name != "__init__.py":
        assert text.startswith('"""')
        assert re.match(r'"""\S.*[.:?]("""|\n|$)', text.split("\n")[0] + "\n"), text.split("\n")[0]


def test_nothing_is_left_to_do_or_faked_in_the_source() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
    assert [str(path) for path in SOURCES if marks.search(path.read_text())] == []


def test_no_merge_is_left_half_done() -> None:
    marks = re.compile(r"^(<{7} |>{7} )", re.MULTILINE)
    texts = tracked("*.py", "*.js", "*.css", "*.sql", "*.html", "*.md", "*.toml", "*.cedar", "Makefile")
    assert [str(path) for path in texts if marks.search(path.read_text())] == []


def test_dependencies_are_few_and_each_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[<>=;\[ ]", each)[0] for each in project["dependencies"]]
    assert len(names) <= MAX_DEPENDENCIES
    reasons = (ROOT / "docs/why/dependencies.md").read_text()
    assert [name for name in names if name not in reasons] == []


def test_the_lock_has_hashes_for_everything_and_addresses_for_nothing() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert [line for line in lines if "://" in line] == []
    pinned = [index for index, line in enumerate(lines) if re.match(r"[a-z0-9]", line)]
    assert all("==" in lines[index] and "--hash=sha256:" in lines[index + 1] for index in pinned)
    locked = {lines[index].split("==")[0] for index in pinned}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    assert {re.split(r"[<>=;\[ ]", each)[0] for each in wanted} <= locked


def test_the_version_stands_in_one_place_and_a_half() -> None:
    import ringfence

    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == ringfence.__version__
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()


def test_what_changed_is_told_once_and_what_works_has_a_row_each() -> None:
    unreleased = (ROOT / "CHANGELOG.md").read_text().partition("## [Unreleased]")[2].partition("\n## ")[0]
    entries = re.findall(r"^- .*(?:\n  .*)*", unreleased, re.MULTILINE)
    assert [entry for entry in entries if entries.count(entry) > 1] == []
    assert all(entry.endswith((".", ":")) and not re.search(r"\.\n  [a-z]", entry) for entry in entries)
    rows = re.findall(
        r"^\| (\w+) \| ", (ROOT / "README.md").read_text().partition("## What works today")[2], re.MULTILINE
    )
    assert "Verify" in rows
    assert len(rows) == len(set(rows))


def test_no_message_sends_its_reader_to_a_file_that_a_wheel_lacks() -> None:
    found = [
        f"{path.name}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and "\n" not in node.value
        and re.search(r"(?<![\w./:])docs/\w+", node.value)
        and not node.value.endswith(".")
    ]
    assert found == []


@pytest.mark.parametrize("path", tracked("benchmarks/*.py", "examples/*.py"), ids=lambda path: path.name)
def test_what_programs_beside_the_package_import_of_it_is_there(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ringfence":
            module = importlib.import_module(node.module or "")
            absent = [alias.name for alias in node.names if not hasattr(module, alias.name)]
            assert [name for name in absent if importlib.util.find_spec(f"{node.module}.{name}") is None] == []


@pytest.mark.parametrize("folder", sorted({path.parent for path in tracked("src/*.sql") if path.name[:4].isdigit()}))
def test_migrations_are_numbered_from_one_on_and_each_number_is_taken_once(folder: Path) -> None:
    """Two that were written at the same time would else get the same one, and no new database could be made."""
    numbers = sorted(int(path.name[:4]) for path in folder.glob("[0-9]*.sql"))
    assert numbers == list(range(1, len(numbers) + 1))
