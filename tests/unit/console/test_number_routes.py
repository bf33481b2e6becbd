"""Members see their numbers, set what they do without the console's knowing, buy them and give them up."""

from typing import Any

import msgspec
from tests.unit.console.standing_forms import filled_in, seen
from tests.unit.console.test_members import AC, MINUTE_MS, OTHER, account, enrolled

from ringfence.domain.standing import NumberConfig, decode_number_config, encode_number_config, number_record
from ringfence.ports.store import NumberRow, StockRow

PN, SHOP, NEXT = "PN" + "1" * 32, "+12025550123", "+12025550124"
URL = "https://a.example/canary"


async def number(it: Any, caller: Any, sid: str = PN, e164: str = SHOP) -> None:
    """One that the account owns, which asks `URL` when it is texted."""
    record = (number_record(sid), encode_number_config(NumberConfig(sms_url=URL, trunk_sid="TK1")))
    (standing,) = await it.keys.seal_standing(caller.account, [record])
    row = NumberRow(
        account=caller.account,
        sid=sid,
        number=e164,
        friendly_name="The shop",
        kind="local",
        region="US",
        capabilities=frozenset({"sms"}),
        standing=standing,
        created_ms=1,
        updated_ms=1,
    )
    await it.store.buy_number(row, from_stock=False)


async def config_of(it: Any, sid: str = PN) -> NumberConfig:
    row = await it.store.number(AC, sid)
    (value,) = await it.keys.open_standing(AC, [(number_record(sid), row.standing)])
    return decode_number_config(value)


def verbs(it: Any) -> list[str]:
    return [entry.verb for entry in it.ledger.entries]


def test_a_member_sees_what_a_number_does_and_changes_it_past_the_console(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await number(it, caller)
            member = await enrolled(it, caller)
            assert SHOP in (await member.page("/numbers")).text
            assert "The shop" in (await member.page(f"/numbers/{PN}")).text
            told = await member.ask("POST", f"/numbers/{PN}/sealed", {"credential": member.opened_by})
            assert URL not in told.text
            assert seen(member, told.json())["sms_url"] == URL

            asked = (await member.ask("POST", f"/numbers/{PN}/form", {"credential": member.opened_by})).json()
            assert asked["label"] == SHOP
            form = await filled_in(it, member, asked, sms_url="", voice_url="https://b.example/v", voice_method="GET")
            assert (await member.ask("POST", f"/numbers/{PN}/standing", form)).status_code == 200
            assert await config_of(it) == NumberConfig(
                voice_url="https://b.example/v", voice_method="GET", trunk_sid="TK1"
            )
            # A form serves once.
            assert (await member.ask("POST", f"/numbers/{PN}/standing", form)).status_code == 409
            assert {"show_standing", "keep_standing"} <= set(verbs(it))

    run(scene())


def test_no_form_but_the_members_own_changes_anything(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await number(it, caller)
            member, other = await enrolled(it, caller), await enrolled(it, await account(it, OTHER))
            before = await config_of(it)
            at = f"/numbers/{PN}"
            asked = (await member.ask("POST", f"{at}/form", {"credential": member.opened_by})).json()
            # The console's server makes one up: without the passkey's slot it proves nothing.
            forged = await filled_in(it, other, asked, sms_url="https://evil.example")
            for wrong in (forged, forged | {"by": member.opened_by}, forged | {"by": AC}, forged | {"box": "%"}):
                assert (await member.ask("POST", f"{at}/standing", wrong)).status_code in (400, 409)
            asked = (await member.ask("POST", f"{at}/form", {"credential": member.opened_by})).json()
            ftp = await filled_in(it, member, asked, sms_url="ftp://a.example")
            refused = await member.ask("POST", f"{at}/standing", ftp)
            assert (refused.status_code, "sms_url may not be that" in refused.text) == (400, True)
            assert "ftp" not in refused.text
            assert await config_of(it) == before

    run(scene())


def test_a_name_is_changed_and_a_number_given_up_with_a_fresh_passkey_alone(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await number(it, caller)
            member = await enrolled(it, caller)
            it.clock.advance(5 * MINUTE_MS + 1)
            for path, values in (
                (f"/numbers/{PN}/form", {"credential": member.opened_by}),
                (f"/numbers/{PN}/name", {"friendly_name": "Till"}),
                (f"/numbers/{PN}/release", {}),
                ("/numbers/form", {"number": NEXT}),
            ):
                answer = await member.ask("POST", path, values)
                assert (answer.status_code, answer.json()["fresh"]) == (403, True), path
            assert "note.release_number" not in verbs(it)
            assert (await member.verify()).status_code == 200
            assert (await member.ask("POST", f"/numbers/{PN}/name", {"friendly_name": ""})).status_code == 400
            assert (await member.ask("POST", f"/numbers/{PN}/name", {"friendly_name": "Till"})).status_code == 200
            assert (await it.store.number(AC, PN)).friendly_name == "Till"
            assert (await config_of(it)).sms_url == URL
            it.ledger.full = True
            assert (await member.ask("POST", f"/numbers/{PN}/release")).status_code == 503
            it.ledger.full = False
            assert await it.store.number(AC, PN) is not None
            assert (await member.ask("POST", f"/numbers/{PN}/release")).status_code == 200
            assert await it.store.number(AC, PN) is None
            assert (await member.ask("POST", f"/numbers/{PN}/release")).status_code == 404
            assert (await member.page(f"/numbers/{PN}")).status_code == 404
            assert {"note.rename_number", "note.release_number"} <= set(verbs(it))
            await it.store.stock([StockRow(number=SHOP, region="US", kind="local")])
            now_ms = it.clock.now_ms()
            assert await it.store.available("US", "local", at_ms=now_ms, account=OTHER) == []

    run(scene())


def test_a_member_buys_a_number_with_what_it_shall_do(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            member = await enrolled(it, caller)
            assert "no numbers for sale" in (await member.page("/numbers/offers")).text
            await it.store.stock([StockRow(number=each, region="US", kind="local") for each in (SHOP, NEXT)])
            page = (await member.page("/numbers/offers?region=US&kind=local&contains=0124")).text
            assert NEXT in page
            assert SHOP not in page
            asked = (await member.ask("POST", "/numbers/form", {"number": NEXT})).json()
            form = await filled_in(it, member, asked, sms_url=URL)
            wrong = {"number": NEXT, "sid": "PN" + "0" * 32, "form": form}
            assert (await member.ask("POST", "/numbers", wrong)).status_code == 409
            asked = (await member.ask("POST", "/numbers/form", {"number": NEXT})).json()
            form = await filled_in(it, member, asked, sms_url=URL)
            bought = await member.ask("POST", "/numbers", {"number": NEXT, "sid": asked["sid"], "form": form})
            assert bought.json() == {"sid": asked["sid"]}
            assert (await config_of(it, asked["sid"])).sms_url == URL
            # Nobody buys it twice, and what is not for sale is nobody's.
            for wanted in (NEXT, "+12025550999", "x"):
                asked = (await member.ask("POST", "/numbers/form", {"number": wanted})).json()
                form = await filled_in(it, member, asked)
                again = {"number": wanted, "sid": asked["sid"], "form": form}
                assert (await member.ask("POST", "/numbers", again)).status_code == 409
            assert msgspec.json.decode(bought.content)["sid"] in (await member.page("/numbers")).text

    run(scene())
