"""A message's media: the list, what each is, and without `.json` its bytes. Source: Twilio, "Media subresource"."""

from collections.abc import Mapping

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.dependencies import ApiDependencies
from ringfence.api.forms import DAY_MS, MomentFilter
from ringfence.api.paging import Cursor
from ringfence.api.resource import API_VERSION, ApiRequest, Raw, Resource
from ringfence.domain.errors import ApiError
from ringfence.ports.store import MediaRow

media = Resource("Accounts/{AccountSid}/Messages/{MessageSid}/Media", item="Media", listed="media_list")


class MediaFilterForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    date_created: MomentFilter | None = None
    date_created_before: MomentFilter | None = msgspec.field(default=None, name="DateCreated<")
    date_created_after: MomentFilter | None = msgspec.field(default=None, name="DateCreated>")

    def keeps(self, at_ms: int) -> bool:
        """As for messages: a date means its whole UTC day, the operators include what they name."""
        day, before, after = self.date_created, self.date_created_before, self.date_created_after
        return (
            (day is None or day.day_from_ms == at_ms // DAY_MS * DAY_MS)
            and (before is None or at_ms < before.to_ms)
            and (after is None or at_ms >= after.from_ms)
        )


class Media(msgspec.Struct, kw_only=True):
    account_sid: str
    content_type: str
    date_created: str
    date_updated: str
    parent_sid: str
    sid: str
    uri: str


def _shown(row: MediaRow) -> Media:
    base = f"/{API_VERSION}/Accounts/{row.account}/Messages/{row.message_sid}/Media"
    return Media(
        account_sid=row.account,
        content_type=row.content_type,
        date_created=rfc2822(row.created_ms),
        date_updated=rfc2822(row.created_ms),
        parent_sid=row.message_sid,
        sid=row.sid,
        uri=f"{base}/{row.sid}.json",
    )


async def _one(request: ApiRequest[msgspec.Struct]) -> MediaRow | None:
    reader = request.deps.messaging.media
    return await reader.fetch(request.account.sid, request.path["MessageSid"], request.sid)


@media.list(MediaFilterForm)
async def list_media(request: ApiRequest[MediaFilterForm], cursor: Cursor) -> list[Media]:
    rows = await request.deps.messaging.media.list(request.account.sid, request.path["MessageSid"])
    if rows is None:
        raise ApiError(20404)
    newest = sorted(rows, key=lambda row: row.sid, reverse=True)
    kept = [row for row in newest if request.form.keeps(row.created_ms)]
    return [_shown(row) for row in kept if cursor.before is None or row.sid < cursor.before][: cursor.limit]


async def fetch_bytes(request: ApiRequest[msgspec.Struct]) -> Raw | None:
    """The medium itself."""
    row = await _one(request)
    if row is None:
        return None
    return Raw(row.content_type, await request.deps.messaging.media.open(request.caller, row))


async def fetch_unsigned(deps: ApiDependencies, path: Mapping[str, str], asked: Mapping[str, str]) -> Raw | None:
    """The medium itself, for whoever holds its capability."""
    token = asked["Capability"]
    opened = await deps.messaging.media.open_with(path["AccountSid"], path["MessageSid"], path["Sid"], token)
    return None if opened is None else Raw(opened[0].content_type, opened[1])


@media.fetch(plain=fetch_bytes, unsigned=fetch_unsigned)
async def fetch(request: ApiRequest[msgspec.Struct]) -> Media | None:
    row = await _one(request)
    return None if row is None else _shown(row)


@media.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await request.deps.messaging.media.delete(request.account.sid, request.path["MessageSid"], request.sid)
