"""The secondary Auth Token, and its promotion. Source: Twilio, "Secondary Auth Token" and "Auth Token Promotion".

Unlike Twilio's, the promoted token is shown only to who signed in with it: nobody here could tell it to anybody else.
"""

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.resource import ApiRequest, Resource
from ringfence.usecases.accounts.secondary_token import (
    create_secondary_token,
    delete_secondary_token,
    promote_secondary_token,
)

auth_tokens = Resource("AuthTokens", item="AuthToken", listed="", product="accounts", version="v1", owner_only=True)


class SecondaryAuthToken(msgspec.Struct, kw_only=True):
    """The only answer that holds it."""

    account_sid: str
    date_created: str
    date_updated: str
    secondary_auth_token: str
    url: str


class PromotedAuthToken(msgspec.Struct, kw_only=True):
    account_sid: str
    auth_token: str | None
    date_created: str
    date_updated: str
    url: str


@auth_tokens.at("POST", "Secondary", status=201)
async def create(request: ApiRequest[msgspec.Struct]) -> SecondaryAuthToken:
    deps = request.deps
    made = await create_secondary_token(
        deps.store, deps.keys, deps.clock, caller=request.caller, account=request.account.sid
    )
    at = iso8601(made.created_ms)
    return SecondaryAuthToken(
        account_sid=made.account,
        date_created=at,
        date_updated=at,
        secondary_auth_token=made.auth_token,
        url=f"{request.root}/v1/AuthTokens/Secondary",
    )


@auth_tokens.at("DELETE", "Secondary", status=204)
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await delete_secondary_token(request.deps.store, request.deps.keys, account=request.account.sid)


@auth_tokens.at("POST", "Promote")
async def promote(request: ApiRequest[msgspec.Struct]) -> PromotedAuthToken:
    deps, account = request.deps, request.account.sid
    created_ms = await promote_secondary_token(
        deps.store, deps.keys, deps.clock, caller=request.caller, account=account
    )
    by_itself = request.caller.credential != account
    return PromotedAuthToken(
        account_sid=account,
        auth_token=request.presented.auth_token if by_itself else None,
        date_created=iso8601(created_ms),
        date_updated=iso8601(deps.clock.now_ms()),
        url=f"{request.root}/v1/AuthTokens/Promote",
    )
