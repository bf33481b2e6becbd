"""Commands whose modules are imported when they are called: a start should not wait for what it does not run."""

import importlib
from collections.abc import Sequence
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group


class OnCall(TyperCommand):
    """Stands in the list of commands for the command, or the group of commands, of a module not yet imported.

    `place` is where it is, as module:attribute: a function, or a `typer.Typer`. `help` is the first line of its help.
    """

    def __init__(self, name: str, place: str, help: str) -> None:
        super().__init__(name, help=help)
        self._place = place

    def called(self, name: str) -> Any:
        """Import the module, and give its command, to be called `name`."""
        module, _, attribute = self._place.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        if isinstance(found, typer.Typer):
            group = get_group(found)
            group.name = name
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        return get_command(alone)


class GroupOnCall(TyperGroup):
    """A group of commands, some of them on call. What is on call is listed and completed without being imported."""

    on_call: ClassVar[Sequence[OnCall]] = ()

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for command in self.on_call:
            self.add_command(command)

    def get_params(self, ctx: Any) -> list[Any]:
        """Its own options, of which switches take no value, nor say so."""
        return [_as_switch(each) for each in super().get_params(ctx)]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that `args` begin with, imported where it is on call."""
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, OnCall) and name is not None:
            command = command.called(name)
            self.add_command(command, name)
        _show_switches(command, ctx)
        return name, command, rest


def _show_switches(command: Any, ctx: Any) -> None:
    """Whatever help is asked for below this: no switch has the type of a value beside it."""
    for each in command.get_params(ctx):
        _as_switch(each)
    for below in getattr(command, "commands", {}).values():
        _show_switches(below, ctx)


def _as_switch(param: Any) -> Any:
    if getattr(param, "is_bool_flag", False) and param.metavar is None:
        param.metavar = ""
    return param
