"""A grant between two browsers, in Chromium: asked, matched, sealed, read; and what a console between them gets."""

import base64
import os
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace
from playwright.sync_api import Browser, CDPSession
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import with_authenticator
from tests.browser.test_key_origin_frame import AC, CANARY, EPOCH, KEEPER, Place, Tenant, b64
from tests.browser.test_key_origin_frame import origins as origins

from ringfence.domain.access.grant import Approver, Grant, approve, ask, look, show
from ringfence.domain.access.scope import Scope, epoch_name
from ringfence.domain.base64url import decode_base64url
from ringfence.domain.sealing.grant import unseal_lid

pytestmark = [pytest.mark.browser, pytest.mark.long]

NOW_MS = 1_767_300_000_000
ALICE = Approver(member="MB1", account=AC, approves=True, verified_ms=NOW_MS)


def view(grant: Grant) -> dict[str, Any]:
    """A grant as a console's server writes it for the frames."""
    return {
        "sid": grant.sid,
        "account": grant.account,
        "staff": grant.staff,
        "staff_name": "Ada",
        "session": grant.session,
        "public": b64(grant.public),
        "committed": b64(grant.committed),
        "approver_value": b64(grant.approver_value),
        "value": b64(grant.value),
        "expires_ms": grant.expires_ms,
        "names": list(grant.scope.names),
        "reason": grant.reason,
        "minutes": grant.minutes,
    }


def with_passkey(place: Place) -> tuple[CDPSession, str]:
    """The person of a place has a passkey of the key origin."""
    devtools, authenticator = with_authenticator(place.context, place.page)
    private = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    passkey = {
        "credentialId": base64.b64encode(b"\x01" * 16).decode(),
        "isResidentCredential": True,
        "rpId": "keys.localhost",
        "privateKey": base64.b64encode(private).decode(),
        "userHandle": base64.b64encode(b"MB1").decode(),
        "signCount": 0,
    }
    devtools.send("WebAuthn.addCredential", {"authenticatorId": authenticator, "credential": passkey})
    return devtools, authenticator


def uses(authenticator: tuple[CDPSession, str]) -> int:
    """How often a passkey was shown."""
    devtools, name = authenticator
    (held,) = devtools.send("WebAuthn.getCredentials", {"authenticatorId": name})["credentials"]
    return int(held["signCount"])


class Meeting:
    """A session of staff and an approver, each at a browser of their own."""

    def __init__(self, staff: Place, approver: Place, tenant: Tenant) -> None:
        self.staff, self.approver, self.tenant = staff, approver, tenant
        self._asked = 0

    def matched(self, scope: Scope) -> Grant:
        """Asked, looked at, and the number on the asker's screen."""
        grant = self.looked_at(self.asked(scope))
        assert grant.expires_ms == NOW_MS + 30 * 60_000
        shown = self.pressed(self.staff, "Show the number", "show_number", grant)["value"]
        return show(grant, "CS1", decode_base64url(shown["value"]), NOW_MS)

    def asked(self, scope: Scope) -> Grant:
        self._asked += 1
        promised = self.staff.ask("ask_grant")["value"]
        return ask(
            Grant(
                sid=f"GR{self._asked:032x}",
                tenant=AC,
                account=AC,
                staff="ST1",
                session="CS1",
                public=decode_base64url(promised["public"]),
                committed=decode_base64url(promised["committed"]),
                scope=scope,
                reason="der Text kam verstümmelt an | why?",
                minutes=30,
                asked_ms=0,
            ),
            NOW_MS,
        )

    def looked_at(self, grant: Grant) -> Grant:
        drawn = self.pressed(self.approver, "Look", "look_at_grant", grant)["value"]
        return look(grant, ALICE, decode_base64url(drawn["value"]), drawn["expires_ms"], NOW_MS)

    def pressed(self, place: Place, button: str, verb: str, grant: Grant) -> dict[str, Any]:
        """Nothing is answered before the person pressed."""
        place.begin(verb, grant=view(grant))
        found = place.frame.get_by_role("button", name=button)
        found.wait_for()
        assert place.page.evaluate("answer") is None
        found.click()
        return place.answer()

    def number(self) -> str:
        return self.staff.frame.locator(".number-to-match").inner_text().replace(" ", "")

    def approve(self, grant: Grant, typed: str, **changed: Any) -> dict[str, Any]:
        hours = dict.fromkeys(grant.scope.names, EPOCH)
        asked = {"grant": view(grant), "hours": hours, "epochs": self.tenant.epochs}
        self.approver.begin("approve_grant", **(asked | changed))
        self.approver.frame.get_by_label("Their number").fill(typed)
        self.approver.frame.get_by_role("button", name="Approve").click()
        return self.approver.answer()["value"]

    def read(self, grant: Grant, sealed: dict[str, Any]) -> dict[str, Any]:
        lid = unseal_lid(grant.binding, decode_base64url(sealed["lid"]), KEEPER)
        asked = {"grant": view(grant), "lid": b64(lid), "boxes": sealed["boxes"]}
        return self.staff.ask("read_grant", **asked, records=self.tenant.records, calls=[])


def test_a_text_is_read_by_the_session_that_asked_and_nothing_else_by_anybody(
    browser: Browser, origins: tuple[str, str]
) -> None:
    keys, console = origins
    contexts = browser.new_context(), browser.new_context()
    for context in contexts:
        context.clock.set_fixed_time(NOW_MS // 1_000)
    staff, approver = (Place(context, keys, console) for context in contexts)
    authenticator = with_passkey(approver)
    tenant = Tenant()
    approver.unlock(tenant)
    at = Meeting(staff, approver, tenant)
    wanted = tenant.records[1]["sid"]

    grant = at.matched(Scope(records=(wanted,)))
    assert at.number() == grant.number, "both browsers and the server make the same digits"
    sealed = at.approve(grant, at.number())
    assert (sealed["typed"], sealed["matches"]) == (grant.number, True)
    names = frozenset(name for name, _ in sealed["boxes"])
    approve(grant, ALICE, sealed["typed"], names, NOW_MS)
    assert at.read(grant, sealed)["value"] == {"shown": 3, "unopened": 2}
    assert f"{CANARY} 1" in staff.frame.inner_text("body")
    assert f"{CANARY} 0" not in staff.frame.inner_text("body")

    # Of recordings alone nothing is opened yet; a record that was not granted is not played.
    told = staff.ask("read_grant", grant=view(grant), records=[], calls=[])
    assert (told["value"], "one by one" in staff.frame.inner_text("body")) == ({"shown": 0, "unopened": 0}, True)
    lid = b64(unseal_lid(grant.binding, decode_base64url(sealed["lid"]), KEEPER))
    play = {"grant": view(grant), "lid": lid, "boxes": sealed["boxes"], "file": None}
    told = staff.ask("play_grant", **play, record={"sid": "RE" + "1" * 32, "epoch": EPOCH})
    assert told["refused"]["message"] == "This was not granted."

    hour = at.matched(Scope(epochs=(EPOCH,)))
    sealed_hour = at.approve(hour, at.number())
    assert [name for name, _ in sealed_hour["boxes"]] == [epoch_name(EPOCH)]
    assert at.read(hour, sealed_hour)["value"] == {"shown": 3, "unopened": 0}

    # The passkey was touched for each, and is asked for by nobody else's word.
    assert uses(authenticator) == 2

    # A grant altered in anything, or for another key, opens nothing.
    other = at.matched(Scope(records=(wanted,)))
    for altered in (replace(grant, expires_ms=grant.expires_ms + 1), replace(grant, public=other.public)):
        lid = b64(unseal_lid(grant.binding, decode_base64url(sealed["lid"]), KEEPER))
        asked = {"grant": view(altered), "lid": lid, "boxes": sealed["boxes"], "records": tenant.records}
        assert staff.ask("read_grant", **asked)["refused"]["code"] == "sealed"

    # What was looked at is what is approved; what was promised is what is shown; what was answered is answered.
    second = view(other) | {"sid": "GR" + "9" * 32}
    assert approver.ask("look_at_grant", grant=second)["refused"]["code"] == "looked", "one at a time"
    changed = view(other) | {"names": [wanted, tenant.records[0]["sid"]]}
    rest = {"hours": {}, "epochs": tenant.epochs}
    assert approver.ask("approve_grant", grant=changed, **rest)["refused"]["code"] == "changed"
    for part in ("expires_ms", "minutes"):
        later = view(other) | {part: view(other)[part] + 1}
        assert approver.ask("approve_grant", grant=later, **rest)["refused"]["code"] == "changed"
        assert staff.ask("show_number", grant=later)["refused"]["code"] == "answered"
    broken = view(other) | {"value": b64(b"\x01" * 32)}
    assert approver.ask("approve_grant", grant=broken, **rest)["refused"]["code"] == "commitment"
    again = view(other) | {"approver_value": b64(b"\x01" * 32)}
    assert staff.ask("show_number", grant=again)["refused"]["code"] == "answered"

    # To whom it is sealed the console does not say, the right key no more than one of its own.
    for named in (os.urandom(32), KEEPER.public):
        told = approver.ask("approve_grant", grant=view(other), **rest, keeper=b64(named))
        assert told["refused"]["code"] == "keeper"

    # A wrong number seals nothing, and there is no second guess.
    wrong = f"{(int(other.number) + 1) % 1_000_000:06d}"
    assert at.approve(other, wrong) == {"typed": wrong, "matches": False}
    assert approver.ask("approve_grant", grant=view(other), **rest)["refused"]["code"] == "changed"

    for place in (staff, approver):
        assert CANARY not in place.held()
    for context in contexts:
        context.close()
