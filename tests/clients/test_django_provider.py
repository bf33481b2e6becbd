"""Members come through django-oauth-toolkit, an OpenID provider that others wrote and people run."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import requests
from tests.browser.key_origin import free_port
from tests.unit.console.conftest import ORIGINS
from tests.unit.console.conftest import stand as stand
from tests.unit.console.test_members import account, enrolled
from tests.unit.console.test_sso import Visitor

from ringfence.domain.clock import ManualClock
from ringfence.http.client import PooledClient
from ringfence.http.egress_guard import EgressGuard, EgressPolicy

pytestmark = pytest.mark.long
PASSWORD = "correct horse battery staple"
CALLBACK, AFTER = f"{ORIGINS.tenant}/sso/callback", f"{ORIGINS.tenant}/sign-in"


class Running(NamedTuple):
    issuer: str
    client_id: str


@pytest.fixture(scope="module")
def django(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    port, folder = free_port(), tmp_path_factory.mktemp("provider")
    program = Path(__file__).with_name("django_provider.py")
    process = subprocess.Popen(
        [sys.executable, str(program), str(port), str(folder / "db.sqlite3"), CALLBACK, AFTER],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Running(f"http://127.0.0.1:{port}/o", process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def clock() -> ManualClock:
    """The provider has a clock of its own."""
    return ManualClock(int(time.time() * 1_000))


class Person:
    """Somebody's browser at the provider's pages, which follows where it is led until it leaves them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._http = requests.Session()

    def go(self, address: str) -> str:
        """The address to which it is led out of there, once its person has signed in and agreed."""
        here, answer = address, self._http.get(address, allow_redirects=False, timeout=10)
        for _ in range(8):
            if answer.is_redirect:
                here = urljoin(here, answer.headers["location"])
                if here.startswith(ORIGINS.tenant):
                    return here
                answer = self._http.get(here, allow_redirects=False, timeout=10)
                continue
            assert answer.status_code == 200, answer.text
            fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
            typed = {"username": self._name, "password": PASSWORD, "allow": "yes"}
            answer = self._http.post(here, fields | typed, allow_redirects=False, timeout=10)
        raise AssertionError(here)


def test_a_member_comes_through_it_and_leaves_through_it(run: Any, stand: Any, django: Running) -> None:
    async def come(visitor: Visitor, person: Person) -> Any:
        begun = await visitor.begin()
        assert begun.status_code == 200, begun.text
        came = dict(parse_qsl(urlsplit(person.go(begun.json()["address"])).query))
        return await visitor.finish({"iss": "", **came})

    async def scene() -> None:
        http = PooledClient(EgressGuard(EgressPolicy(private=True)))
        async with stand(provider=http) as it:
            owner = await enrolled(it, await account(it))
            wanted = {"issuer": django.issuer, "client_id": django.client_id, "accepted": ["hwk"]}
            assert (await owner.ask("POST", "/organisation", wanted)).status_code == 200
            visitor, ada = Visitor(it.app, it.clock), Person("ada")
            assert (await come(visitor, ada)).status_code == 403
            page = (await owner.page("/organisation")).text
            assert "ada@acme.example" in page
            waiting = page.partition("/organisation/SP")[2].partition("/let-in")[0]
            assert (await owner.ask("POST", f"/organisation/SP{waiting}/let-in", {})).status_code == 200
            assert (await come(visitor, ada)).status_code == 200
            assert (await visitor.ask("GET", "/")).status_code == 200
            weak = await come(Visitor(it.app, it.clock), Person("ben"))
            assert (weak.status_code, "your passkey here" in weak.text) == (401, True)
            # It signs out there, asked by the ID token that the session began with, and leads back.
            address = (await visitor.ask("POST", "/sign-out")).json()["address"]
            assert ada.go(address) == AFTER
            assert (await visitor.ask("GET", "/")).status_code == 401
        await http.close()

    run(scene())
