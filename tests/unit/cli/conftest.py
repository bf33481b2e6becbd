"""The command line as people run it: a process of its own, in a home of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """An environment without settings of its own, and with an empty HOME."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RINGFENCE_", "XDG_"))}
    return kept | {"HOME": str(tmp_path), "COLUMNS": "200"}


@pytest.fixture
def ringfence(tmp_path: Path, surroundings: dict[str, str]) -> Run:
    """Run `ringfence` with arguments, in the empty home."""

    def run(*arguments: str, answer: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ringfence", *arguments],
            input=answer,
            capture_output=True,
            text=True,
            timeout=30,
            cwd=tmp_path,
            env=surroundings | environment,
            check=False,
        )

    return run
