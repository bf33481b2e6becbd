"""Where an account is told what its operator must tell it: its own affair, sealed, and read back by it alone."""

from typing import Any

import requests


def asked(tenant: Any, method: str = "GET", **form: str) -> requests.Response:
    url = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}/Notices"
    return requests.request(method, url, data=form or None, auth=(tenant.sid, tenant.token), timeout=10)


def test_an_address_is_set_read_changed_and_taken_away(tenant: Any) -> None:
    store = tenant.installation.store
    nowhere = {"account_sid": tenant.sid, "notice_url": ""}
    assert asked(tenant).json() == nowhere
    somewhere = {**nowhere, "notice_url": "https://ops.example.org/notices?token=s3cret"}
    assert asked(tenant, "POST", NoticeUrl=somewhere["notice_url"]).json() == somewhere
    assert asked(tenant).json() == somewhere
    (kept,) = tenant.installation.run(store.notice_addresses([tenant.sid]))
    assert b"s3cret" not in kept.standing
    assert asked(tenant, "POST", Else="x").json() == somewhere, "what is absent stays"
    other = {**nowhere, "notice_url": "http://ops.example.org/"}
    assert asked(tenant, "POST", NoticeUrl=other["notice_url"]).json() == other
    for wrong in ("ftp://ops.example.org", "ops", "https://"):
        refused = asked(tenant, "POST", NoticeUrl=wrong)
        assert (refused.status_code, refused.json()["code"]) == (400, 20001), wrong
    assert asked(tenant).json() == other
    assert asked(tenant, "POST", NoticeUrl="").json() == nowhere
    assert asked(tenant).json() == nowhere
