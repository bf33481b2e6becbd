"""What a provider says by itself: that somebody signed out there. It has no session; its signature is looked at.

Source: OpenID Connect Back-Channel Logout 1.0, 2.5 and 2.8.
"""

from typing import Final
from urllib.parse import parse_qs

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ringfence.console.tenant.sso.provider import ProviderFailedError
from ringfence.console.tenant.sso.sign_out import SsoSignOut
from ringfence.console.tenant.sso.signed_token import TOKEN_MAX, TokenRefusedError

SIGNED_OUT: Final = "/sso/signed-out"
BODY_MAX_BYTES: Final = TOKEN_MAX + 1_024

_log = structlog.get_logger(__name__)


def create_logout_app(sign_out: SsoSignOut) -> ASGIApp:
    """POST /sso/signed-out with `logout_token`, by anybody: 200, 400 for what no provider of an account signed.

    503 where the provider's keys or the ledger cannot be had: the provider may send it again.
    """

    async def signed_out(request: Request) -> Response:
        try:
            await sign_out.by_provider(await _token(request))
        except TokenRefusedError as error:
            _log.warning("console.sso_refused", cause=str(error))
            return JSONResponse({"error": "invalid_request"}, 400)
        except ProviderFailedError as error:
            _log.warning("console.sso_provider", cause=str(error))
            return JSONResponse({"error": "temporarily_unavailable"}, 503)
        except ConnectionError:
            return JSONResponse({"error": "temporarily_unavailable"}, 503)
        return Response()

    return Starlette(routes=[Route(SIGNED_OUT, signed_out, methods=["POST"])])


async def _token(request: Request) -> str:
    if int(request.headers.get("content-length") or BODY_MAX_BYTES + 1) > BODY_MAX_BYTES:
        raise TokenRefusedError("form")
    try:
        fields = parse_qs((await request.body()).decode("ascii"), max_num_fields=8)
    except ValueError:
        raise TokenRefusedError("form") from None
    tokens = fields.get("logout_token", [])
    if len(tokens) != 1:
        raise TokenRefusedError("form")
    return tokens[0]
