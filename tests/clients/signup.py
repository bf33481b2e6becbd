"""The messenger's sign-up server in a test's process, and what apps and people do with it."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from ringfence.testing import Phone, Ringfence

EXAMPLE = Path(__file__).parents[2] / "examples" / "messenger-signup"
MODULES = ("app", "registration", "accounts", "pin")
PEPPER = b"a-key-that-the-database-does-not-have"
PIN, WRONG = "493817", "718394"


class Server:
    """The example over one database; `restart` is what a crash and a new process are."""

    def __init__(self, ringfence: Ringfence, modules: dict[str, ModuleType], folder: Path) -> None:
        self.modules = modules
        self.database = folder / "messenger.db"
        self._ringfence = ringfence
        self._service = ringfence.client().verify.v2.services.create(friendly_name="Pigeon").sid
        self._accounts: Any = None
        self.restart()

    def restart(self) -> None:
        self.close()
        self._accounts = self.modules["accounts"].Accounts(self.database)
        self.registration = self.modules["registration"].Registration(
            self.modules["app"].client.verify.v2.services(self._service),
            self._accounts,
            PEPPER,
            lambda: self._ringfence.clock.now.timestamp(),
        )
        self.http = Client(self.modules["app"].SignUp(self.registration))

    def close(self) -> None:
        if self._accounts is not None:
            self._accounts.close()

    def post(self, path: str, **fields: object) -> TestResponse:
        return self.http.post(path, json=fields)

    def code(self, phone: Phone) -> str:
        """A code for this number, as its telephone shows it: to its owner, and to whoever else reads along."""
        assert self.post("/codes", number=phone.number).status_code == 202
        return phone.last_code()

    def show_code(self, phone: Phone) -> TestResponse:
        return self.post("/registrations", number=phone.number, code=self.code(phone))

    def registered(self, phone: Phone, pin: str = "") -> "Device":
        """A device of the number, with a lock where a PIN is given."""
        answered = self.show_code(phone)
        assert answered.status_code == 201
        device = Device(self, answered.json["token"])
        if pin:
            assert device.lock(pin).status_code == 204
        return device


class Device:
    """An app that holds a token."""

    def __init__(self, server: Server, token: str) -> None:
        self._server = server
        self._headers = {"Authorization": f"Bearer {token}"}

    def lock(self, pin: str) -> TestResponse:
        return self._server.http.put("/lock", json={"pin": pin}, headers=self._headers)

    def unlock(self) -> TestResponse:
        return self._server.http.delete("/lock", headers=self._headers)

    @property
    def registered(self) -> bool:
        return bool(self._told()["registered"])

    @property
    def notices(self) -> list[str]:
        return [notice["kind"] for notice in self._told()["notices"]]

    def _told(self) -> dict[str, Any]:
        answered = self._server.http.get("/notices", headers=self._headers)
        assert answered.status_code == 200
        return dict(answered.json)


def served(ringfence: Ringfence, patch: pytest.MonkeyPatch, folder: Path) -> Iterator[Server]:
    """The example, with its own modules; they are forgotten afterwards."""
    patch.syspath_prepend(str(EXAMPLE))
    patch.delenv("TWILIO_API_URL", raising=False)
    patch.setattr(sys, "dont_write_bytecode", True)
    server = Server(ringfence, {name: importlib.import_module(name) for name in MODULES}, folder)
    yield server
    server.close()
    for name in MODULES:
        del sys.modules[name]


def shown_commands() -> list[str]:
    """What the README types after `ringfence run --`."""
    return re.findall(r"^ringfence run -- (.*)$", (EXAMPLE / "README.md").read_text(), re.MULTILINE)
