"""Commands that the program suggests are commands that work."""

import sys
from pathlib import Path

import pytest

from ringfence.cli.invocation import invocation


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "bin" / "ringfence"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_program_on_the_path_goes_by_its_name(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert invocation() == "ringfence"


def test_a_program_in_a_checkout_goes_by_the_path_that_it_was_called_by(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(program.parent.parent)
    monkeypatch.setattr(sys, "argv", ["bin/ringfence"])
    assert invocation() == "bin/ringfence"


def test_another_ringfence_on_the_path_is_not_suggested(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "ringfence"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert invocation() == str(program)


@pytest.mark.parametrize("called", ["ringfence", "/usr/lib/python3/ringfence/__main__.py", "gone/pytest"])
def test_by_any_other_way_it_goes_by_its_name(called: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [called])
    assert invocation() == "ringfence"
