"""The timeline page's files, and the parcels that pass a credential to it once."""

import re
from typing import Any

import pytest
import requests

from ringfence.api.timeline_page import timeline_files


def get(tenant: Any, path: str, **options: Any) -> requests.Response:
    return requests.get(f"{tenant.installation.url}{path}", timeout=10, **options)


def leave(tenant: Any, sealed: str | None, **options: Any) -> requests.Response:
    options.setdefault("auth", (tenant.sid, tenant.token))
    url = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}/Parcels"
    return requests.post(url, data={} if sealed is None else {"Sealed": sealed}, timeout=10, **options)


def take(tenant: Any, parcel_id: str) -> requests.Response:
    return requests.post(f"{tenant.installation.url}/timeline/parcels/{parcel_id}", timeout=10)


def test_the_page_runs_nothing_but_its_own(tenant: Any) -> None:
    for path in ("/timeline", "/timeline/SM" + "0" * 32):
        page = get(tenant, path)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'" in policy
        assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "no-referrer"


def test_everything_the_page_names_is_there(tenant: Any) -> None:
    named = set(re.findall(r'(?:href|src)="(/timeline/[^"]+)"', get(tenant, "/timeline").text))
    for name, file in timeline_files().files.items():
        for module in re.findall(r'from "\./([a-z_]+\.js)"', file.decode()):
            named.add(f"/timeline/assets/{module}")
        assert b"innerHTML" not in file, name
    assert len(named) > 10
    for path in named:
        first = get(tenant, path)
        assert first.status_code == 200, path
        assert get(tenant, path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/timeline/assets/no.js", "/timeline/assets/..%2fapp.py", "/timeline/a/b"])
def test_nothing_else_is_there(tenant: Any, path: str) -> None:
    assert get(tenant, path).status_code == 404


def test_a_parcel_is_given_away_once(tenant: Any) -> None:
    left = leave(tenant, "c2VhbGVk")
    assert left.status_code == 201
    parcel_id = left.json()["id"]
    first = take(tenant, parcel_id)
    assert (first.status_code, first.json()) == (200, {"sealed": "c2VhbGVk"})
    assert first.headers["cache-control"] == "no-store"
    assert take(tenant, parcel_id).status_code == 404


@pytest.mark.parametrize("sealed", [None, "", "not base64!", "a" * 1_025])
def test_what_is_no_parcel_is_refused(tenant: Any, sealed: str | None) -> None:
    assert leave(tenant, sealed).status_code == 400


def test_only_the_tenant_leaves_parcels(tenant: Any, installation: Any) -> None:
    other = installation.new_tenant()
    assert leave(tenant, "c2VhbGVk", auth=(other.sid, other.token)).status_code == 404
    assert leave(tenant, "c2VhbGVk", auth=None).status_code == 401
