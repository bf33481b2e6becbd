"""What a browser that is nobody's reaches proves nothing, and no drill counts it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ringfence.drills import operators_tenants, staff_attack
from ringfence.drills.design import OURS, Design
from ringfence.drills.plain_http import Answer
from ringfence.drills.seeded_copy import SeededCopy
from ringfence.drills.staff_attack import Rows, StaffAttack, played
from ringfence.drills.staff_session import crawl
from ringfence.roles.settings import Settings

MARK = "5eed" * 8


class Browser:
    """A `HeldBrowser` whose session is good for so many requests."""

    routes: tuple[tuple[str, str], ...] = ()
    credential = ("", "")
    inside = "/staff"
    mark = MARK

    def __init__(self, lasts: int) -> None:
        self._left = lasts

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Answer:
        self._left -= 1
        return Answer(status=200, body=MARK.encode()) if self._left >= 0 else Answer(status=401, body=b"no")


def signed_in_for(lasts: int) -> Any:
    @contextlib.asynccontextmanager
    async def signed_in(folder: Path, design: Design, tenants: int) -> AsyncIterator[StaffAttack]:
        nobody = SimpleNamespace(tenants=(), canaries=SimpleNamespace(found_in=lambda _: set()))
        yield StaffAttack(cast(SeededCopy, nobody), Browser(lasts), Settings(), {"AC1": "a link"})

    return signed_in


async def attack(one: StaffAttack) -> tuple[int, Rows]:
    await one.ask("GET", "/staff")
    return 0, ()


@pytest.mark.parametrize("lasts", [0, 1, 2])
def test_a_session_that_sees_no_page_of_staff_before_and_after_is_no_finding(
    lasts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff_attack, "_signed_in", signed_in_for(lasts))
    with pytest.raises(AssertionError, match="answered by 401: this drill would prove nothing"):
        played(OURS, 1, "D05", attack)


def test_one_that_does_is_and_what_the_attack_was_served_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staff_attack, "_signed_in", signed_in_for(3))
    assert played(OURS, 1, "D05", attack).rows == (("requests to the consoles answered with 200", "1"),)


def test_d05_reaches_the_tenant_whose_link_is_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def made(settings: Settings, told: str) -> Answer:
        return Answer(status=201, body=b"{}")

    monkeypatch.setattr(staff_attack, "_signed_in", signed_in_for(2))
    monkeypatch.setattr(operators_tenants, "take_link", made)
    found = crawl(OURS, 1)
    assert (found.reached, dict(found.rows)["links of invitations seen, taken again"]) == (1, "1, 1")
