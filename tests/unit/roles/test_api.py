"""What the api's process puts around the API."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringfence.api.trusted_proxies import TrustedProxies
from ringfence.roles.proxies import behind_proxies
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.settings_sources import load_settings


async def app(scope: Any, receive: Any, send: Any) -> None: ...


def test_without_a_proxy_that_is_named_nobodys_word_is_taken(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert behind_proxies(app, settings) is app
    named = msgspec.structs.replace(settings, trusted_proxies=("10.0.0.0/8",))
    assert isinstance(behind_proxies(app, named), TrustedProxies)


def test_what_is_no_address_is_refused_before_anything_starts(tmp_path: Path) -> None:
    variables = {"RINGFENCE_DATA_DIR": str(tmp_path), "RINGFENCE_TRUSTED_PROXIES": "10.0.0.0/8,proxy.example"}
    with pytest.raises(RefusalError, match=r"trusted_proxies: .*proxy.example.* → give addresses or networks"):
        load_settings(environment=variables)
