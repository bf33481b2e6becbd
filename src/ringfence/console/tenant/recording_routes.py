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
from ringfence.console.tenant.doors import Door, Whose
from ringfence.console.tenant.sealed_hours import Opener, SealedHours
from ringfence.domain.sid import is_sid
from ringfence.ports.calls import PLAYABLE, RecordingRow
from ringfence.ports.recordings import SealedRecordings

TITLE: Final = "Recordings"
PAGE: Final = 50
EXPORTED_MAX: Final = 5_000
HEADS: Final = ("sid", "call", "made_utc", "length_s", "channels", "status", "source", "error")


def recording_routes(
    door: Door, pages: Pages, calls: Calls, files: SealedRecordings, hours: SealedHours, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member, below `door.at`."""
    at = f"{door.at}/recordings"

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
        whose, of = await door.find(request), {"session": session_of(request), "keys": keys_origin}
        if whose is None:
            return pages.page("member_missing.html", 404, title=TITLE, **of)
        rows = await found(whose.account, request.query_params, PAGE + 1)
        asked = {name: request.query_params.get(name, "") for name in ("day", "call")}
        older = {**asked, "before": rows[PAGE - 1].sid} if len(rows) > PAGE else {}
        return pages.page(
            "member_recordings.html",
            title="Subaccounts" if whose.child else TITLE,
            **of,
            whose=whose,
            kind="recordings",
            recordings=rows[:PAGE],
            playable=PLAYABLE,
            asked=asked,
            query=urlencode({name: value for name, value in asked.items() if value}),
            older=urlencode({name: value for name, value in older.items() if value}),
        )

    async def exported(request: Request) -> Response:
        rows = await found((await door.open(request)).account, request.query_params, EXPORTED_MAX)
        return csv_file("recordings", HEADS, map(_cells, rows))

    async def now(looked: Looked) -> Now:
        account = await door.account(looked)
        return rows_by(lambda row: row.sid, await found(account, dict(looked.query), PAGE + 1) if account else [])

    async def own(request: Request, whose: Whose) -> RecordingRow:
        row = await calls.recording(whose.account, request.path_params["sid"])
        if row is None or row.status not in PLAYABLE:
            raise RefusedError("There is no such recording, or none that has ended.", status=404)
        return row

    async def opener(request: Request) -> Response:
        asked, whose = await read_json(request, Opener), await door.open(request)
        row = await own(request, whose)
        return done(
            record={"sid": row.sid, "epoch": row.epoch},
            epochs=await hours.of(session_of(request), asked.credential, [row.epoch], whose.child),
        )

    async def sound(request: Request) -> Response:
        return await sealed_sound(files, await own(request, await door.open(request)))

    return [
        Followed(at, answering(listed), now),
        Route(f"{at}/export", answering(exported), methods=["GET"]),
        Route(at + "/{sid}/sealed", answering(opener), methods=["POST"]),
        Route(at + "/{sid}/sound", answering(sound), methods=["GET"]),
    ]


def _cells(row: RecordingRow) -> Sequence[object]:
    length_s = None if row.duration_ms is None else row.duration_ms / 1_000
    made = shown_time(row.created_ms)
    return row.sid, row.call_sid, made, length_s, row.channels, row.status, row.source, row.error_code
