"""The example programs, as modules."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAM = ("appointments", "conversation", "app")
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def barber(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The Python barber's modules by name, fresh, with an empty appointment book."""
    monkeypatch.syspath_prepend(str(EXAMPLES / "barber"))
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", AUTH_TOKEN)
    monkeypatch.setenv("PUBLIC_URL", "https://shop.example/hooks/")
    monkeypatch.setenv("BARBER_DATABASE", str(tmp_path / "barber.db"))
    monkeypatch.delenv("TWILIO_API_URL", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield {name: importlib.import_module(name) for name in PROGRAM}
    for name in PROGRAM:
        del sys.modules[name]
