"""What a console that seals keys and content of its own making gets the key origin's frame to take for a member's."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.key_origin import browser as browser
from tests.browser.test_key_origin_frame import AC, EPOCH, KEEPER, TOKEN, Place, Tenant, b64
from tests.browser.test_key_origin_frame import origins as origins
from tests.browser.test_key_origin_frame import place as place
from tests.browser.test_key_origin_frame import tenant as tenant

from ringfence.domain.base64url import decode_base64url
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.slots import ContentKey, slot_public, slot_seed
from ringfence.domain.sealing.standing_form import form_place, view_place

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


def edits(place: Place, **asked: Any) -> None:
    place.begin("edit_standing", label="+12025550123", proof_key=b64(hpke.Recipient(b"\x06" * 32).public), **asked)
    place.frame.get_by_role("button", name="Look it over").wait_for()


def saved(place: Place) -> dict[str, str]:
    """What the key service opens of what the member saved, after they typed the Auth Token once more."""
    place.frame.get_by_label("The Auth Token, once more").fill(TOKEN)
    place.frame.get_by_role("button", name="Save these changes").click()
    box = decode_base64url(place.answer()["value"]["box"])
    changes: dict[str, str] = json.loads(KEEPER.unseal(box, form_place(AC, RECORD, AC)))
    return changes


def test_what_a_console_made_up_for_the_form_is_not_saved_with_what_a_member_types(
    place: Place, tenant: Tenant
) -> None:
    forged = ContentKey.new(AC, 99)
    sealed = [99, b64(forged.seal_to_slot(slot_public(slot_seed(TOKEN, AC)), AC))]
    tenant.boxes = [*tenant.boxes, sealed]
    place.begin("type_secret", account=AC)
    place.frame.get_by_label("Auth Token or secret").fill(TOKEN)
    place.frame.get_by_role("button", name="Open").click()
    place.answer()
    assert place.ask("unlock", account=AC, credential=AC, boxes=tenant.boxes)["value"] == {"generations": 2}

    edits(place, **seen(forged, {"sms_url": "https://evil.example/", "sms_method": "GET"}))
    frame = place.frame
    frame.get_by_role("button", name="Look it over").click()
    assert "You changed nothing" in frame.get_by_role("alert").inner_text()
    called = frame.get_by_role("group", name="When it is called")
    called.get_by_label("Ask this address", exact=True).fill("https://a.example/called")
    frame.get_by_role("button", name="Look it over").click()
    assert frame.locator("dt").all_inner_texts() == ["When it is called: Ask this address"]
    assert frame.locator("dd").all_inner_texts() == ["https://a.example/called"]
    assert RECORD in frame.locator("body").inner_text(), "the console's word is not all that is said of it"
    frame.get_by_role("button", name="Go on typing").click()
    called.get_by_label("Ask it by").select_option("GET")
    frame.get_by_role("button", name="Look it over").click()
    assert saved(place) == {"voice_url": "https://a.example/called", "voice_method": "GET"}

    # Nor does what it keeps back empty anything.
    edits(place, account=AC, record=RECORD)
    frame.get_by_role("button", name="Look it over").click()
    assert saved(place) == {}

    # What a member takes away is said, and gone.
    edits(place, **seen(tenant.content_key, {"sms_url": "https://a.example/", "voice_url": "https://a.example/v"}))
    texted = frame.get_by_role("group", name="When it is texted")
    texted.get_by_label("Ask this address", exact=True).fill("")
    frame.get_by_role("button", name="Look it over").click()
    assert frame.locator("dd").all_inner_texts() == ["Nothing any more"]
    assert saved(place) == {"sms_url": ""}


def test_changes_are_not_saved_before_each_line_of_them_stood_in_view(place: Place, tenant: Tenant) -> None:
    place.unlock(tenant)
    edits(place, **seen(tenant.content_key, {}))
    texted = place.frame.get_by_role("group", name="When it is texted")
    texted.get_by_label("Ask this address", exact=True).fill("https://a.example/")
    # The page crops the frame to its lower edge, as it would to show a button under words of its own.
    place.page.evaluate("() => { keys.style.cssText += '; position: absolute; top: -330px; left: 0'; }")
    place.frame.evaluate("document.querySelector('form').requestSubmit()")
    save = place.frame.get_by_role("button", name="Save these changes")
    save.wait_for()
    place.page.wait_for_timeout(300)
    assert save.is_disabled()
    place.page.evaluate("() => { keys.style.top = '0'; }")
    expect(save).to_be_enabled()


def test_of_two_keys_for_one_generation_none_is_taken(place: Place, tenant: Tenant) -> None:
    slot = slot_public(slot_seed(TOKEN, AC))
    place.unlock(tenant)
    again = [0, b64(tenant.content_key.seal_to_slot(slot, AC))]
    told = place.ask("unlock", account=AC, credential=AC, boxes=[*tenant.boxes, again])
    assert told["value"] == {"generations": 1}, "the same key twice is one key"
    mine = [0, b64(ContentKey.new(AC, 0).seal_to_slot(slot, AC))]
    for boxes in ([*tenant.boxes, mine], [[-1, mine[1]]], [["0", mine[1]]]):
        told = place.ask("unlock", account=AC, credential=AC, boxes=boxes)
        assert told.get("refused", told)["code"] == "generation", told


def test_an_approver_is_asked_for_nothing_that_a_request_names_beside_what_is_said_of_it(place: Place) -> None:
    text, media, call = (f"{kind}{'1' * 32}" for kind in ("SM", "MM", "CA"))
    hour = f"epoch:{EPOCH}"
    grant = {"account": AC, "staff": "ST1", "reason": "garbled", "minutes": 30, "committed": b64(bytes(32))}
    for names in (
        *(
            [],
            [text, hour],
            [hour, text],
            [text, text],
            [hour, hour],
            [text, "epoch:"],
            ["epoch:0x10"],
            [f"epoch:0{EPOCH}"],
        ),
        *(["RE" + "1" * 31], ["AC" + "1" * 32], ["SM1"], ["sm" + "1" * 32], [["SM"]], [f"epoch:{10**12}"], "SM", None),
    ):
        place.begin("look_at_grant", grant=grant | {"names": names})
        assert place.answer().get("refused", {}).get("code") == "names", names
    for names, said in (
        ([text, call, media], "asks to read 2 texts and 1 call for 30 minutes"),
        ([hour, f"epoch:{EPOCH + 1}", f"epoch:{EPOCH + 256}"], "asks to read all of 2 hours for 30 minutes"),
    ):
        place.begin("look_at_grant", grant=grant | {"names": names})
        expect(place.frame.locator("body")).to_contain_text(said)
        place.page.reload()
        place.wait("held.length")
