"""API keys of an account: what they may do, from where, when they were used; named, frozen and revoked here.

What would sign anybody in is not among what the console reads of them. Keys are made and limited in the key origin's
frame: see `access_routes`.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.member_acts import GONE, MemberActs, checked_name
from ringfence.console.tenant.standing_json import FormKeys
from ringfence.domain.access_change import key_limits_record, new_key_sid
from ringfence.domain.clock import Clock
from ringfence.domain.sid import is_sid
from ringfence.ports.access_changes import WaitingAccess
from ringfence.ports.console_keys import API_KEY_PREFIX
from ringfence.ports.freezes import FreezeStore, is_frozen
from ringfence.ports.store import KeyRow, KeyStore
from ringfence.usecases.access.freeze import freeze_key
from ringfence.usecases.accounts.rename_key import rename_key
from ringfence.usecases.accounts.revoke_key import revoke_key

TITLE: Final = "Keys"
PAGE: Final = 50


class KeysAndFreezes(KeyStore, FreezeStore, Protocol):
    """What of the store these pages need."""


class _Named(msgspec.Struct, frozen=True):
    friendly_name: str


def key_routes(
    pages: Pages, store: KeysAndFreezes, keys: FormKeys, acts: MemberActs, clock: Clock, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    def shown(name: str, request: Request, status: int = 200, **values: Any) -> Response:
        return pages.page(name, status, title=TITLE, session=session_of(request), keys=keys_origin, **values)

    async def listed(request: Request) -> Response:
        before = request.query_params.get("before", "")
        found = await store.keys(
            session_of(request).account, before=before if is_sid(before, API_KEY_PREFIX) else None, limit=PAGE + 1
        )
        frozen = await store.freezes()
        return shown(
            "member_keys.html",
            request,
            api_keys=[(each, is_frozen(frozen, "key", each.sid)) for each in found[:PAGE]],
            before=found[PAGE - 1].sid if len(found) > PAGE else "",
            now_ms=clock.now_ms(),
            waiting=[(new_key_sid(each.record), each) for each in await waiting(request)],
        )

    async def now(looked: Looked) -> Now:
        frozen = await store.freezes()
        found = await store.keys(looked.account, limit=PAGE + 1)
        return {
            **{each.sid: (each, is_frozen(frozen, "key", each.sid)) for each in found},
            **rows_by(lambda each: each.record, await keys.waiting_access(looked.account)),
        }

    async def one(request: Request) -> Response:
        row = await store.key(session_of(request).account, request.path_params["sid"])
        if row is None:
            return shown("member_missing.html", request, 404)
        frozen = is_frozen(await store.freezes(), "key", row.sid)
        limited = key_limits_record(row.sid) in [each.record for each in await keys.waiting_access(row.account)]
        ended = 0 < row.ends_ms <= clock.now_ms()
        return shown("member_key.html", request, key=row, frozen=frozen, waits=limited, ended=ended)

    async def one_now(looked: Looked) -> Now:
        row = await store.key(looked.account, looked.named("sid"))
        frozen = row is not None and is_frozen(await store.freezes(), "key", row.sid)
        waits = rows_by(lambda each: each.record, await keys.waiting_access(looked.account))
        return {looked.named("sid"): (row, frozen), **waits}

    async def rename(request: Request) -> Response:
        row, name = await own(request), checked_name((await read_json(request, _Named)).friendly_name)
        await acts.begin(request, "rename_key", row.sid)
        if await rename_key(store, clock, account=row.account, sid=row.sid, friendly_name=name) is None:
            raise RefusedError(GONE, status=404)
        return done()

    async def freeze(request: Request) -> Response:
        row = await own(request)
        await acts.begin(request, "freeze_key", row.sid)
        await freeze_key(store, clock, row.sid)
        return done()

    async def revoke(request: Request) -> Response:
        sid = request.path_params["sid"]
        waits = sid in [new_key_sid(each.record) for each in await waiting(request)]
        if not waits:
            await own(request)
        session = await acts.begin(request, "revoke_key", sid)

        async def end_slot(account: str, sid: str) -> None:
            await keys.revoke_browser_slot(account, sid, session.actor)

        if waits:
            # The API may take it into the store at this moment, or have done so.
            await end_slot(session.account, sid)
        if not await revoke_key(store, end_slot, account=session.account, sid=sid) and not waits:
            raise RefusedError(GONE, status=404)
        return done()

    async def waiting(request: Request) -> Sequence[WaitingAccess]:
        found = await keys.waiting_access(session_of(request).account)
        return [each for each in found if new_key_sid(each.record)]

    async def own(request: Request) -> KeyRow:
        row = await store.key(session_of(request).account, request.path_params["sid"])
        if row is None:
            raise RefusedError(GONE, status=404)
        return row

    return [
        Followed("/keys", listed, now),
        Followed("/keys/{sid}", one, one_now),
        Route("/keys/{sid}/name", answering(rename), methods=["POST"]),
        Route("/keys/{sid}/freeze", answering(freeze), methods=["POST"]),
        Route("/keys/{sid}/revoke", answering(revoke), methods=["POST"]),
    ]
