"""Grants as both consoles' pages and the frames of the key origin take them."""

import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ringfence.console.refusals import RefusedError
from ringfence.domain.access.grant import Grant, GrantState
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.access.scope import RECORD_KINDS, Scope
from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.how_many import how_many

Handler = Callable[[Request], Awaitable[Response]]


def refusing(handler: Handler) -> Handler:
    """The handler, whose refusals of access are told to the person who asked."""

    async def told(request: Request) -> Response:
        try:
            return await handler(request)
        except AccessRefusedError as error:
            status = 404 if error.refusal is Refusal.UNKNOWN else 409
            stale = error.refusal is Refusal.STALE
            raise RefusedError(f"No: {error}.", status=403 if stale else status, fresh=stale) from None

    return told


def written(grant: Grant) -> dict[str, Any]:
    """A grant as the frames take it."""
    return {
        "sid": grant.sid,
        "account": grant.account,
        "staff": grant.staff,
        "session": grant.session,
        "public": encode_base64url(grant.public),
        "committed": encode_base64url(grant.committed),
        "approver_value": encode_base64url(grant.approver_value),
        "value": encode_base64url(grant.value),
        "expires_ms": grant.expires_ms,
        "names": list(grant.scope.names),
        "reason": grant.reason,
        "minutes": grant.minutes,
        "state": grant.state.value,
        "approved": grant.state is GrantState.APPROVED,
    }


def said(scope: Scope) -> str:
    """What a request is for, in a few words."""
    if scope.hours:
        first, count = dt.datetime.fromtimestamp(scope.hours[0] * 3_600, dt.UTC), len(scope.hours)
        return f"all of {how_many(count, 'hour')}, from {first:%Y-%m-%d %H:%M} UTC on"
    counted = Counter(RECORD_KINDS[sid[:2]] for sid in scope.records)
    words = [how_many(count, what) for what, count in counted.items()]
    return " and ".join([part for part in (", ".join(words[:-1]), words[-1]) if part])


def bytes_of(text: str) -> bytes:
    """What base64url says; RefusedError with 400."""
    try:
        return decode_base64url(text)
    except ValueError:
        raise RefusedError("That is no base64url.", status=400) from None
