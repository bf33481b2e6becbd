"""The command line, in a home of its own: in this process where that is enough, as a process of its own where not."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from ringfence.cli.main import main

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """An environment without settings of its own, and with an empty HOME."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RINGFENCE_", "XDG_"))}
    return kept | {"HOME": str(tmp_path), "COLUMNS": "200"}


@pytest.fixture
def ringfence(
    tmp_path: Path,
    surroundings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command that starts no process, in the empty home."""

    def run(*arguments: str, answer: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        code: int | str | None = 0
        with monkeypatch.context() as patch, mock.patch.dict(os.environ, surroundings | environment, clear=True):
            patch.chdir(tmp_path)
            patch.setattr(sys, "argv", ["ringfence", *arguments])
            patch.setattr(sys, "stdin", io.StringIO(answer))
            try:
                main()
            except SystemExit as end:
                code = end.code
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(code or 0), out, err)

    return run


@pytest.fixture
def ringfence_process(tmp_path: Path, surroundings: dict[str, str]) -> Run:
    """Run any command as people do, in the empty home."""

    def run(*arguments: str, answer: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ringfence", *arguments],
            input=answer,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env=surroundings | environment,
            check=False,
        )

    return run
