"""Who gets in, and what the others are told."""

import base64
from typing import Any

import pytest
import requests

from ringfence.domain.sid import new_sid


def get(installation: Any, path: str, header: str | None) -> requests.Response:
    headers = {} if header is None else {"Authorization": header}
    return requests.get(f"{installation.url}{path}", headers=headers, timeout=10)


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def test_the_right_token_gets_in(installation: Any, tenant: Any) -> None:
    path = f"{tenant.base}/Messages.json"
    assert get(installation, path, basic(tenant.sid, tenant.token)).status_code == 200
    assert get(installation, path, basic(tenant.sid, tenant.token).replace("Basic", "bAsIc")).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode("AC:ü".encode()).decode(),
        "Basic " + base64.b64encode(b"AC:\xff").decode(),
        "Bearer abc",
        "Digest username=x",
        basic("", ""),
        basic("AC1", "x"),
        basic("AC" + "0" * 32, "x"),
        basic("SK" + "0" * 32, "x"),
        basic("x" * 2000, "x"),
    ],
)
def test_anything_else_does_not(installation: Any, tenant: Any, header: str | None) -> None:
    answer = get(installation, f"{tenant.base}/Messages.json", header)
    assert answer.status_code == 401
    assert answer.json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }
    assert answer.headers["www-authenticate"] == 'Basic realm="Twilio API"'


@pytest.mark.parametrize("change", [str.upper, lambda token: token[:-1], lambda token: token + "0", lambda _: ""])
def test_a_token_that_is_nearly_right_does_not(installation: Any, tenant: Any, change: Any) -> None:
    token = change(tenant.token)
    if token == tenant.token:
        token = "0" + token[1:]
    assert get(installation, f"{tenant.base}/Messages.json", basic(tenant.sid, token)).status_code == 401


def test_another_accounts_path_is_not_found_whether_it_exists_or_not(installation: Any, tenant: Any) -> None:
    other = installation.new_tenant()
    answers = []
    for sid in (other.sid, new_sid("AC"), "AC1", "nonsense"):
        answer = get(installation, f"/2010-04-01/Accounts/{sid}/Messages.json", basic(tenant.sid, tenant.token))
        assert answer.status_code == 404
        answers.append(answer.text.replace(sid, "SID"))
    assert len(set(answers)) == 1


def test_a_subaccount_of_another_tenant_is_not_found(installation: Any, tenant: Any) -> None:
    theirs = installation.new_tenant().client().api.accounts.create(friendly_name="Branch")
    path = f"/2010-04-01/Accounts/{theirs.sid}/Messages.json"
    assert get(installation, path, basic(tenant.sid, tenant.token)).status_code == 404


def test_anothers_message_is_not_found(installation: Any, tenant: Any, unknown_sid: str) -> None:
    theirs = installation.new_tenant().text().sid
    told = []
    for sid in (theirs, unknown_sid):
        for method in ("GET", "POST", "DELETE"):
            answer = tenant.ask(method, f"/Messages/{sid}.json", data={"Body": ""} if method == "POST" else None)
            assert answer.status_code == 404
            told.append(answer.text.replace(sid, "SID"))
    assert len(set(told)) == 1


def test_too_many_wrong_secrets_are_told_so_and_the_right_one_still_gets_in(installation: Any, tenant: Any) -> None:
    path = f"{tenant.base}/Messages.json"
    answers = [get(installation, path, basic(tenant.sid, "wrong")).status_code for _ in range(25)]
    assert answers[:20] == [401] * 20
    refused = get(installation, path, basic(tenant.sid, "wrong"))
    assert (refused.status_code, refused.json()["code"]) == (429, 20429)
    assert refused.headers["retry-after"] == "1"
    assert get(installation, path, basic(tenant.sid, tenant.token)).status_code == 200


def test_no_secret_is_in_what_the_api_says_of_itself(installation: Any, tenant: Any) -> None:
    watched = requests.get(f"{installation.url}/metrics", timeout=10).text
    assert tenant.token not in watched
    assert tenant.sid not in watched
