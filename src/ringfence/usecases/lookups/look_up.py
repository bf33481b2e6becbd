"""Tell what a number is: its form offline, its line type by its plan, the rest by whoever knows.

Source: Twilio, "Lookup v2 API": a package that cannot be had says why by its error code, and the others are answered.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from ringfence.domain.clock import Clock
from ringfence.domain.lookups.identity import Identity
from ringfence.domain.lookups.line_type import planned_type
from ringfence.domain.lookups.packages import (
    FAILED,
    FIELDS,
    MALFORMED_PARAMETER,
    NOT_ENABLED,
    NOT_MOBILE,
    NUMBER_RATE_EXCEEDED,
    OUT_OF_COVERAGE,
    RATE_EXCEEDED,
    TOO_FEW_PARAMETERS,
    VERIFICATION_NOT_FOUND,
    LineTypeIntelligence,
    Packages,
    failed,
)
from ringfence.domain.lookups.validation import Examined, examine
from ringfence.ports.keys import TenantKeys
from ringfence.ports.lookups import LookupStore, LookupUse, NumberIntelligence, Question
from ringfence.usecases.lookups.overrides import tag_of
from ringfence.usecases.lookups.rate_rules import BY_NUMBER, number_tag

MAX_PARTNER_CHARACTERS = 64
LINE_TYPE = "line_type_intelligence"
_OF_MOBILES = frozenset({"sim_swap", "call_forwarding"})
_MAYBE_MOBILE = frozenset({"mobile", "unknown"})


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One lookup, as a tenant writes it: a number in whatever form, and names of `packages.FIELDS`."""

    number: str
    country: str = ""
    fields: tuple[str, ...] = ()
    claimed: Identity = Identity()
    last_verified_date: str = ""
    partner_sub_id: str = ""
    verification_sid: str = ""

    def __repr__(self) -> str:
        return f"Asked({', '.join(self.fields)})"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to tell of it."""

    examined: Examined
    packages: Packages = Packages()


class Lookups:
    """Looks numbers up for tenants. Without a `source` only what the plan tells is known."""

    def __init__(
        self, store: LookupStore, keys: TenantKeys, clock: Clock, source: NumberIntelligence | None = None
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._source = source

    async def look_up(self, account: str, asked: Asked) -> Found:
        """What is known. Of what is no number, only why it is none."""
        examined = examine(asked.number, asked.country)
        wanted = [field for field in FIELDS if field in asked.fields]
        if not examined.valid or not wanted:
            return Found(examined=examined)
        number = examined.phone_number
        codes = _refused(number, wanted, asked)
        codes |= await self._crowded(account, number, [field for field in wanted if field not in codes])
        open_fields = tuple(field for field in wanted if field not in codes)
        question = Question(
            number=number,
            country=examined.country_code or "",
            fields=open_fields,
            claimed=asked.claimed,
            last_verified_date=asked.last_verified_date,
            partner_sub_id=asked.partner_sub_id,
        )
        packages = await self._known(question, codes)
        if LINE_TYPE in open_fields:
            packages = replace(packages, line_type_intelligence=await self._line_type(account, number, packages))
        return Found(examined=examined, packages=packages)

    async def line_of(self, account: str, number: str, country: str) -> LineTypeIntelligence:
        """A number's line, as its account sees it; no rate rule counts it."""
        packages = await self._known(Question(number=number, country=country, fields=(LINE_TYPE,)), {})
        return await self._line_type(account, number, packages)

    async def type_of(self, number: str, country: str) -> str:
        """A number's line type, whatever the account says it is."""
        question = Question(number=number, country=country, fields=(LINE_TYPE,))
        return _by_plan(number, await self._known(question, {})).type or "unknown"

    async def _known(self, question: Question, codes: Mapping[str, int]) -> Packages:
        """The packages of a question's fields, and of those that stand for an error."""
        packages, missing = Packages(), NOT_ENABLED
        if self._source is not None and question.fields:
            missing = OUT_OF_COVERAGE
            try:
                packages = await self._source.know(question)
            except ConnectionError:
                missing = FAILED
        codes = {**codes, **dict.fromkeys(_unknown(question.fields, packages), missing)}
        shown: dict[str, Any] = {field: getattr(packages, field) for field in question.fields}
        shown |= {field: failed(field, code) for field, code in codes.items()}
        if (reassigned := packages.reassigned_number) is not None:
            date = question.last_verified_date
            shown["reassigned_number"] = replace(reassigned, last_verified_date=f"{date[:4]}-{date[4:6]}-{date[6:]}")
        return Packages(**shown)

    async def _line_type(self, account: str, number: str, packages: Packages) -> LineTypeIntelligence:
        """What the account says comes before what a source knows, and that before the plan."""
        line = _by_plan(number, packages)
        said = await self._store.override(account, await tag_of(self._keys, account, number))
        return line if said is None else replace(line, type=said.line_type)

    async def _crowded(self, account: str, number: str, fields: Sequence[str]) -> dict[str, int]:
        """The fields that the account's own rules have no room for, each with its error."""
        rules = [rule for rule in await self._store.rate_rules(account) if rule.field in fields]
        if not rules:
            return {}
        tag = await number_tag(self._keys, account, number)
        uses = [LookupUse(rule, tag if rule.bucket == BY_NUMBER else b"") for rule in rules]
        had = await self._store.use_lookup(account, uses, self._clock.now_ms())
        return {
            rule.field: NUMBER_RATE_EXCEEDED if rule.bucket == BY_NUMBER else RATE_EXCEEDED
            for rule, room in zip(rules, had, strict=True)
            if not room
        }


def _unknown(fields: Iterable[str], packages: Packages) -> list[str]:
    """Those of which nothing is known; the plan always knows something of the line's type."""
    return [field for field in fields if getattr(packages, field) is None and field != LINE_TYPE]


def _by_plan(number: str, packages: Packages) -> LineTypeIntelligence:
    line = packages.line_type_intelligence or LineTypeIntelligence()
    return line if line.type else replace(line, type=planned_type(number))


def _refused(number: str, fields: Sequence[str], asked: Asked) -> dict[str, int]:
    """The fields that cannot be asked for like this, each with its error."""
    codes: dict[str, int] = {}
    if planned_type(number) not in _MAYBE_MOBILE:
        codes |= dict.fromkeys(_OF_MOBILES, NOT_MOBILE)
    if not asked.claimed.known:
        codes["identity_match"] = TOO_FEW_PARAMETERS
    if not _is_date(asked.last_verified_date):
        codes["reassigned_number"] = MALFORMED_PARAMETER if asked.last_verified_date else TOO_FEW_PARAMETERS
    if len(asked.partner_sub_id) > MAX_PARTNER_CHARACTERS:
        codes["sms_pumping_risk"] = MALFORMED_PARAMETER
    codes["pre_fill"] = VERIFICATION_NOT_FOUND if asked.verification_sid else TOO_FEW_PARAMETERS
    return {field: code for field, code in codes.items() if field in fields}


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return len(text) == len("YYYYMMDD")
