"""Recordings for members: the list, which is clear, and one's sound, which opens in the frame alone."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.csv_file import csv_file
from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages, shown_time
from ringfence.console.refusals import RefusedError
from ringfence.console.sealed_sound import sealed_sound
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.calls import Calls
from ringfence.console.tenant.days import bounds_ms
from ringfence.console.tenant.sealed_hours import Opener, SealedHours
from ringfence.domain.sid import is_sid
from ringfence.ports.calls import PLAYABLE, RecordingRow
from ringfence.ports.recordings import SealedRecordings

PAGE: Final = 50
EXPORTED_MAX: Final = 5_000
HEADS: Final = ("sid", "call", "made_utc", "length_s", "channels", "status", "source", "error")


def recording_routes(
    pages: Pages, calls: Calls, files: SealedRecordings, hours: SealedHours, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    async def found(account: str, asked: Mapping[str, str], limit: int) -> Sequence[RecordingRow]:
        from_ms, to_ms = bounds_ms(asked.get("day", ""))
        call, before = asked.get("call", ""), asked.get("before", "")
        return await calls.recordings(
            account,
            call_sid=call if is_sid(call, "CA") else None,
            from_ms=from_ms,
            to_ms=to_ms,
            before=before if is_sid(before, "RE") else None,
            limit=limit,
        )

    async def listed(request: Request) -> Response:
        rows = await found(session_of(request).account, request.query_params, PAGE + 1)
        asked = {name: request.query_params.get(name, "") for name in ("day", "call")}
        older = {**asked, "before": rows[PAGE - 1].sid} if len(rows) > PAGE else {}
        return pages.page(
            "member_recordings.html",
            title="Recordings",
            session=session_of(request),
            keys=keys_origin,
            recordings=rows[:PAGE],
            playable=PLAYABLE,
            asked=asked,
            query=urlencode({name: value for name, value in asked.items() if value}),
            older=urlencode({name: value for name, value in older.items() if value}),
        )

    async def exported(request: Request) -> Response:
        rows = await found(session_of(request).account, request.query_params, EXPORTED_MAX)
        return csv_file("recordings", HEADS, map(_cells, rows))

    async def now(looked: Looked) -> Now:
        return rows_by(lambda row: row.sid, await found(looked.account, dict(looked.query), PAGE + 1))

    async def own(request: Request) -> RecordingRow:
        row = await calls.recording(session_of(request).account, request.path_params["sid"])
        if row is None or row.status not in PLAYABLE:
            raise RefusedError("There is no such recording, or none that has ended.", status=404)
        return row

    async def opener(request: Request) -> Response:
        asked, row = await read_json(request, Opener), await own(request)
        return done(
            record={"sid": row.sid, "epoch": row.epoch},
            epochs=await hours.of(session_of(request), asked.credential, [row.epoch]),
        )

    async def sound(request: Request) -> Response:
        return await sealed_sound(files, await own(request))

    return [
        Followed("/recordings", answering(listed), now),
        Route("/recordings/export", answering(exported), methods=["GET"]),
        Route("/recordings/{sid}/sealed", answering(opener), methods=["POST"]),
        Route("/recordings/{sid}/sound", answering(sound), methods=["GET"]),
    ]


def _cells(row: RecordingRow) -> Sequence[object]:
    length_s = None if row.duration_ms is None else row.duration_ms / 1_000
    made = shown_time(row.created_ms)
    return row.sid, row.call_sid, made, length_s, row.channels, row.status, row.source, row.error_code
