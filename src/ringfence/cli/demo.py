"""`ringfence demo`: the list of demos, and a way to run one. A demo is a module `ringfence.cli.demo_NAME`.

Its docstring's first line is what the list shows; `run(settings, auto=…)` runs it, and with `auto` plays both sides.
"""

import importlib
import importlib.util
import pkgutil

import ringfence.cli
from ringfence.cli.listing import Output, show
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

_PREFIX = "demo_"


def demo_names() -> list[str]:
    """The demos there are."""
    found = (module.name for module in pkgutil.iter_modules(ringfence.cli.__path__))
    return sorted(name.removeprefix(_PREFIX) for name in found if name.startswith(_PREFIX))


def demo(settings: Settings, name: str | None, *, auto: bool, output: Output = Output.TABLE) -> None:
    """Run the demo called `name`; without one, list them."""
    if name is None:
        show(output, ("demo", "what it shows"), [(each, _described(each)) for each in demo_names()])
        return
    if name not in demo_names():
        raise RefusalError(
            f"no demo is called {name!r}", f"one of: {', '.join(demo_names()) or 'none yet'}", exit_code=2
        )
    importlib.import_module(f"ringfence.cli.{_PREFIX}{name}").run(settings, auto=auto)


def _described(name: str) -> str:
    module = importlib.import_module(f"ringfence.cli.{_PREFIX}{name}")
    return (module.__doc__ or "").partition("\n")[0]
