"""What a console that seals keys and content of its own making gets the key origin's frame to take for a member's."""

import json
from typing import Any

import pytest
from tests.browser.key_origin import browser as browser
from tests.browser.test_key_origin_frame import AC, Place, Tenant, b64
from tests.browser.test_key_origin_frame import origins as origins
from tests.browser.test_key_origin_frame import place as place
from tests.browser.test_key_origin_frame import tenant as tenant

from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.slots import ContentKey
from ringfence.domain.sealing.standing_form import view_place

pytestmark = [pytest.mark.browser, pytest.mark.long]

RECORD = f"number:PN{'1' * 32}"


def seen(key: ContentKey, values: dict[str, Any]) -> dict[str, Any]:
    """A record as the key service would seal it for a browser: whoever knows the public half can."""
    box = hpke.seal(key.public, json.dumps(values).encode(), view_place(AC, key.generation, RECORD))
    return {"account": AC, "record": RECORD, "generation": key.generation, "box": b64(box)}


def test_no_subaccount_takes_the_place_of_the_account_itself(place: Place, tenant: Tenant) -> None:
    place.unlock(tenant)
    mine = ContentKey.new(AC, 0)
    copies = [[0, 0, b64(mine.seal_to_parent(tenant.content_key))]]
    told = place.ask("open_subaccount", parent=AC, account=AC, copies=copies)
    assert told.get("refused", told)["code"] == "account", told
    told = place.ask("show_standing", **seen(mine, {"sms_url": "https://evil.example/"}))
    assert told["refused"]["code"] == "sealed", "keys of the console's own making open nothing here"
    assert place.ask("show_standing", **seen(tenant.content_key, {"sms_url": "https://a.example/"}))["value"]
