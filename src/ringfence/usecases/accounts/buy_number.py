"""Take a number out of the inventory, with its configuration sealed."""

from typing import Literal

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.number import parse_e164
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import NumberConfig, encode_number_config, number_record
from ringfence.ports.keys import TenantKeys
from ringfence.ports.store import NumberRow, NumberStore, NumberTakenError, StockRow
from ringfence.usecases.accounts.friendly_number import friendly_number

Kind = Literal["local", "mobile", "tollfree"]
KINDS: tuple[Kind, ...] = ("local", "mobile", "tollfree")
_TRIES = 20


async def buy_number(
    store: NumberStore,
    keys: TenantKeys,
    clock: Clock,
    *,
    account: str,
    number: str | None = None,
    area_code: str | None = None,
    kind: Kind | None = None,
    friendly_name: str | None = None,
    config: NumberConfig,
) -> NumberRow:
    """The number, owned, with its configuration sealed: as `own_number`."""
    sid = new_sid("PN", clock.now_ms())
    (standing,) = await keys.seal_standing(account, [(number_record(sid), encode_number_config(config))])
    return await own_number(
        *(store, clock),
        account=account,
        sid=sid,
        standing=standing,
        number=number,
        area_code=area_code,
        kind=kind,
        friendly_name=friendly_name,
    )


async def own_number(
    store: NumberStore,
    clock: Clock,
    *,
    account: str,
    sid: str,
    standing: bytes,
    number: str | None = None,
    area_code: str | None = None,
    kind: Kind | None = None,
    friendly_name: str | None = None,
) -> NumberRow:
    """The number, owned. `number` names it; else `area_code` (US and Canada) picks any of `kind`.

    `standing` is the configuration as it is sealed under the name of `sid`. ApiError 21421 for what is no number, 21422
    when it is not for sale or another account gave it up less than 90 days ago, 21452 when the area has none.
    SidTakenError for a known `sid`.
    """
    if number is not None:
        offers = await _offers_of(store, number, kind, account, clock.now_ms())
        failure = ApiError(21422)
    else:
        offers = await _offers_in(store, area_code or "", kind or "local", account, clock.now_ms())
        failure = ApiError(21452)
    for offer in offers:
        row = _owned(clock, account, offer, friendly_name, sid, standing)
        try:
            await store.buy_number(row, from_stock=True)
        except NumberTakenError:
            continue
        return row
    raise failure


async def _offers_of(store: NumberStore, number: str, kind: Kind | None, account: str, at_ms: int) -> list[StockRow]:
    parsed = parse_e164(number)
    if parsed is None:
        raise ApiError(21421)
    offers: list[StockRow] = []
    for wanted in KINDS if kind is None else (kind,):
        found = await store.available(
            parsed.region, wanted, pattern=parsed.e164.removeprefix("+"), limit=_TRIES, at_ms=at_ms, account=account
        )
        offers.extend(offer for offer in found if offer.number == parsed.e164)
    return offers


async def _offers_in(store: NumberStore, area_code: str, kind: Kind, account: str, at_ms: int) -> list[StockRow]:
    offers: list[StockRow] = []
    for region in ("US", "CA"):
        offers.extend(
            await store.available(region, kind, area_code=area_code, limit=_TRIES, at_ms=at_ms, account=account)
        )
    return offers


def _owned(
    clock: Clock, account: str, offer: StockRow, friendly_name: str | None, sid: str, standing: bytes
) -> NumberRow:
    now_ms = clock.now_ms()
    return NumberRow(
        account=account,
        sid=sid,
        number=offer.number,
        friendly_name=friendly_name or friendly_number(offer.number, offer.region),
        kind=offer.kind,
        region=offer.region,
        capabilities=offer.capabilities,
        standing=standing,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
