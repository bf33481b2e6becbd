"""Asking a tenant for keys of texts, calls, recordings or hours, and reading these while a grant lasts.

What is granted crosses this process sealed, to the session's key, which is in the key origin's frame.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.console.grant_book import GrantBook
from ringfence.console.grant_json import bytes_of, refusing, said, written
from ringfence.console.json_routes import done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.operator.act_guard import ActGuard
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.filters import Fields, grant_fields
from ringfence.console.operator.grant_scopes import HOURS_MAX, Behind, GrantScopes
from ringfence.console.operator.staff import Staff
from ringfence.console.refusals import RefusedError
from ringfence.console.sealed_sound import sealed_sound
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.calls import sealed_call
from ringfence.console.tenant.record_kinds import RecordKind
from ringfence.domain.access.grant import MINUTES, MINUTES_MAX, SHARED, Grant, GrantState, settled
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.access.scope import is_call
from ringfence.domain.base64url import encode_base64url
from ringfence.domain.clock import Clock
from ringfence.domain.sid import is_sid
from ringfence.ports.access_notes import AccessNotes
from ringfence.ports.calls import RecordingRow
from ringfence.ports.grants import GrantKeys
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.recordings import SealedRecordings
from ringfence.ports.store import MessageRow
from ringfence.usecases.access.answer_grant import show_value
from ringfence.usecases.access.ask_for_grant import ask_for_grant
from ringfence.usecases.access.end_grant import end_as_staff
from ringfence.usecases.access.use_grant import use_grant, use_shared

PAGE: Final = 50
APART: Final = ("children", "recordings")


class _OfAccount(msgspec.Struct, frozen=True):
    account: str = ""


class _Asked(msgspec.Struct, frozen=True):
    account: str
    reason: str
    public: str
    committed: str
    records: list[str] = []
    from_ms: int = 0
    hours: int = 0
    minutes: int = MINUTES


class _Value(msgspec.Struct, frozen=True):
    value: str


def grant_routes(
    guard: ActGuard,
    staff: Staff,
    book: GrantBook,
    keys: GrantKeys,
    view: OperatorView,
    files: SealedRecordings,
    kinds: tuple[RecordKind, RecordKind],
    notes: AccessNotes,
    clock: Clock,
    keys_origin: str,
) -> list[Route]:
    """What changes or opens something needs a passkey shown within five minutes. `kinds` are texts and calls."""
    scopes = GrantScopes(view, clock)

    async def listed(request: Request) -> Response:
        names = {each.id: each.name for each in await staff.members(removed=True)}
        fields, before = grant_fields(request.query_params, list(names)), _named(request, "before", "GR")
        now_ms, wanted = clock.now_ms(), _wanted(fields)
        found = await book.past(now_ms, before, PAGE + 1, **wanted)
        return await guard.show(
            request,
            "grants.html",
            "Grants",
            standing=await book.standing(now_ms, **wanted),
            past=found[:PAGE],
            unfolded=bool(before or fields.given),
            names=names,
            fields=fields,
            states=[state.value for state in GrantState],
            older=fields.older("/grants", before=found[PAGE - 1].sid if len(found) > PAGE else ""),
            account=_named(request, "account", "AC"),
            text=_named(request, "text", ""),
            minutes=MINUTES,
            minutes_max=MINUTES_MAX,
            hours_max=HOURS_MAX,
            said=said,
            keys_origin=keys_origin,
        )

    async def grants_now(looked: Looked) -> Now:
        fields = grant_fields(dict(looked.query), [each.id for each in await staff.members(removed=True)])
        now_ms, wanted = clock.now_ms(), _wanted(fields)
        found = await book.past(now_ms, "", PAGE + 1, **wanted)
        return rows_by(lambda each: each.sid, [*await book.standing(now_ms, **wanted), *found])

    async def ask(request: Request) -> Response:
        asked, session = await read_json(request, _Asked), session_of(request)
        account = await view.account(asked.account) if is_sid(asked.account, "AC") else None
        if account is None:
            raise RefusedError("There is no such account.", status=404)
        empty: Sequence[int] = ()
        if asked.hours and not asked.records:
            scope, empty = await scopes.of_hours(account.sid, asked.from_ms, asked.hours)
        else:
            scope = await scopes.of_records(account.sid, asked.records)
        grant = await ask_for_grant(
            book,
            notes,
            clock,
            staff=session.person,
            session=session.id,
            # Members of that very account answer: their browsers hold its content key.
            tenant=account.sid,
            account=account.sid,
            scope=scope,
            reason=asked.reason,
            minutes=asked.minutes,
            public=bytes_of(asked.public),
            committed=bytes_of(asked.committed),
        )
        return done(grant=written(grant), empty=list(empty))

    async def state(request: Request) -> Response:
        """Of what a member shared too: whoever reads that has to hear that it ended."""
        return done(grant=written(settled(await own(request, or_shared=True), clock.now_ms())))

    async def value(request: Request) -> Response:
        sid, session = request.path_params["sid"], session_of(request)
        given = bytes_of((await read_json(request, _Value)).value)
        return done(grant=written(await show_value(book, clock, sid, session.id, given)))

    async def read(request: Request) -> Response:
        grant, behind = await own(request), await read_json(request, Behind)
        found = await scopes.covered(grant.account, grant.scope, behind)
        # Nothing is opened where nothing but recordings was granted: each of these is, by itself.
        opened = await taken(request, grant, found.names) if found.names else {"grant": written(grant)}
        return done(
            **opened,
            records=[_text(row) for row in found.texts],
            calls=[msgspec.to_builtins(sealed_call(row)) for row in found.calls],
            recordings=[_recording(row) for row in found.recordings],
            behind=msgspec.to_builtins(found.behind),
        )

    async def recording(request: Request) -> Response:
        grant = await own(request)
        row, name = await scopes.recording(grant.account, grant.scope, request.path_params["recording"])
        return done(**await taken(request, grant, [name]), record={"sid": row.sid, "epoch": row.epoch})

    async def sound(request: Request) -> Response:
        grant = settled(await own(request), clock.now_ms())
        if grant.state is not GrantState.APPROVED:
            raise AccessRefusedError(Refusal.ENDED)
        row, _ = await scopes.recording(grant.account, grant.scope, request.path_params["recording"])
        return await sealed_sound(files, row)

    async def taken(request: Request, grant: Grant, names: Sequence[str]) -> dict[str, Any]:
        """Lid and boxes as the frame takes them; in the ledger by then."""
        session = session_of(request).id
        grant, sealed = await use_grant(book, keys, clock, grant.sid, session=session, names=names)
        return {
            "grant": written(grant),
            "lid": encode_base64url(sealed.lid),
            "boxes": [[name, encode_base64url(box)] for name, box in sealed.boxes.items()],
        }

    async def shared(request: Request) -> Response:
        """One text's or call's timeline that a member shared, for the frame that has its code."""
        session, sid = session_of(request), request.path_params["sid"]
        grant, sealed = await use_shared(book, keys, clock, sid, staff=session.person, session=session.id)
        (record,) = grant.scope.records
        whole = await kinds[is_call(record)].whole(grant.account, record)
        if whole is None:
            raise RefusedError("It is there no more.", status=404)
        return done(
            grant=written(grant),
            lid=encode_base64url(sealed.lid),
            box=encode_base64url(sealed.boxes[record]),
            record=msgspec.to_builtins(whole.record),
            # Calls that it made, and recordings, have keys of their own.
            **{name: msgspec.to_builtins(more) for name, more in whole.more.items() if name not in APART},
        )

    async def end(request: Request) -> Response:
        await end_as_staff(book, keys, clock, request.path_params["sid"], session_of(request).person)
        return done()

    async def account_named(request: Request) -> str:
        return (await read_json(request, _OfAccount)).account

    async def account_granted(request: Request) -> str:
        grant = await book.grant(request.path_params["sid"])
        return "" if grant is None else grant.account

    async def own(request: Request, *, or_shared: bool = False) -> Grant:
        grant = await book.grant(request.path_params["sid"])
        sessions = {session_of(request).id, SHARED} if or_shared else {session_of(request).id}
        if grant is None or grant.session not in sessions:
            raise AccessRefusedError(Refusal.UNKNOWN)
        return grant

    return [
        guard.page("/grants", Act.GRANTS_LIST, listed, grants_now),
        guard.deed("/grants", Act.GRANT_ASK, refusing(ask), account_named),
        guard.answer("/grants/{sid}", Act.GRANTS_LIST, refusing(state), account_granted),
        guard.deed("/grants/{sid}/value", Act.GRANT_ASK, refusing(value), account_granted),
        guard.deed("/grants/{sid}/read", Act.GRANT_READ, refusing(read), account_granted),
        guard.deed("/grants/{sid}/recordings/{recording}", Act.GRANT_READ, refusing(recording), account_granted),
        guard.answer("/grants/{sid}/recordings/{recording}/sound", Act.GRANT_READ, refusing(sound), account_granted),
        guard.deed("/shared/{sid}", Act.GRANT_READ, refusing(shared), account_granted),
        guard.deed("/grants/{sid}/end", Act.GRANT_END, refusing(end), account_granted),
    ]


async def grants_listed(book: GrantBook, fields: Fields, now_ms: int, *, before: str, limit: int) -> Sequence[Grant]:
    """As their file has them, the newest first."""
    return await book.as_they_stand(now_ms, before, limit, **_wanted(fields))


def _wanted(fields: Fields) -> dict[str, str]:
    return {"staff": fields["by"], "tenant": fields["of"], "state": fields["state"]}


def _text(row: MessageRow) -> dict[str, Any]:
    """A text as `show_messages` of the frame takes it: its content stays sealed."""
    return {
        "sid": row.sid,
        "epoch": row.epoch,
        "content": encode_base64url(row.content),
        "direction": row.direction.value,
        "status": row.status.value,
        "local": row.local,
        "created_ms": row.created_ms,
        "error_code": row.error_code,
    }


def _recording(row: RecordingRow) -> dict[str, Any]:
    """A recording as the page lists it: all of it is in the clear."""
    return {
        "sid": row.sid,
        "call": row.call_sid,
        "created_ms": row.created_ms,
        "duration_ms": row.duration_ms,
        "channels": row.channels,
    }


def _named(request: Request, name: str, prefix: str) -> str:
    """The SID that the address has for `name`, "" for none and for what is none."""
    return next((each for each in request.query_params.getlist(name) if is_sid(each, prefix)), "")
