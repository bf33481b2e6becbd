"""Every finished operation against Twilio's own description: parameters, statuses, fields, formats, enumerations.

Needs RINGFENCE_REFERENCE, a folder that holds twilio-openapi/twilio_api_v2010.json and the like. That the answers are
also true is what the other tests of this folder show.
"""

import json
import os
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from tests.api.factor_recipes import FACTOR_RECIPES
from tests.api.key_recipes import KEY_RECIPES
from tests.api.lookup_recipes import LOOKUP_RECIPES
from tests.api.notification_recipes import NOTIFICATION_RECIPES
from tests.api.passkey_recipes import PASSKEY_RECIPES
from tests.api.push_credential_recipes import PUSH_CREDENTIAL_RECIPES
from tests.api.recording_recipes import RECORDING_RECIPES
from tests.api.sip_recipes import SIP_RECIPES
from tests.api.verify_recipes import VERIFY_RECIPES
from tests.api.voice_recipes import VOICE_RECIPES

from ringfence.api.app import operations
from ringfence.api.resource import Operation
from ringfence.domain.message import Status
from ringfence.domain.sealing.medium import medium_key, seal_medium
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sid import new_sid
from ringfence.ports.keys import Caller
from ringfence.ports.store import MediaRow, Outcome

REFERENCE = os.environ.get("RINGFENCE_REFERENCE", "")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="RINGFENCE_REFERENCE does not point at Twilio's OpenAPI")

PAGING = {"PageSize", "Page", "PageToken"}
CUSTOMER = "+12025550177"
# What the SDKs send and the description leaves out.
EXTRA = {
    **{("POST", f"/IncomingPhoneNumbers/{kind}"): {"AreaCode"} for kind in ("Local", "Mobile", "TollFree")},
    ("POST", "/Calls/{CallSid}/Recordings"): {"RecordingConfigurationId"},
    # In Twilio's pages and not in its description.
    ("GET", "/Recordings"): {"RequestedChannels"},
    ("GET", "/Calls/{CallSid}/Recordings"): {"RequestedChannels"},
    # Ours: what binds a code to a site.
    ("POST", "/v2/Services"): {"ChannelPolicy", "CodeHost", "NewFactorsNeedApproval", "Push.NumberMatching"},
    # Ours: what Apple's key signs tokens with.
    ("POST", "/v1/Credentials"): {"KeyId", "TeamId"},
    # Ours: which factor the answer lets in.
    ("POST", "/v2/Services/{ServiceSid}/Passkeys/Challenges"): {"approves_factor"},
    # Ours: who approves must type what the program shows.
    ("POST", "/v2/Services/{ServiceSid}/Entities/{Identity}/Challenges"): {"NumberMatching"},
}
UNPAGED = {"available_phone_numbers", "countries"}
# Twilio's own answers have text where its description says number.
TEXT_NUMBERS = {"latitude", "longitude"}
JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
    "number": (int, float),
}


DOCUMENTS = {
    "api": ["twilio_api_v2010.json"],
    "lookups": ["twilio_lookups_v1.json", "twilio_lookups_v2.json"],
    "verify": ["twilio_verify_v2.json"],
    "messaging": ["twilio_messaging_v1.json"],
    "voice": ["twilio_voice_v1.json"],
    "iam": ["twilio_iam_v1.json"],
    "accounts": ["twilio_accounts_v1.json"],
    "conversations": ["twilio_conversations_v1.json"],
}


@cache
def spec(product: str) -> dict[str, Any]:
    documents = [json.loads((Path(REFERENCE) / "twilio-openapi" / name).read_text()) for name in DOCUMENTS[product]]
    schemas = {name: schema for each in documents for name, schema in each["components"]["schemas"].items()}
    return {"paths": {k: v for each in documents for k, v in each["paths"].items()}, "components": {"schemas": schemas}}


def described(operation: Operation) -> dict[str, Any]:
    suffix = ".json" if operation.product == "api" else ""
    return spec(operation.product)["paths"][f"{operation.path}{suffix}"][operation.method.lower()]


@cache
def schemas() -> dict[str, Any]:
    """By name, which begins with the product's; only names of enumerations are a product's own."""
    return {name: schema for product in DOCUMENTS for name, schema in spec(product)["components"]["schemas"].items()}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return schemas()[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


# How each operation is brought to answer with what it is there for.

Recipe = Callable[[Any], requests.Response]


def bought(tenant: Any) -> str:
    tenant.number(sms_url="https://shop.example/sms")
    return tenant.client().incoming_phone_numbers.list()[0].sid


def delivered(tenant: Any, **fields: Any) -> str:
    parts = tenant.installation
    sid = tenant.text(**fields).sid
    for status in (Status.SENT, Status.DELIVERED):
        outcome = Outcome(
            account=tenant.sid, sid=sid, status=status, at_ms=parts.clock.now_ms(), price_micros=7900, error_code=30008
        )
        parts.run(parts.store.acknowledge(None, [outcome]))
    return sid


def with_medium(tenant: Any) -> tuple[str, str]:
    parts = tenant.installation
    message = tenant.text(media_url=["https://a.example/1.png"]).sid
    row = parts.run(parts.store.message(tenant.sid, message))
    caller = Caller(account=tenant.sid, credential=tenant.sid, seed=slot_seed(tenant.token, tenant.sid))
    key = parts.run(parts.keys.open_epochs(caller, tenant.sid, [row.epoch]))[row.epoch]
    sid = new_sid("ME")
    medium = MediaRow(
        account=tenant.sid,
        message_sid=message,
        sid=sid,
        content_type="image/png",
        size=1,
        epoch=row.epoch,
        content=seal_medium(medium_key(RecordSealer(key, tenant.sid).key(message), sid), tenant.sid, sid, b"x"),
        created_ms=parts.clock.now_ms(),
    )
    parts.run(parts.store.add_media([medium]))
    return message, sid


def create_number(segment: str, kind: str, region: str = "US") -> Recipe:
    def make(tenant: Any) -> requests.Response:
        (number,) = tenant.installation.stock(kind=kind, region=region)
        return tenant.ask("POST", f"/IncomingPhoneNumbers{segment}.json", data={"PhoneNumber": number})

    return make


def list_numbers(segment: str, kind: str, region: str = "US") -> Recipe:
    def make(tenant: Any) -> requests.Response:
        assert create_number(segment, kind, region)(tenant).status_code == 201
        return tenant.ask("GET", f"/IncomingPhoneNumbers{segment}.json?Beta=true")

    return make


def list_stock(segment: str, kind: str, region: str = "US") -> Recipe:
    def make(tenant: Any) -> requests.Response:
        tenant.installation.stock(kind=kind, region=region)
        return tenant.ask("GET", f"/AvailablePhoneNumbers/{region}/{segment}.json")

    return make


def stocked(path: str) -> Recipe:
    def make(tenant: Any) -> requests.Response:
        tenant.installation.stock()
        return tenant.ask("GET", path)

    return make


def on_key(method: str, path: str = "/Keys/{}.json", **options: Any) -> Recipe:
    return lambda tenant: tenant.ask(method, path.format(tenant.client().new_keys.create().sid), **options)


def on_number(method: str, **options: Any) -> Recipe:
    return lambda tenant: tenant.ask(method, f"/IncomingPhoneNumbers/{bought(tenant)}.json", **options)


def on_text(method: str, path: str = "/Messages/{}.json", **options: Any) -> Recipe:
    return lambda tenant: tenant.ask(method, path.format(delivered(tenant)), **options)


def on_medium(method: str, path: str) -> Recipe:
    return lambda tenant: tenant.ask(method, path.format(*with_medium(tenant)))


def on_accounts(method: str, **options: Any) -> Recipe:
    return lambda tenant: requests.request(
        method,
        f"{tenant.installation.url}/2010-04-01/Accounts.json",
        auth=(tenant.sid, tenant.token),
        timeout=10,
        **options,
    )


def create_text(tenant: Any) -> requests.Response:
    form = {"To": CUSTOMER, "From": tenant.number(), "Body": "hello"}
    return tenant.ask("POST", "/Messages.json", data=form)


def create_call(tenant: Any) -> requests.Response:
    form = {"To": CUSTOMER, "From": tenant.number(), "Url": "https://shop.example/voice"}
    return tenant.ask("POST", "/Calls.json", data=form)


def on_call(method: str, path: str = "/Calls/{}.json", *, over: bool = False, **options: Any) -> Recipe:
    def make(tenant: Any) -> requests.Response:
        sid = create_call(tenant).json()["sid"]
        if over:
            tenant.ask("POST", f"/Calls/{sid}.json", data={"Status": "canceled"})
        return tenant.ask(method, path.format(sid), **options)

    return make


def on_services(method: str, path: str = "", *, pooled: bool = True, **options: Any) -> Recipe:
    """`path` below /v1/Services, with places for a service's SID and a number's, which is in its pool if `pooled`."""

    def make(tenant: Any) -> requests.Response:
        service = tenant.client().messaging.v1.services.create(friendly_name="Reminders")
        number = bought(tenant)
        if pooled:
            service.phone_numbers.create(number)
        form = {name: value.format(number) for name, value in options.get("data", {}).items()}
        url = f"{tenant.installation.url}/v1/Services{path.format(service.sid, number)}"
        return requests.request(method, url, auth=(tenant.sid, tenant.token), data=form, timeout=10)

    return make


SERVICES = "/v1/Services"
POOL = f"{SERVICES}/{{ServiceSid}}/PhoneNumbers"
ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
RECIPES: dict[tuple[str, str], Recipe] = {
    ("POST", "/2010-04-01/Accounts"): on_accounts("POST"),
    ("GET", "/2010-04-01/Accounts"): on_accounts("GET"),
    ("GET", "/2010-04-01/Accounts/{Sid}"): lambda tenant: tenant.ask("GET", ".json"),
    ("POST", "/2010-04-01/Accounts/{Sid}"): lambda tenant: tenant.ask("POST", ".json", data={"FriendlyName": "x"}),
    ("POST", f"{ACCOUNT}/Keys"): lambda tenant: tenant.ask("POST", "/Keys.json"),
    ("GET", f"{ACCOUNT}/Keys"): on_key("GET", "/Keys.json?{}"),
    ("GET", f"{ACCOUNT}/Keys/{{Sid}}"): on_key("GET"),
    ("POST", f"{ACCOUNT}/Keys/{{Sid}}"): on_key("POST", data={"FriendlyName": "x"}),
    ("DELETE", f"{ACCOUNT}/Keys/{{Sid}}"): on_key("DELETE"),
    ("POST", f"{ACCOUNT}/IncomingPhoneNumbers"): create_number("", "local"),
    ("GET", f"{ACCOUNT}/IncomingPhoneNumbers"): list_numbers("", "local"),
    ("GET", f"{ACCOUNT}/IncomingPhoneNumbers/{{Sid}}"): on_number("GET"),
    ("POST", f"{ACCOUNT}/IncomingPhoneNumbers/{{Sid}}"): on_number("POST", data={"SmsMethod": "GET"}),
    ("DELETE", f"{ACCOUNT}/IncomingPhoneNumbers/{{Sid}}"): on_number("DELETE"),
    ("POST", f"{ACCOUNT}/IncomingPhoneNumbers/Local"): create_number("/Local", "local"),
    ("GET", f"{ACCOUNT}/IncomingPhoneNumbers/Local"): list_numbers("/Local", "local"),
    ("POST", f"{ACCOUNT}/IncomingPhoneNumbers/Mobile"): create_number("/Mobile", "mobile", "GB"),
    ("GET", f"{ACCOUNT}/IncomingPhoneNumbers/Mobile"): list_numbers("/Mobile", "mobile", "GB"),
    ("POST", f"{ACCOUNT}/IncomingPhoneNumbers/TollFree"): create_number("/TollFree", "tollfree"),
    ("GET", f"{ACCOUNT}/IncomingPhoneNumbers/TollFree"): list_numbers("/TollFree", "tollfree"),
    ("GET", f"{ACCOUNT}/AvailablePhoneNumbers"): stocked("/AvailablePhoneNumbers.json"),
    ("GET", f"{ACCOUNT}/AvailablePhoneNumbers/{{CountryCode}}"): stocked("/AvailablePhoneNumbers/US.json"),
    ("GET", f"{ACCOUNT}/AvailablePhoneNumbers/{{CountryCode}}/Local"): list_stock("Local", "local"),
    ("GET", f"{ACCOUNT}/AvailablePhoneNumbers/{{CountryCode}}/Mobile"): list_stock("Mobile", "mobile", "GB"),
    ("GET", f"{ACCOUNT}/AvailablePhoneNumbers/{{CountryCode}}/TollFree"): list_stock("TollFree", "tollfree"),
    ("POST", f"{ACCOUNT}/Messages"): create_text,
    ("GET", f"{ACCOUNT}/Messages"): on_text("GET", "/Messages.json?PageSize=50&{}"),
    ("GET", f"{ACCOUNT}/Messages/{{Sid}}"): on_text("GET"),
    ("POST", f"{ACCOUNT}/Messages/{{Sid}}"): on_text("POST", data={"Body": ""}),
    ("DELETE", f"{ACCOUNT}/Messages/{{Sid}}"): on_text("DELETE"),
    ("GET", f"{ACCOUNT}/Messages/{{MessageSid}}/Media"): on_medium("GET", "/Messages/{0}/Media.json"),
    ("GET", f"{ACCOUNT}/Messages/{{MessageSid}}/Media/{{Sid}}"): on_medium("GET", "/Messages/{0}/Media/{1}.json"),
    ("DELETE", f"{ACCOUNT}/Messages/{{MessageSid}}/Media/{{Sid}}"): on_medium("DELETE", "/Messages/{0}/Media/{1}.json"),
    ("POST", f"{ACCOUNT}/Calls"): create_call,
    ("GET", f"{ACCOUNT}/Calls"): on_call("GET", "/Calls.json?PageSize=50&{}"),
    ("GET", f"{ACCOUNT}/Calls/{{Sid}}"): on_call("GET"),
    ("POST", f"{ACCOUNT}/Calls/{{Sid}}"): on_call("POST", data={"Status": "completed"}),
    ("DELETE", f"{ACCOUNT}/Calls/{{Sid}}"): on_call("DELETE", over=True),
    ("POST", SERVICES): on_services("POST", data={"FriendlyName": "x"}),
    ("GET", SERVICES): on_services("GET", "?PageSize=20"),
    ("GET", f"{SERVICES}/{{Sid}}"): on_services("GET", "/{}"),
    ("POST", f"{SERVICES}/{{Sid}}"): on_services("POST", "/{}", data={"StatusCallback": "https://shop.example/s"}),
    ("DELETE", f"{SERVICES}/{{Sid}}"): on_services("DELETE", "/{}"),
    ("POST", POOL): on_services("POST", "/{}/PhoneNumbers", pooled=False, data={"PhoneNumberSid": "{}"}),
    ("GET", POOL): on_services("GET", "/{}/PhoneNumbers"),
    ("GET", f"{POOL}/{{Sid}}"): on_services("GET", "/{}/PhoneNumbers/{}"),
    ("DELETE", f"{POOL}/{{Sid}}"): on_services("DELETE", "/{}/PhoneNumbers/{}"),
}

RECIPES |= RECORDING_RECIPES
RECIPES |= VERIFY_RECIPES
RECIPES |= FACTOR_RECIPES
RECIPES |= PASSKEY_RECIPES
RECIPES |= PUSH_CREDENTIAL_RECIPES
RECIPES |= NOTIFICATION_RECIPES
RECIPES |= SIP_RECIPES
RECIPES |= VOICE_RECIPES
RECIPES |= LOOKUP_RECIPES
RECIPES |= KEY_RECIPES

every_operation = pytest.mark.parametrize(
    "operation", operations(), ids=lambda operation: f"{operation.method} {operation.path}"
)


@every_operation
def test_it_takes_the_parameters_twilio_describes(operation: Operation) -> None:
    description = described(operation)
    names = {parameter["name"] for parameter in description.get("parameters", []) if parameter["in"] == "query"}
    if "requestBody" in description:
        ((kind, content),) = description["requestBody"]["content"].items()
        assert (kind == "application/json") is (operation.body is not None)
        names |= set(resolved(content["schema"]).get("properties", {}))
    if operation.body is not None:
        ours = EXTRA.get((operation.method, operation.path), set())
        assert {field.encode_name for field in msgspec.structs.fields(operation.body)} == names | ours
        return
    extra = EXTRA.get((operation.method, operation.path.split("/{AccountSid}")[-1].removesuffix("/{Sid}")), set())
    assert operation.form.names - extra - PAGING == names - PAGING


@every_operation
def test_its_answer_is_as_twilio_describes_it(operation: Operation, tenant: Any) -> None:
    answer = RECIPES[operation.method, operation.path](tenant)
    statuses = described(operation)["responses"]
    # Of two statuses for success, the one that says what happened.
    assert str(answer.status_code) in statuses
    successes = {status for status in statuses if status.startswith("2")}
    assert len(successes) == 1 or successes == {"200", "201"}
    assert answer.status_code == operation.status
    if answer.status_code == 204:
        return
    schema = statuses[str(answer.status_code)]["content"]["application/json"]["schema"]
    body = answer.json()
    if operation.listed is None:
        agree(body, resolved(schema))
        return
    expected = set(schema["properties"])
    assert set(body) == ({operation.listed, "uri"} if operation.listed in UNPAGED else expected)
    assert body[operation.listed], "an empty list shows nothing"
    for name in set(body) - {operation.listed}:
        check(name, body[name], schema["properties"][name])
    for item in body[operation.listed]:
        agree(item, resolved(schema["properties"][operation.listed]["items"]))


def agree(thing: dict[str, Any], schema: dict[str, Any]) -> None:
    assert set(thing) == set(schema["properties"])
    for name, value in thing.items():
        check(name, value, schema["properties"][name])


def check(name: str, value: Any, described_as: dict[str, Any]) -> None:
    schema = resolved(described_as)
    if value is None:
        # Of what has no type, Twilio's own examples are null.
        assert schema.get("nullable") or "enum" in schema or "type" not in schema, name
        return
    if name in TEXT_NUMBERS:
        assert isinstance(value, str), name
    elif "type" in schema:
        assert isinstance(value, JSON_TYPES[schema["type"]]), name
    if "enum" in schema and value != "":
        assert value in schema["enum"], name
    if schema.get("format") == "date-time-rfc-2822":
        assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000", value), name
        parsedate_to_datetime(value)
    if schema.get("format") == "date-time":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value), name
    if schema.get("format") == "phone-number" and name == "phone_number":
        assert re.fullmatch(r"\+[1-9]\d{6,14}", value), name
    if "pattern" in schema and value != "":
        assert re.fullmatch(schema["pattern"], value), name
    if set(schema.get("properties", {})):
        assert set(value) == set(schema["properties"]), name
