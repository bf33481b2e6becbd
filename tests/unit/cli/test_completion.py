"""The scripts for shells: bash's is tried in a real bash."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# What bash does when one presses Tab after LINE.
PRESS_TAB = """
eval "$(ringfence completion bash)"
COMP_WORDS=($LINE); [[ $LINE == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
complete -p ringfence | sed 's/.*-F \\([^ ]*\\) .*/\\1/' > function
$(cat function) ringfence "${COMP_WORDS[COMP_CWORD]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def tab(tmp_path: Path, surroundings: dict[str, str]):
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    command = tmp_path / "bin" / "ringfence"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ringfence "$@"\n')
    command.chmod(0o755)

    def press(line: str) -> list[str]:
        done = subprocess.run(
            ["bash", "--norc", "-c", PRESS_TAB],
            capture_output=True,
            text=True,
            timeout=30,
            cwd=tmp_path,
            env=surroundings | {"LINE": line, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"},
        )
        assert done.stderr == ""
        return done.stdout.split()

    return press


def test_bash_completes_commands(tab) -> None:
    assert {"up", "events", "number"} <= set(tab("ringfence "))


def test_bash_completes_the_beginning_of_a_word_in_a_group(tab) -> None:
    assert tab("ringfence number con") == ["configure"]


def test_bash_completes_options_and_what_they_take(tab) -> None:
    assert "--output" in tab("ringfence account list --")
    assert tab("ringfence account list --output j") == ["json"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(ringfence, shell: str) -> None:
    done = ringfence("completion", shell)
    assert done.returncode == 0
    assert "_RINGFENCE_COMPLETE" in done.stdout


def test_another_shell_is_wrong_usage(ringfence) -> None:
    assert ringfence("completion", "tcsh").returncode == 2
