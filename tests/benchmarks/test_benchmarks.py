"""A benchmark that nobody runs for a month runs all the same: each is imported, asked for help, or built very small."""

import gc
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
PROGRAMS = sorted(FOLDER.glob("*.py"))
ASKED = [path for path in PROGRAMS if "ArgumentParser(" in path.read_text()]
# Those that build what they measure in their own process, of a size that takes no time.
SMALL = {
    "blast": "--entries 500 --keys 5 --accounts 5",
    "duty": "--accounts 20 --hours 5 --records 20",
    "console_pages": "--texts 100 --tenants 10 --times 2",
    "ledger": "--entries 200 --at-once 4 --group 10",
    "rows_curve": "--rows 20 40 --seconds 0.01 --rounds 1",
    "store_accept": "--writers 2 --rows 20 --seconds 0.01",
    "store_calls": "--calls 4 --at-once 2 --steps 2",
    "totp_checks": "--pairs 3",
    "webhook_client": "--seconds 0.01 --at-once 2",
}
LARGER = {
    "recording": "--legs 2 --seconds 0.1",
    "sip_timing": "--pairs 3 --directory {tmp_path}",
    "verify_timing": "--pairs 3 --directory {tmp_path}",
}
# Those that need what not every machine has, or processes of an installation, are run by `make bench` alone.


@pytest.fixture(autouse=True)
def _as_programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """They import their neighbours, and some leave garbage where it lies while they measure."""
    monkeypatch.syspath_prepend(str(FOLDER))
    known = set(sys.modules)
    yield
    gc.enable()
    for name in set(sys.modules) - known:
        if (FOLDER / f"{name}.py").exists():
            del sys.modules[name]


def run(path: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [str(path), *arguments])
    runpy.run_path(str(path), run_name="__main__")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_each_can_be_imported(path: Path) -> None:
    runpy.run_path(str(path), run_name=path.stem)


@pytest.mark.parametrize("path", ASKED, ids=lambda path: path.stem)
def test_each_that_takes_options_tells_them(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(path, monkeypatch, "--help")
    assert ended.value.code == 0
    assert "--help" in capsys.readouterr().out


def test_those_that_are_built_here_are_there() -> None:
    assert {*SMALL, *LARGER} <= {path.stem for path in ASKED}


@pytest.mark.parametrize("name", SMALL)
def test_each_that_needs_no_other_process_measures_something_very_small(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(FOLDER / f"{name}.py", monkeypatch, *SMALL[name].format(tmp_path=tmp_path).split())
    assert re.search("[1-9]", capsys.readouterr().out)


@pytest.mark.long
@pytest.mark.parametrize("name", LARGER)
def test_each_that_takes_seconds_at_its_smallest_measures_something(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(FOLDER / f"{name}.py", monkeypatch, *LARGER[name].format(tmp_path=tmp_path).split())
    assert re.search("[1-9]", capsys.readouterr().out)
