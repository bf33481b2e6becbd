"""The page of an invitation, and the one request it makes."""

import re
from typing import Any

import pytest
import requests

from ringfence.api.invite_page import invite_files
from ringfence.usecases.accounts.invitation import invite, new_invitation_id


def take(url: str, secret: Any, **options: Any) -> requests.Response:
    return requests.post(f"{url}/invite/take", json={"secret": secret}, timeout=10, **options)


def link_of(installation: Any) -> str:
    clock = installation.deps.clock
    made = invite(installation.store, clock, invitation=new_invitation_id(clock), name="Acme", by="terminal")
    return str(installation.run(made).secret)


def test_an_invitation_is_answered_once_with_what_signs_in(installation: Any) -> None:
    secret, url = link_of(installation), installation.url
    first = take(url, secret)
    assert first.status_code == 201, first.text
    assert first.headers["cache-control"] == "no-store"
    made = first.json()
    assert (made["name"], len(made["recovery_kit"])) == ("Acme", 13)
    own = requests.get(
        f"{url}/2010-04-01/Accounts/{made['sid']}.json", auth=(made["sid"], made["auth_token"]), timeout=10
    )
    assert (own.status_code, own.json()["friendly_name"]) == (200, "Acme")
    second, unknown = take(url, secret), take(url, "x" * 43)
    assert second.status_code == unknown.status_code == 404
    assert second.content == unknown.content


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"secret=x", "application/x-www-form-urlencoded", 415),
        (b'{"secret": "x"}', "text/plain", 415),
        (b"{}", "application/json", 400),
        (b"no json", "application/json", 400),
        (b'{"secret": "' + b"x" * 2_000 + b'"}', "application/json", 400),
    ],
)
def test_what_the_page_does_not_send_is_refused(installation: Any, body: bytes, kind: str, status: int) -> None:
    answer = requests.post(f"{installation.url}/invite/take", data=body, headers={"content-type": kind}, timeout=10)
    assert answer.status_code == status


def test_the_page_runs_nothing_but_its_own_and_all_it_names_is_there(installation: Any) -> None:
    page = requests.get(f"{installation.url}/invite", timeout=10)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    named = re.findall(r'(?:href|src)="(/[^"]+)"', page.text)
    assert len(named) == 6
    for path in named:
        assert requests.get(f"{installation.url}{path}", timeout=10).status_code == 200, path
    for name, file in invite_files().files.items():
        assert b"innerHTML" not in file, name
    assert requests.get(f"{installation.url}/invite/take", timeout=10).status_code == 405
