"""The pages of members: overview, texts, members. Content comes sealed, and is opened by the key origin's frame."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.act_notices import ActNotices
from ringfence.console.blast_notices import BlastNotices
from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.sessions import Sessions
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.members import Members
from ringfence.console.tenant.reading import reader_through
from ringfence.console.tenant.roles import role_of
from ringfence.console.tenant.slot_json import SlotJson, asked_json, boxes_json, read_slot
from ringfence.console.tenant.slot_name import slot_name
from ringfence.console.tenant.traffic import TenantTraffic, TextsWanted
from ringfence.domain.access.role import Role
from ringfence.domain.message import Direction, Status
from ringfence.domain.passkeys.answers import RegistrationJson, read_registration
from ringfence.ports.console_keys import ConsoleKeys
from ringfence.ports.keys import KeyRefusedError


class _Page(msgspec.Struct, frozen=True):
    wanted: TextsWanted
    credential: str


class _Made(msgspec.Struct, frozen=True):
    ceremony: str
    answer: RegistrationJson
    slot: SlotJson


def page_routes(
    pages: Pages,
    storage: ConsoleStorage,
    traffic: TenantTraffic,
    members: Members,
    sessions: Sessions,
    keys: ConsoleKeys,
    notices: BlastNotices,
    *,
    keys_origin: str,
    api_url: str,
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    def shown(name: str, title: str, request: Request, **values: Any) -> Response:
        session = session_of(request)
        return pages.page(name, title=title, session=session, role=role_of(request), keys=keys_origin, **values)

    async def overview(request: Request) -> Response:
        days = await traffic.days(session_of(request).account)
        told = await notices.of(session_of(request).account)
        acts = await ActNotices(storage).of(session_of(request).account, sessions.now_ms())
        return shown("member_overview.html", "Overview", request, days=days, notices=told, acts=acts)

    async def texts(request: Request) -> Response:
        statuses, directions = list(Status), list(Direction)
        return shown("member_texts.html", "Texts", request, statuses=statuses, directions=directions)

    async def sealed(request: Request) -> Response:
        session, asked = session_of(request), await read_json(request, _Page)
        try:
            found, before = await traffic.page(session.account, asked.wanted)
        except ValueError:
            raise RefusedError("A day is written YYYY-MM-DD.", status=400) from None
        reader = await reader_through(storage, keys, session, asked.credential)
        wanted = sorted({each.epoch for each in found})
        try:
            epochs = await keys.sealed_epochs(session.account, asked.credential, wanted, reader) if wanted else {}
        except KeyRefusedError:
            raise RefusedError("That opens nothing of this account.") from None
        return done(
            account=session.account,
            records=[msgspec.to_builtins(each) for each in found],
            epochs={str(epoch): boxes_json(boxes) for epoch, boxes in epochs.items()},
            before=before,
            timeline=f"{api_url}/timeline",
        )

    async def people(request: Request) -> Response:
        session = session_of(request)
        found = await members.of(session.account)
        named = [
            (each, [(slot_name(kept.passkey.credential_id), kept) for kept in passkeys]) for each, passkeys in found
        ]
        open_now = await sessions.open_now("member", account=session.account)
        return shown("member_members.html", "Members", request, members=named, sessions=open_now, roles=list(Role))

    async def begin_adding(request: Request) -> Response:
        return done(**asked_json(await members.begin_adding(session_of(request))))

    async def add(request: Request) -> Response:
        made = await read_json(request, _Made)
        answer = read_registration(made.answer)
        await members.finish(made.ceremony, answer, read_slot(made.slot), session_of(request))
        return done()

    async def forget(request: Request) -> Response:
        await members.forget(session_of(request), request.path_params["member"], request.path_params["credential"])
        return done()

    return [
        Route("/", overview, methods=["GET"]),
        Route("/texts", texts, methods=["GET"]),
        Route("/texts/sealed", answering(sealed), methods=["POST"]),
        Route("/members", people, methods=["GET"]),
        Route("/passkeys/options", answering(begin_adding), methods=["POST"]),
        Route("/passkeys", answering(add), methods=["POST"]),
        Route("/members/{member}/passkeys/{credential}/forget", answering(forget), methods=["POST"]),
    ]
