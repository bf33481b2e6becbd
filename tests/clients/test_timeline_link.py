"""`ringfence timeline SM…`: a link that signs in once, made with the profile that dev keeps."""

import base64
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SHOP, PHONE = "+12025550123", "+12025550193"


def ask(installation: Any, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "ringfence", "timeline", *arguments]
    where = ["--data", str(installation.data), "--port", str(installation.port)]
    return subprocess.run([*command, *where], env=installation.environment, capture_output=True, text=True, timeout=60)


def take(installation: Any, parcel_id: str) -> Any:
    request = urllib.request.Request(f"{installation.base_url}/timeline/parcels/{parcel_id}", b"", method="POST")
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["sealed"]


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_link_opens_once_with_what_stands_behind_its_sharp(installation: Any) -> None:
    sid = installation.client().messages.create(to=PHONE, from_=SHOP, body="hello").sid
    asked = ask(installation, sid)
    assert asked.returncode == 0, asked.stderr
    link = re.search(r"^\S+/timeline/(SM[0-9a-f]{32})#k=([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$", asked.stdout, re.M)
    assert link is not None, asked.stdout
    assert asked.stdout.count("\n") == 1, "so that it can be handed to a browser"
    assert link[1] == sid
    sealed = decoded(take(installation, link[2]))
    credential = json.loads(AESGCM(decoded(link[3])).decrypt(sealed[:12], sealed[12:], None))
    assert credential == {
        "account": installation.account_sid,
        "user": installation.account_sid,
        "secret": installation.auth_token,
    }
    assert installation.auth_token not in asked.stdout
    with pytest.raises(urllib.error.HTTPError, match="404"):
        take(installation, link[2])


def test_what_is_no_text_is_refused(installation: Any) -> None:
    assert ask(installation, "SM1").returncode == 2
    unknown = ask(installation, "SM" + "0" * 32)
    assert unknown.returncode == 1
    assert "has no text SM000" in unknown.stderr
