"""Which countries and number ranges calls may go to. Source: Twilio, "DialingPermissions" of Voice v1."""

from typing import Any

import msgspec

from ringfence.api.forms import read_flag
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.v2010.countries import country_name
from ringfence.domain.dialing.countries import UNITED, UNITED_NAME, calling_codes, continent_of, countries
from ringfence.domain.dialing.destination import special_prefixes
from ringfence.domain.dialing.permissions import CountryPermission, VoiceSettings
from ringfence.domain.errors import ApiError
from ringfence.usecases.voice.brakes import effective_settings
from ringfence.usecases.voice.dialing_permissions import permit

PRODUCT = "voice"
VERSION = "v1"
MAX_UPDATES = 500
_NAMES = ("low_risk_numbers_enabled", "high_risk_special_numbers_enabled", "high_risk_tollfraud_numbers_enabled")


def _place(text: str) -> str:
    """A page's place, in the form of a sid."""
    return f"CO{text.encode().hex():0>32}"


def _at(place: str) -> str:
    return bytes.fromhex(place[2:]).lstrip(b"\0").decode()


permitted = Resource(
    "DialingPermissions/Countries",
    item="Country",
    listed="content",
    key=lambda country: _place(country.iso_code),
    product=PRODUCT,
    version=VERSION,
)
prefixes = Resource(
    "DialingPermissions/Countries/{IsoCode}/HighRiskSpecialPrefixes",
    item="HighRiskSpecialPrefix",
    listed="content",
    key=lambda item: _place(item.prefix),
    product=PRODUCT,
    version=VERSION,
)
updates = Resource(
    "DialingPermissions/BulkCountryUpdates",
    item="BulkCountryUpdate",
    listed="content",
    product=PRODUCT,
    version=VERSION,
)


class CountryFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    iso_code: str | None = None
    continent: str | None = None
    country_code: str | None = None
    low_risk_numbers_enabled: bool | None = None
    high_risk_special_numbers_enabled: bool | None = None
    high_risk_tollfraud_numbers_enabled: bool | None = None

    def lets(self, country: "Country") -> bool:
        wanted = (
            (self.iso_code and self.iso_code.upper(), country.iso_code),
            (self.continent and self.continent.upper(), country.continent),
            (self.low_risk_numbers_enabled, country.low_risk_numbers_enabled),
            (self.high_risk_special_numbers_enabled, country.high_risk_special_numbers_enabled),
            (self.high_risk_tollfraud_numbers_enabled, country.high_risk_tollfraud_numbers_enabled),
        )
        code = self.country_code and f"+{self.country_code.strip().lstrip('+')}"
        return all(value in (None, "", shown) for value, shown in wanted) and (
            not code or code in country.country_codes
        )


class Country(msgspec.Struct, kw_only=True):
    """A country, and which of its numbers calls may go to."""

    iso_code: str
    name: str
    continent: str
    country_codes: tuple[str, ...]
    low_risk_numbers_enabled: bool
    high_risk_special_numbers_enabled: bool
    high_risk_tollfraud_numbers_enabled: bool
    url: str
    links: dict[str, str]


class Prefix(msgspec.Struct, kw_only=True):
    """A range of numbers with a service of its own price."""

    prefix: str


class UpdateForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    update_request: str | None = None


class Update(msgspec.Struct, kw_only=True):
    """How many countries were changed."""

    update_count: int
    update_request: str


def _shown(request: ApiRequest[Any], iso_code: str, settings: VoiceSettings) -> Country:
    permission = settings.of(iso_code, request.deps.call_countries)
    url = f"{request.root}/{VERSION}/DialingPermissions/Countries/{iso_code}"
    return Country(
        iso_code=iso_code,
        name=UNITED_NAME if iso_code in UNITED.values() else country_name(iso_code),
        continent=continent_of(iso_code),
        country_codes=calling_codes(iso_code),
        low_risk_numbers_enabled=permission.low,
        high_risk_special_numbers_enabled=permission.special,
        high_risk_tollfraud_numbers_enabled=permission.tollfraud,
        url=url,
        links={"highrisk_special_prefixes": f"{url}/HighRiskSpecialPrefixes"},
    )


@permitted.list(CountryFilter)
async def list_countries(request: ApiRequest[CountryFilter], cursor: Cursor) -> list[Country]:
    """By ISO code."""
    settings = await effective_settings(request.deps.store, request.account.sid)
    after = "" if cursor.before is None else _at(cursor.before)
    shown = (_shown(request, iso_code, settings) for iso_code in countries() if iso_code > after)
    return [country for country in shown if request.form.lets(country)][: cursor.limit]


@permitted.fetch(named="IsoCode")
async def fetch(request: ApiRequest[msgspec.Struct]) -> Country | None:
    iso_code = request.path["IsoCode"].upper()
    if iso_code not in countries():
        return None
    return _shown(request, iso_code, await effective_settings(request.deps.store, request.account.sid))


@prefixes.list()
async def list_prefixes(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Prefix]:
    iso_code = request.path["IsoCode"].upper()
    if iso_code not in countries():
        raise ApiError(20404)
    after = "" if cursor.before is None else _at(cursor.before)
    return [Prefix(prefix=prefix) for prefix in special_prefixes(iso_code) if prefix > after][: cursor.limit]


@updates.create(UpdateForm)
async def update(request: ApiRequest[UpdateForm]) -> Update:
    """A JSON array of countries by ISO code, each with the three flags; one that is absent stays."""
    store, account = request.deps.store, request.account.sid
    changes = _changes(request.form.update_request or "")
    settings = await effective_settings(store, account)
    new: dict[str, CountryPermission] = {}
    for iso_code, flags in changes.items():
        before = settings.of(iso_code, request.deps.call_countries)
        values = zip(_NAMES, msgspec.structs.astuple(before), strict=True)
        new[iso_code] = CountryPermission(*(flags.get(name, value) for name, value in values))
    await permit(store, account, new)
    return Update(update_count=len(new), update_request="accepted")


def _changes(text: str) -> dict[str, dict[str, bool]]:
    """The flags by country; ApiError 20001 for anything else."""
    try:
        rows = msgspec.json.decode(text, type=list[dict[str, str | bool]])
        found = {
            str(row["iso_code"]).upper(): {
                name: value if isinstance(value, bool) else read_flag(value)
                for name, value in row.items()
                if name in _NAMES
            }
            for row in rows
        }
    except (msgspec.DecodeError, ValueError, KeyError):
        raise ApiError(20001, "UpdateRequest must be a JSON array of countries with their flags.") from None
    if not found or len(found) > MAX_UPDATES or not found.keys() <= set(countries()):
        raise ApiError(20001, "UpdateRequest must name countries by their ISO codes.")
    return found
