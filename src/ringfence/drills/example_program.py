"""An example's program as modules, as it stands in the checkout."""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

EXAMPLES = Path(__file__).parents[3] / "examples"


@contextlib.contextmanager
def example_program(example: str, module: str, environment: Mapping[str, str] | None = None) -> Iterator[ModuleType]:
    """The example's `module`, loaded afresh in an environment; all of its modules are forgotten afterwards."""
    folder = EXAMPLES / example
    names = {path.stem for path in folder.glob("*.py")}
    bytecode, before = sys.dont_write_bytecode, dict(os.environ)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    os.environ.update(environment or {})
    _forget(names)
    try:
        yield importlib.import_module(module)
    finally:
        os.environ.clear()
        os.environ.update(before)
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = bytecode
        _forget(names)


def _forget(names: set[str]) -> None:
    for name in names:
        sys.modules.pop(name, None)
