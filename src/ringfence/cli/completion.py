"""`ringfence completion SHELL`: the script that lets a shell complete ringfence's commands and options."""

import sys
from enum import StrEnum

from typer._completion_classes import completion_init
from typer._completion_shared import get_completion_script

PROGRAM = "ringfence"
COMPLETE_VARIABLE = "_RINGFENCE_COMPLETE"


class Shell(StrEnum):
    """Shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Shell) -> None:
    """Print the script for `shell`, to be read by its startup file."""
    sys.stdout.write(get_completion_script(prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE, shell=shell) + "\n")


def ready_to_complete() -> None:
    """Let the command line answer what such a script asks it. Call it before the command line runs."""
    completion_init()
