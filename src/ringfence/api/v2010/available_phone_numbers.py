"""What can be bought: countries, and numbers by kind. Source: Twilio, "AvailablePhoneNumber resource"."""

import re

import msgspec

from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.v2010.countries import country_name
from ringfence.domain.errors import ApiError
from ringfence.ports.store import StockRow
from ringfence.usecases.accounts.buy_number import Kind
from ringfence.usecases.accounts.friendly_number import friendly_number

countries = Resource(
    "Accounts/{AccountSid}/AvailablePhoneNumbers",
    item="Country",
    listed="countries",
    key=lambda country: str(country.country_code),
)

_SEGMENTS: dict[str, str] = {"local": "Local", "mobile": "Mobile", "tollfree": "TollFree"}
_NAMES: dict[str, str] = {"local": "local", "mobile": "mobile", "tollfree": "toll_free"}
_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_PATTERN = re.compile(r"\+?[0-9a-z*%]+\$?")
_MAX_SCANNED = 5_000


class Country(msgspec.Struct, kw_only=True):
    country_code: str
    country: str
    uri: str
    beta: bool
    subresource_uris: dict[str, str]


class StockFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The filters that work here, and those that are refused because nothing stands behind them."""

    area_code: int | None = None
    contains: str | None = None
    sms_enabled: bool | None = None
    mms_enabled: bool | None = None
    voice_enabled: bool | None = None
    fax_enabled: bool | None = None
    beta: bool | None = None
    exclude_all_address_required: bool | None = None
    exclude_local_address_required: bool | None = None
    exclude_foreign_address_required: bool | None = None
    in_postal_code: str | None = None
    in_region: str | None = None
    in_locality: str | None = None
    near_number: str | None = None
    near_lat_long: str | None = None
    distance: int | None = None
    in_rate_center: str | None = None
    in_lata: str | None = None
    page_size: int = 50


class AvailableNumber(msgspec.Struct, kw_only=True):
    friendly_name: str
    phone_number: str
    lata: str | None = None
    locality: str | None
    rate_center: str | None = None
    latitude: str | None = None
    longitude: str | None = None
    region: str | None
    postal_code: str | None
    iso_country: str
    address_requirements: str = "none"
    beta: bool = False
    capabilities: dict[str, bool]


def _country(base: str, code: str, kinds: frozenset[str]) -> Country:
    uri = f"{base}/AvailablePhoneNumbers/{code}"
    return Country(
        country_code=code,
        country=country_name(code),
        uri=f"{uri}.json",
        beta=False,
        subresource_uris={_NAMES[kind]: f"{uri}/{_SEGMENTS[kind]}.json" for kind in _SEGMENTS if kind in kinds},
    )


@countries.list(paged=False)
async def list_countries(request: ApiRequest[msgspec.Struct]) -> dict[str, object]:
    """Every country with something in stock, on one page, as Twilio answers it."""
    regions = await request.deps.store.stocked_regions()
    return {
        "countries": [_country(request.base, code, kinds) for code, kinds in sorted(regions.items())],
        "uri": f"{request.base}/AvailablePhoneNumbers.json",
    }


@countries.fetch(named="CountryCode")
async def fetch(request: ApiRequest[msgspec.Struct]) -> Country | None:
    code = request.path["CountryCode"].upper()
    kinds = (await request.deps.store.stocked_regions()).get(code)
    return None if kinds is None else _country(request.base, code, kinds)


def _available(row: StockRow) -> AvailableNumber:
    return AvailableNumber(
        friendly_name=friendly_number(row.number, row.region),
        phone_number=row.number,
        locality=row.locality or None,
        region=row.area or None,
        postal_code=row.postal_code or None,
        iso_country=row.region,
        capabilities={name: name in row.capabilities for name in ("voice", "sms", "mms", "fax")},
    )


def contains_expression(pattern: str) -> re.Pattern[str]:
    """What `Contains` means, over the digits of a number with its +.

    * stands for one digit, % for any run of them; letters are the keypad's; + anchors the start and $ the end.
    ApiError 20001 for anything else.
    """
    lowered = pattern.lower()
    if not 2 <= len(lowered) <= 16 or _PATTERN.fullmatch(lowered) is None:
        raise ApiError(20001, "Contains must have 2 to 16 of the characters 0-9, a-z, *, %, + and $.")
    inner = lowered.removeprefix("+").removesuffix("$").translate(_KEYPAD).replace("*", "[0-9]")
    end = "$" if lowered.endswith("$") else ""
    first, *pieces = inner.split("%")
    body = first
    for place, piece in enumerate(pieces, 1):
        if place == len(pieces) and end:
            body += f"[0-9]*{piece}"
        elif piece:
            # Where a piece is first found is where it may stay. Atomic, so that many runs do not multiply.
            body += f"(?>[0-9]*?{piece})"
    return re.compile((r"^\+" if lowered.startswith("+") else "") + body + end)


def _keeps(row: StockRow, form: StockFilter, contains: re.Pattern[str] | None) -> bool:
    for name, wanted in (
        ("sms", form.sms_enabled),
        ("mms", form.mms_enabled),
        ("voice", form.voice_enabled),
        ("fax", form.fax_enabled),
    ):
        if wanted is not None and (name in row.capabilities) is not wanted:
            return False
    for value, wanted_text in (
        (row.postal_code, form.in_postal_code),
        (row.area, form.in_region),
        (row.locality, form.in_locality),
    ):
        if wanted_text and value.casefold() != wanted_text.casefold():
            return False
    return contains is None or contains.search(row.number) is not None


def _refuse_unfinished(form: StockFilter) -> None:
    for name, value in (
        ("NearNumber", form.near_number),
        ("NearLatLong", form.near_lat_long),
        ("InRateCenter", form.in_rate_center),
        ("InLata", form.in_lata),
    ):
        if value:
            raise ApiError(20501, f"The filter {name} is not available here yet.")


def _by_kind(kind: Kind) -> Resource:
    resource = Resource(
        f"Accounts/{{AccountSid}}/AvailablePhoneNumbers/{{CountryCode}}/{_SEGMENTS[kind]}",
        item="AvailablePhoneNumber",
        listed="available_phone_numbers",
    )

    @resource.list(StockFilter, paged=False)
    async def list_available(request: ApiRequest[StockFilter]) -> dict[str, object] | None:
        """Up to PageSize numbers on one page; 404 for a country without any of this kind."""
        form, store = request.form, request.deps.store
        code = request.path["CountryCode"].upper()
        _refuse_unfinished(form)
        contains = contains_expression(form.contains) if form.contains else None
        if kind not in (await store.stocked_regions()).get(code, frozenset()):
            return None
        area_code = None if form.area_code is None else str(form.area_code)
        if area_code is not None and len(area_code) != 3:
            raise ApiError(21451)
        rows = await store.available(
            code,
            kind,
            area_code=area_code,
            limit=_MAX_SCANNED,
            at_ms=request.deps.clock.now_ms(),
            account=request.account.sid,
        )
        size = min(max(form.page_size, 1), 1000)
        kept = [_available(row) for row in rows if _keeps(row, form, contains)][:size]
        uri = f"{request.base}/AvailablePhoneNumbers/{code}/{_SEGMENTS[kind]}.json"
        return {"available_phone_numbers": kept, "uri": uri}

    return resource


available_by_kind = (_by_kind("local"), _by_kind("mobile"), _by_kind("tollfree"))
