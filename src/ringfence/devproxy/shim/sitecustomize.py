"""Makes aiohttp, which Python's asynchronous SDK is built on, use the proxy that the environment names.

Python imports this by itself at the start of a program, in whatever version the program runs: so it is plain, needs
nothing but the library, and hands on to the `sitecustomize` that it stands before. Source: Python, "site".
"""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import os
import sys
from typing import Any

HOOKED = "aiohttp.client"


class Hook:
    """Waits on sys.meta_path for one module, and changes it once it has been executed."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != HOOKED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_change(module: Any) -> None:
                execute(module)
                use_environment(module)

            spec.loader.exec_module = execute_and_change  # type: ignore[method-assign]
        return spec


def use_environment(module: Any) -> None:
    """Let every session of `aiohttp.client` take proxies from the environment. Again is a no-op."""
    begin = module.ClientSession.__init__
    if getattr(begin, "by_ringfence", False):
        return

    @functools.wraps(begin)
    def begin_with_environment(self: Any, *args: Any, **named: Any) -> None:
        named["trust_env"] = True
        begin(self, *args, **named)

    begin_with_environment.by_ringfence = True  # type: ignore[attr-defined]
    module.ClientSession.__init__ = begin_with_environment


def install() -> None:
    """Change aiohttp now if it is there, else when it comes."""
    if HOOKED in sys.modules:
        use_environment(sys.modules[HOOKED])
    elif not any(isinstance(each, Hook) for each in sys.meta_path):
        sys.meta_path.insert(0, Hook())


def hand_on() -> None:
    """Leave sys.path, and execute the next `sitecustomize` on it."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - nothing more is imported than needed
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]  # noqa: PTH100
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":
    install()
    hand_on()
