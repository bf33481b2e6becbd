"""The command line, in a home of its own: in this process where that is enough, as a process of its own where not."""

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest

from ringfence.cli.main import main
from ringfence.roles.run_dir import run_dir_of

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


@pytest.fixture
def key_service(tmp_path: Path, surroundings: dict[str, str]) -> Iterator[None]:
    """The key service of the empty home is up: no command of the test starts one of its own, and ends it again."""
    command = [sys.executable, "-m", "ringfence", "role", "kms"]
    log = tmp_path / "kms.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(command, cwd=tmp_path, env=surroundings, stdout=errors, stderr=errors)
    try:
        folder = run_dir_of(tmp_path / ".local/share/ringfence")
        until = time.monotonic() + 60
        while not all(_answers(folder / f"{name}.sock") for name in ("kms-api", "kms-console", "kms-operator")):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
