"""Members make, change and delete services; what a Messaging Service's numbers do passes the console sealed."""

from typing import Any

from tests.unit.console.standing_forms import filled_in, seen
from tests.unit.console.test_members import AC, MINUTE_MS, account, enrolled
from tests.unit.console.test_number_routes import PN, SHOP, URL, number, verbs

from ringfence.domain.standing import ServiceConfig, decode_service_config, service_record, verify_webhook_record
from ringfence.domain.verify_event import decode_verify_webhook
from ringfence.domain.verify_service import decode_verify_service

MESSAGING, VERIFY = "/services/messaging", "/services/verify"


async def made(it: Any, member: Any, name: str = "Reminders") -> str:
    asked = (await member.ask("POST", f"{MESSAGING}/form", {"friendly_name": name})).json()
    form = await filled_in(it, member, asked, inbound_request_url=URL)
    answer = await member.ask("POST", MESSAGING, {"friendly_name": name, "sid": asked["sid"], "form": form})
    sid: str = answer.json()["sid"]
    return sid


def test_a_messaging_service_is_made_changed_and_deleted(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await number(it, caller)
            member = await enrolled(it, caller)
            sid = await made(it, member)
            at = f"{MESSAGING}/{sid}"
            assert "Reminders" in (await member.page("/services")).text
            told = (await member.ask("POST", f"{at}/sealed", {"credential": member.opened_by})).json()
            assert seen(member, told)["inbound_request_url"] == URL
            assert not (await it.store.service(AC, sid)).has_status_callback

            asked = (await member.ask("POST", f"{at}/form", {"credential": member.opened_by})).json()
            form = await filled_in(it, member, asked, status_callback=URL)
            assert (await member.ask("POST", f"{at}/standing", form)).status_code == 200
            row = await it.store.service(AC, sid)
            assert row.has_status_callback
            (value,) = await it.keys.open_standing(AC, [(service_record(sid), row.standing)])
            assert decode_service_config(value) == ServiceConfig(inbound_request_url=URL, status_callback=URL)

            settings = {"friendly_name": "Calls", "validity_period_s": "600", "smart_encoding": "on"}
            assert (await member.ask("POST", f"{at}/settings", settings)).status_code == 200
            row = await it.store.service(AC, sid)
            assert (row.friendly_name, row.validity_period_s, row.smart_encoding) == ("Calls", 600, True)
            assert (row.sticky_sender, row.has_status_callback) == (False, True)
            for wrong in ({"validity_period_s": "0"}, {"validity_period_s": "x"}, {"friendly_name": ""}):
                assert (await member.ask("POST", f"{at}/settings", settings | wrong)).status_code == 400

            assert (await member.ask("POST", f"{at}/pool", {"number": PN})).status_code == 200
            assert SHOP in (await member.page(at)).text
            assert (await member.ask("POST", f"{at}/pool", {"number": PN})).status_code == 409
            assert (await member.ask("POST", f"{at}/pool", {"number": "PN" + "9" * 32})).status_code == 409
            assert (await member.ask("POST", f"{at}/pool/{PN}/remove")).status_code == 200
            assert (await member.ask("POST", f"{at}/pool/{PN}/remove")).status_code == 404
            assert await it.store.pool(AC, sid) == []
            assert (await member.ask("POST", f"{at}/delete")).status_code == 200
            assert (await member.ask("POST", f"{at}/delete")).status_code == 404
            assert (await member.page(at)).status_code == 404
            assert {"note.make_messaging_service", "note.pool_number", "note.delete_messaging_service"} <= set(
                verbs(it)
            )

    run(scene())


def test_a_verify_service_is_made_and_every_setting_changed(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            refused = await member.ask("POST", VERIFY, {"friendly_name": "Code 123456"})
            assert refused.json()["error"] == "Name, as it stands in texts: expected fewer than 4 digits in a row."
            sid = (await member.ask("POST", VERIFY, {"friendly_name": "Shop"})).json()["sid"]
            at = f"{VERIFY}/{sid}"
            assert "Digits of a code" in (await member.page(at)).text
            given = {"friendly_name": "Shop", "code_length": "8", "lookup_enabled": "on"}
            given |= {"totp.time_step": "30", "totp.code_length": "6", "totp.skew": "1"}
            assert (await member.ask("POST", f"{at}/settings", given)).status_code == 200
            service = decode_verify_service((await it.store.verify_row(AC, "service", sid)).settings)
            assert (service.code_length, service.lookup_enabled, service.dtmf_input_required) == (8, True, False)
            assert (await member.ask("POST", f"{at}/settings", given | {"code_length": "3"})).status_code == 400
            gone = f"{VERIFY}/VA{'0' * 32}"
            assert (await member.ask("POST", f"{gone}/settings", given)).status_code == 404
            assert (await member.page(gone)).status_code == 404

    run(scene())


def test_services_are_changed_with_a_fresh_passkey_alone(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await number(it, caller)
            member = await enrolled(it, caller)
            sid = await made(it, member)
            it.clock.advance(5 * MINUTE_MS + 1)
            at, settings = f"{MESSAGING}/{sid}", {"friendly_name": "x", "validity_period_s": "1"}
            for path, values in (
                (f"{MESSAGING}/form", {"friendly_name": "x"}),
                (f"{at}/form", {"credential": member.opened_by}),
                (f"{at}/settings", settings),
                (f"{at}/pool", {"number": PN}),
                (f"{at}/delete", {}),
                (VERIFY, {"friendly_name": "x"}),
            ):
                answer = await member.ask("POST", path, values)
                assert (answer.status_code, answer.json()["fresh"]) == (403, True), path
            assert (await it.store.service(AC, sid)).friendly_name == "Reminders"

    run(scene())


WEBHOOK = {"friendly_name": "Watch", "events": ["factor.created", "challenge.denied"], "enabled": "on"}


async def webhook_made(it: Any, member: Any, at: str, **changes: str) -> Any:
    """What the console answers to a new webhook of a Verify Service."""
    asked = (await member.ask("POST", f"{at}/form", WEBHOOK)).json()
    form = await filled_in(it, member, asked, **changes)
    return await member.ask("POST", at, WEBHOOK | {"sid": asked["sid"], "form": form})


def test_a_webhook_of_verify_is_made_changed_and_deleted_and_its_address_passes_sealed(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            service = (await member.ask("POST", VERIFY, {"friendly_name": "Shop"})).json()["sid"]
            at = f"{VERIFY}/{service}/webhooks"
            made = await webhook_made(it, member, at, url=URL)
            assert made.status_code == 200
            sid = made.json()["sid"]

            async def row() -> Any:
                return await it.store.verify_row(AC, "webhook", sid, parent=service)

            async def url() -> bytes:
                (value,) = await it.keys.open_standing(AC, [(verify_webhook_record(sid), (await row()).standing)])
                return bytes(value)

            assert await url() == URL.encode()
            webhook = decode_verify_webhook((await row()).settings)
            assert (webhook.friendly_name, webhook.enabled, webhook.version) == ("Watch", True, "v2")
            assert webhook.event_types == ("factor.created", "challenge.denied")
            for page in (f"{VERIFY}/{service}", f"{at}/{sid}"):
                assert "Watch" in (await member.page(page)).text
                assert URL not in (await member.page(page)).text
            told = (await member.ask("POST", f"{at}/{sid}/sealed", {"credential": member.opened_by})).json()
            assert seen(member, told) == {"url": URL}

            asked = (await member.ask("POST", f"{at}/{sid}/form", {"credential": member.opened_by})).json()
            form = await filled_in(it, member, asked, url=f"{URL}/other")
            assert (await member.ask("POST", f"{at}/{sid}/standing", form)).status_code == 200
            settings = {"friendly_name": "All", "events": ["*"], "version": "v1"}
            assert (await member.ask("POST", f"{at}/{sid}/settings", settings)).status_code == 200
            webhook = decode_verify_webhook((await row()).settings)
            assert (webhook.event_types, webhook.enabled, webhook.version) == (("*",), False, "v1")
            assert await url() == f"{URL}/other".encode()
            for wrong in ({"events": []}, {"events": ["factor"]}, {"version": "v3"}, {"friendly_name": ""}):
                assert (await member.ask("POST", f"{at}/{sid}/settings", settings | wrong)).status_code == 400
            for changes in ({}, {"url": ""}, {"url": "ftp://a.example"}, {"sms_url": URL}):
                assert (await webhook_made(it, member, at, **changes)).status_code == 400, changes
            gone = f"{VERIFY}/VA{'0' * 32}/webhooks"
            assert (await member.ask("POST", f"{gone}/form", WEBHOOK)).status_code == 404
            assert (await member.ask("POST", f"{gone}/{sid}/settings", settings)).status_code == 404
            assert (await member.page(f"{gone}/{sid}")).status_code == 404
            assert (await member.ask("POST", f"{at}/{sid}/delete")).status_code == 200
            assert await row() is None
            assert {"note.make_verify_webhook", "note.configure_verify_webhook", "note.delete_verify_webhook"} <= set(
                verbs(it)
            )

    run(scene())
