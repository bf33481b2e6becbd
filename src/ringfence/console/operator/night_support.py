"""What support sees of a tenant's texts, calls and codes at night: metadata, a page at a time, and no way to search.

A row names no number of anybody's customers: of it are kept in the clear the country and what it begins with, calling
code and operator's prefix, and never its last six digits. Each page that is looked at is an entry of that account's
ledger, which its members can read.
"""

from collections.abc import Sequence

import msgspec

from ringfence.domain.carrier_trail import CarrierStep, decode_trail
from ringfence.ports.calls import CallFilter
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.store import MessageFilter
from ringfence.ports.verification_attempts import AttemptFilter

PAGE = 50


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A text, a call or an attempt to bring a code. `country` and `prefix` are "" where they are not kept.

    Times are Unix milliseconds. `local` is the tenant's own number. `carrier` is the last of what a carrier said of it.
    """

    sid: str
    kind: str
    country: str
    prefix: str
    local: str
    status: str
    error_code: int | None
    made_ms: int
    changed_ms: int | None
    carrier: str


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """A page; `before` leads to the one after it, None where there is none."""

    rows: Sequence[Row]
    before: str | None


class NightSupport:
    """Pages of one account. It is given no number, and takes none."""

    def __init__(self, view: OperatorView) -> None:
        self._view = view

    async def texts(self, account: str, before: str | None) -> Rows:
        """Texts but those that bring codes, the latest first."""
        found = await self._view.messages(account, MessageFilter(), before=before, limit=PAGE + 1)
        return _page(
            [
                Row(
                    sid=each.sid,
                    kind=each.direction.value,
                    country=each.remote_region,
                    prefix=each.remote_prefix,
                    local=each.local,
                    status=each.status.value,
                    error_code=each.error_code,
                    made_ms=each.created_ms,
                    changed_ms=each.updated_ms,
                    carrier=_last(decode_trail(await self._view.carrier_trail(account, each.sid))),
                )
                for each in found
            ]
        )

    async def text(self, account: str, sid: str) -> Sequence[CarrierStep] | None:
        """All that a carrier said of a text; None where the account has none of that SID, or it brings a code."""
        row = await self._view.message(account, sid)
        if row is None or row.brings_code:
            return None
        return decode_trail(await self._view.carrier_trail(account, sid))

    async def calls(self, account: str, before: str | None) -> Rows:
        """Calls but those that bring codes, the latest first."""
        found = await self._view.calls(account, CallFilter(), before=before, limit=PAGE + 1)
        return _page(
            [
                Row(
                    sid=each.sid,
                    kind=each.direction.value,
                    country=each.remote_region,
                    prefix=each.remote_prefix,
                    local=each.local,
                    status=each.status.value,
                    error_code=each.error_code,
                    made_ms=each.created_ms,
                    changed_ms=each.ended_ms,
                    carrier=f"SIP {each.sip_status}" if each.sip_status else "",
                )
                for each in found
            ]
        )

    async def codes(self, account: str, before: str | None) -> Rows:
        """Attempts to bring a code, the latest first."""
        found = await self._view.verification_attempts(account, AttemptFilter(), before=before, limit=PAGE + 1)
        return _page(
            [
                Row(
                    sid=each.sid,
                    kind=each.channel,
                    country=each.country,
                    prefix="",
                    local="",
                    status="converted" if each.converted else "refused" if each.refusal else "not converted",
                    error_code=each.refusal,
                    made_ms=each.at_ms,
                    changed_ms=None,
                    carrier=each.why,
                )
                for each in found
            ]
        )


def _page(rows: list[Row]) -> Rows:
    return Rows(rows=rows[:PAGE], before=rows[PAGE - 1].sid if len(rows) > PAGE else None)


def _last(steps: Sequence[CarrierStep]) -> str:
    return " ".join(filter(None, (steps[-1].kind.value, steps[-1].raw))) if steps else ""
