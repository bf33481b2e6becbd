"""Commands whose modules are imported when they are called."""

import subprocess
import sys

import pytest

from ringfence.cli.main import Commands
from ringfence.cli.on_call import OnCall

IMPORTED_BY = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
sys.argv = ["ringfence", *sys.argv[1:]]
from ringfence.cli.main import main
main()
"""
OF_SOME_COMMANDS = {
    "jinja2",
    "numpy",
    "phonenumbers",
    "prometheus_client",
    "starlette.routing",
    "structlog",
    "uvicorn",
    "webauthn",
}
PARTS_OF_SOME_COMMANDS = {"roles.api", "console", "dispatch", "drills", "kms", "media", "store", "usecases"}


def imported_by(surroundings: dict[str, str], *arguments: str) -> set[str]:
    program = [sys.executable, "-c", IMPORTED_BY, *arguments]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=True, env=surroundings)
    assert done.stdout
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", ["--help", "--version", "version", "up --help", "completion bash"])
def test_a_command_does_not_wait_for_what_others_import(surroundings, arguments: str) -> None:
    found = imported_by(surroundings, *arguments.split())
    assert "ringfence.cli.main" in found
    assert found & (OF_SOME_COMMANDS | {f"ringfence.{part}" for part in PARTS_OF_SOME_COMMANDS}) == set()


@pytest.mark.parametrize("command", ["freeze", "staff", "blast", "policy"])
def test_a_command_that_reads_the_consoles_files_does_without_their_server(surroundings, command: str) -> None:
    found = imported_by(surroundings, command, "--help")
    assert f"ringfence.cli.{command}" in found
    assert found & {"ringfence.console.app", "ringfence.roles.console", "uvicorn", "jinja2"} == set()


@pytest.mark.parametrize("command", Commands.on_call, ids=lambda command: command.name)
def test_a_command_says_of_itself_what_the_list_says_of_it(command: OnCall) -> None:
    found = command.called("it")
    assert found.name == "it"
    assert not isinstance(found, OnCall)
    assert command.help == found.help.partition("\n")[0]
