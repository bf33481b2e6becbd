"""What a program takes for granted is made on first use, once, and announced."""

import base64
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from ringfence.devproxy.arrivals import Arrivals
from ringfence.devproxy.requests import Request
from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.hmac_states import states_of
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.standing import NumberConfig, hmac_states_record
from ringfence.domain.verify_service import decode_verify_service
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.service import KeyService
from ringfence.ports.keys import Caller
from ringfence.ports.store import StockRow
from ringfence.roles.refusal import RefusalError
from ringfence.store.memory import MemoryStore
from ringfence.usecases.accounts.buy_number import buy_number
from ringfence.usecases.accounts.configure_number import read_config
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.create_key import create_key

ACCOUNT, OTHER = "AC" + "1" * 32, "AC" + "2" * 32
TOKEN = "a-token"
SHOP = "+12125550150"
SMS_URL = "http://localhost:5000/sms"


class Place:
    """An installation, how often it was opened, and what was said."""

    def __init__(self, store: MemoryStore, keys: KeyService, clock: ManualClock) -> None:
        self.store, self.keys, self.clock = store, keys, clock
        self.opened = 0
        self.said: list[str] = []

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Place"]:
        self.opened += 1
        yield self

    def arrivals(self, sms_url: str | None = None, voice_url: str | None = None) -> Arrivals:
        return Arrivals(self.open, self.said.append, sms_url=sms_url, voice_url=voice_url)

    async def account(self, sid: str = ACCOUNT, token: str = TOKEN) -> None:
        await create_account(self.store, self.keys, self.clock, friendly_name="x", sid=sid, auth_token=token)

    async def number(self, number: str, account: str = ACCOUNT) -> None:
        await self.store.stock([StockRow(number=number, region="US", kind="local")])
        await buy_number(self.store, self.keys, self.clock, account=account, number=number, config=NumberConfig())

    async def sms_url_of(self, number: str, token: str = TOKEN) -> str:
        return (await self.config_of(number, token)).sms_url

    async def config_of(self, number: str, token: str = TOKEN) -> NumberConfig:
        row = await self.store.number_by_e164(number)
        caller = Caller(account=row.account, credential=row.account, seed=slot_seed(token, row.account))
        (config,) = await read_config(self.keys, caller, [row])
        return config


def request(
    sender: str | None = SHOP,
    *,
    service: str = "",
    name: str = ACCOUNT,
    secret: str = TOKEN,
    account: str = ACCOUNT,
    path: str = "",
) -> Request:
    """A program sends a text; without a sender it only reads."""
    credential = base64.b64encode(f"{name}:{secret}".encode())
    form = {"To": "+12025550177", "From": sender, "MessagingServiceSid": service}
    return Request(
        method="GET" if sender is None else "POST",
        target=(path or f"/2010-04-01/Accounts/{account}/Messages.json").encode(),
        headers=[(b"authorization", b"Basic " + credential)],
        body=b"" if sender is None else urlencode(form).encode(),
        keep_alive=True,
    )


Test = Callable[[Place], Coroutine[Any, Any, None]]


@pytest.fixture
def at(tmp_path: Path, clock: ManualClock, run: Callable[..., Any]) -> Callable[[Test], None]:
    """Run one test's coroutine on a fresh installation."""

    async def whole(test: Test) -> None:
        log = LedgerWriter(tmp_path)
        await log.open(clock.now_ms())
        keys = KeyService(tmp_path, clock, log)
        await keys.open()
        store = MemoryStore()
        await store.open()
        await test(Place(store, keys, clock))
        await keys.close()
        await log.close()

    return lambda test: run(whole(test))


def test_account_and_sender_are_made_once_and_the_installation_is_left_alone_afterwards(at: Any) -> None:
    async def test(place: Place) -> None:
        arrivals = place.arrivals()
        for _ in range(3):
            await arrivals.before(request())
        assert place.said == [
            f"account {ACCOUNT} was new: made, with the Auth Token that the program presented",
            f"{SHOP} was nobody's: it belongs to {ACCOUNT} now",
        ]
        assert (await place.store.number_by_e164(SHOP)).account == ACCOUNT
        assert place.opened == 1
        assert TOKEN not in "".join(place.said)

    at(test)


def test_webhooks_are_signed_with_the_token_that_was_presented(at: Any) -> None:
    async def test(place: Place) -> None:
        await place.arrivals().before(request(None))
        kept = await place.store.credential(ACCOUNT)
        (states,) = await place.keys.open_standing(ACCOUNT, [(hmac_states_record(ACCOUNT), kept.hmac_states)])
        assert states == states_of(TOKEN.encode())

    at(test)


def test_what_is_there_already_is_not_announced(at: Any) -> None:
    async def test(place: Place) -> None:
        await place.account()
        await place.number(SHOP)
        await place.arrivals().before(request())
        assert place.said == []
        assert await place.sms_url_of(SHOP) == ""

    at(test)


def test_another_token_is_told_and_changes_nothing(at: Any) -> None:
    async def test(place: Place) -> None:
        await place.account(token="the right one")
        await place.arrivals().before(request())
        (line,) = place.said
        assert line.startswith(f"account {ACCOUNT} is here with another Auth Token → ")
        assert await place.store.number_by_e164(SHOP) is None

    at(test)


@pytest.mark.parametrize(("name", "secret"), [("AC123", TOKEN), ("", TOKEN), (ACCOUNT, ""), ("AC" + "F" * 32, TOKEN)])
def test_what_is_no_account_is_told_without_repeating_it(at: Any, name: str, secret: str) -> None:
    async def test(place: Place) -> None:
        await place.arrivals().before(request(name=name, secret=secret))
        (line,) = place.said
        assert "it takes AC and 32 hex digits, and a token" in line
        assert len(name) < 3 or name not in line

    at(test)


def test_an_unknown_key_is_told_and_a_known_one_gets_its_sender(at: Any) -> None:
    async def test(place: Place) -> None:
        await place.account()
        unknown = "SK" + "3" * 32
        await place.arrivals().before(request(name=unknown, secret="x"))
        (line,) = place.said
        assert line.startswith(f"API key {unknown} is not known here → ")
        caller = Caller(account=ACCOUNT, credential=ACCOUNT, seed=slot_seed(TOKEN, ACCOUNT))
        made = await create_key(place.store, place.keys, place.clock, caller=caller, account=ACCOUNT)
        await place.arrivals(SMS_URL).before(request(name=made.sid, secret=made.secret))
        assert place.said[1:] == [f"{SHOP} was nobody's: it belongs to {ACCOUNT} now; texts to it go to {SMS_URL}"]

    at(test)


def test_a_sender_of_another_account_stays_its_own(at: Any) -> None:
    async def test(place: Place) -> None:
        await place.account(OTHER, "another")
        await place.number(SHOP, OTHER)
        await place.arrivals(SMS_URL).before(request())
        assert place.said[1].startswith(f"{SHOP} belongs to {OTHER} → ")
        assert (await place.store.number_by_e164(SHOP)).account == OTHER
        assert await place.sms_url_of(SHOP, "another") == ""

    at(test)


@pytest.mark.parametrize("sender", ["+15005550006", "Barber", "12345", "whatsapp:+12125550150", "+49", ""])
def test_a_sender_that_nobody_can_own_is_left_to_the_installation(at: Any, sender: str) -> None:
    async def test(place: Place) -> None:
        await place.arrivals().before(request(sender))
        assert len(place.said) == 1
        assert await place.store.numbers(ACCOUNT) == []

    at(test)


@pytest.mark.parametrize(
    ("number", "region", "kind"),
    [(SHOP, "US", "local"), ("+491713920001", "DE", "mobile"), ("+18005550150", "US", "tollfree")],
)
def test_a_sender_gets_the_kind_it_has(at: Any, number: str, region: str, kind: str) -> None:
    async def test(place: Place) -> None:
        await place.arrivals().before(request(number))
        row = await place.store.number_by_e164(number)
        assert row is not None, place.said
        assert (row.region, row.kind) == (region, kind)

    at(test)


def test_only_a_text_brings_a_sender(at: Any) -> None:
    async def test(place: Place) -> None:
        for path in ("/v1/Messages.json", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"):
            await place.arrivals().before(request(path=path))
        await place.arrivals().before(request(account=OTHER))
        assert await place.store.number_by_e164(SHOP) is None
        unsigned = Request(method="GET", target=b"/", headers=[], body=b"", keep_alive=True)
        opened = place.opened
        await place.arrivals().before(unsigned)
        assert place.opened == opened

    at(test)


def test_texts_are_led_to_the_program_from_its_start(at: Any) -> None:
    async def test(place: Place) -> None:
        await place.account()
        await place.number(SHOP)
        arrivals = place.arrivals(SMS_URL)
        await arrivals.begin(ACCOUNT, TOKEN)
        assert await place.sms_url_of(SHOP) == SMS_URL
        assert place.said == [f"texts to {SHOP} go to {SMS_URL} now"]
        await arrivals.begin(ACCOUNT, TOKEN)
        await arrivals.before(request())
        assert len(place.said) == 1

    at(test)


def test_an_account_without_a_number_gets_one_of_the_inventory_at_the_start(at: Any) -> None:
    async def test(place: Place) -> None:
        await place.store.stock([StockRow(number=SHOP, region="US", kind="local")])
        await place.arrivals(SMS_URL).begin(ACCOUNT, TOKEN)
        assert await place.sms_url_of(SHOP) == SMS_URL
        assert len(place.said) == 2

    at(test)


@pytest.mark.parametrize(
    ("sms_url", "account", "token"), [(None, ACCOUNT, TOKEN), (SMS_URL, "", ""), (SMS_URL, ACCOUNT, "")]
)
def test_without_a_url_or_an_account_nothing_is_made_at_the_start(
    at: Any, sms_url: str | None, account: str, token: str
) -> None:
    async def test(place: Place) -> None:
        await place.arrivals(sms_url).begin(account, token)
        assert place.opened == 0

    at(test)


def test_after_a_refusal_it_looks_again(at: Any) -> None:
    async def test(place: Place) -> None:
        arrivals = place.arrivals()
        await arrivals.before(request())
        arrivals.refused(request())
        await arrivals.before(request())
        assert place.opened == 2

    at(test)


def test_an_installation_that_cannot_be_opened_is_told(run: Any) -> None:
    said: list[str] = []

    @contextlib.asynccontextmanager
    async def away() -> AsyncIterator[Any]:
        raise RefusalError("the key service does not answer", "ringfence doctor")
        yield

    run(Arrivals(away, said.append).before(request()))
    assert said == ["the key service does not answer → ringfence doctor"]


SERVICE = "MG" + "3" * 32
VOICE_URL = "http://localhost:5000/voice"


def test_a_service_is_made_with_the_number_that_sends_for_it(at: Any) -> None:
    async def test(place: Place) -> None:
        arrivals = place.arrivals()
        for _ in range(2):
            await arrivals.before(request(service=SERVICE))
        assert place.said[1:] == [
            f"{SHOP} was nobody's: it belongs to {ACCOUNT} now",
            f"Messaging Service {SERVICE} was new: made, with {SHOP} in its pool",
        ]
        assert [row.number for row in await place.store.pool(ACCOUNT, SERVICE)] == [SHOP]
        assert (await place.store.service(ACCOUNT, SERVICE)).use_inbound_webhook_on_number is True

    at(test)


def test_a_service_without_a_sender_gets_a_number_of_the_accounts_or_of_the_inventory(at: Any) -> None:
    async def test(place: Place) -> None:
        await place.account()
        await place.number(SHOP)
        await place.store.stock([StockRow(number="+12025550199", region="US", kind="local")])
        arrivals = place.arrivals(SMS_URL)
        second = "MG" + "4" * 32
        await arrivals.before(request("", service=SERVICE))
        await arrivals.before(request("", service=second))
        assert [row.number for row in await place.store.pool(ACCOUNT, SERVICE)] == [SHOP]
        assert [row.number for row in await place.store.pool(ACCOUNT, second)] == ["+12025550199"]
        assert await place.sms_url_of("+12025550199") == SMS_URL

    at(test)


def test_a_service_for_which_there_is_no_number_is_made_and_told(at: Any) -> None:
    async def test(place: Place) -> None:
        await place.arrivals().before(request("", service=SERVICE))
        assert place.said[-1] == f"{SERVICE} was new: made, without a number → ringfence number add"
        assert await place.store.service(ACCOUNT, SERVICE) is not None

    at(test)


def test_a_number_of_another_service_stays_there(at: Any) -> None:
    async def test(place: Place) -> None:
        arrivals = place.arrivals()
        await arrivals.before(request(service=SERVICE))
        await arrivals.before(request(service="MG" + "4" * 32))
        assert "is not in its pool (Phone Number or Short Code is associated with another" in place.said[-1]
        assert [row.number for row in await place.store.pool(ACCOUNT, SERVICE)] == [SHOP]

    at(test)


@pytest.mark.parametrize("sid", ["MG1", "Reminders", "AC" + "3" * 32])
def test_what_is_no_services_sid_is_made_nothing_of(at: Any, sid: str) -> None:
    async def test(place: Place) -> None:
        await place.arrivals().before(request("", service=sid))
        assert await place.store.services(ACCOUNT) == []

    at(test)


def test_a_verify_service_is_made_once_for_the_account_that_signs_in(at: Any) -> None:
    async def test(place: Place) -> None:
        sid = "VA" + "5" * 32
        arrivals = place.arrivals()
        asked = request(None, path=f"/v2/Services/{sid}/Verifications")
        for _ in range(2):
            await arrivals.before(asked)
        assert place.opened == 1
        row = await place.store.verify_row(ACCOUNT, "service", sid)
        assert decode_verify_service(row.settings).friendly_name == "My app"
        assert place.said[-1] == f"Verify Service {sid} was new: made, texts call it My app"
        said = len(place.said)
        await place.arrivals().before(asked)
        assert len(place.said) == said

    at(test)


def test_a_verify_service_is_not_made_for_who_does_not_sign_in_or_where_its_sid_is_taken(at: Any) -> None:
    async def test(place: Place) -> None:
        sid = "VA" + "5" * 32
        await place.account()
        await place.arrivals().before(request(None, path=f"/v2/Services/{sid}", secret="wrong"))
        assert await place.store.verify_row(ACCOUNT, "service", sid) is None
        await place.arrivals().before(request(None, path=f"/v2/Services/{sid}", name=OTHER))
        assert await place.store.verify_row(OTHER, "service", sid) is not None

    at(test)


def test_where_calls_are_to_go_is_kept_and_said(at: Any) -> None:
    async def test(place: Place) -> None:
        told = f"calls to {SHOP} go to {VOICE_URL} now"
        await place.arrivals(SMS_URL, VOICE_URL).before(request())
        assert place.said[-2:] == [
            f"{SHOP} was nobody's: it belongs to {ACCOUNT} now; texts to it go to {SMS_URL}",
            told,
        ]
        assert (await place.config_of(SHOP)).voice_url == VOICE_URL
        assert (await place.config_of(SHOP)).sms_url == SMS_URL

    at(test)


def test_it_is_set_on_a_number_that_is_there_already(at: Any) -> None:
    async def test(place: Place) -> None:
        await place.account()
        await place.number(SHOP)
        await place.arrivals(voice_url=VOICE_URL).begin(ACCOUNT, TOKEN)
        assert place.said == [f"calls to {SHOP} go to {VOICE_URL} now"]
        assert (await place.config_of(SHOP)).voice_url == VOICE_URL
        assert (await place.config_of(SHOP)).sms_url == ""

    at(test)
