"""Fetch the media that a message names by URL, and keep them sealed.

Source: Twilio, "Accepted content types for media"; errors 11200, 11751 and 12300.
"""

import asyncio
import hashlib
import re
import weakref
from collections.abc import Sequence

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.medium import medium_key, seal_medium
from ringfence.domain.sid import made_ms
from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.ports.http import HttpClient, HttpFailedError, HttpRequest, HttpResponse
from ringfence.ports.store import MediaRow, MessageRow, MessageStore

LIMIT_BYTES = 5 << 20
WITHIN_MS = 10_000
MESSAGE_WITHIN_S = 30.0
# Messages at once, 5 MB each: what bounds the memory, and how much of it one account may hold.
AT_ONCE = 32
AT_ONCE_OF_ACCOUNT = 4
REDIRECTS_MAX = 3
TOO_LARGE = 11751
RETRIEVAL_FAILED = 11200
INVALID_CONTENT_TYPE = 12300

_ACCEPTED = re.compile(
    r"(image|audio|video)/[a-z0-9.+-]{1,64}|text/(vcard|x-vcard|plain|calendar|csv|rtf)|application/pdf"
)
_TOO_LARGE_ANSWER = 11750


class MediaFetchError(Exception):
    """A medium cannot be had; `code` is Twilio's."""

    def __init__(self, code: int) -> None:
        super().__init__(f"error {code}")
        self.code = code


class MediaFetcher:
    """Fetches through the egress guard, at most 5 MB and 30 s a message. Fetching again is a no-op."""

    def __init__(self, store: MessageStore, http: HttpClient, clock: Clock) -> None:
        self._store = store
        self._http = http
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._turns_of: weakref.WeakValueDictionary[str, asyncio.Semaphore] = weakref.WeakValueDictionary()

    async def fetch(self, row: MessageRow, record_key: bytes, urls: Sequence[str]) -> list[MediaRow]:
        """The message's media in order, stored. MediaFetchError when one of them cannot be had; none is stored then."""
        wanted = [media_sid(row, place) for place in range(len(urls))]
        known = {medium.sid: medium for medium in await self._store.media(row.account, row.sid)}
        if all(sid in known for sid in wanted):
            return [known[sid] for sid in wanted]
        # An account's own turn first: those who wait behind its slow servers hold none of the common ones.
        own = self._turns_of.setdefault(row.account, asyncio.Semaphore(AT_ONCE_OF_ACCOUNT))
        async with own, self._turns:
            try:
                async with asyncio.timeout(MESSAGE_WITHIN_S):
                    rows = await self._fetch_all(row, record_key, wanted, urls)
            except TimeoutError:
                raise MediaFetchError(RETRIEVAL_FAILED) from None
            await self._store.add_media(rows)
        return rows

    async def _fetch_all(
        self, row: MessageRow, record_key: bytes, wanted: Sequence[str], urls: Sequence[str]
    ) -> list[MediaRow]:
        rows: list[MediaRow] = []
        left = LIMIT_BYTES
        now_ms = self._clock.now_ms()
        for sid, url in zip(wanted, urls, strict=True):
            answer = await self._get(row.account, url, left)
            left -= len(answer.body)
            content_type = _content_type(answer)
            rows.append(
                MediaRow(
                    account=row.account,
                    message_sid=row.sid,
                    sid=sid,
                    content_type=content_type,
                    size=len(answer.body),
                    epoch=row.epoch,
                    content=seal_medium(medium_key(record_key, sid), row.account, sid, answer.body),
                    created_ms=now_ms,
                )
            )
        return rows

    async def _get(self, account: str, url: str, limit_bytes: int) -> HttpResponse:
        for _ in range(REDIRECTS_MAX + 1):
            try:
                answer = await self._http.send(
                    HttpRequest(
                        method="GET",
                        url=url,
                        total_ms=WITHIN_MS,
                        max_body_bytes=max(1, limit_bytes),
                        owner=account,
                    )
                )
            except HttpFailedError as error:
                raise MediaFetchError(TOO_LARGE if error.code == _TOO_LARGE_ANSWER else error.code) from None
            location = answer.header("location")
            if answer.status not in (301, 302, 303, 307, 308) or location is None:
                break
            try:
                url = parse_url(url).join(location).text
            except InvalidUrlError:
                raise MediaFetchError(RETRIEVAL_FAILED) from None
        if answer.status != 200 or len(answer.body) > limit_bytes:
            raise MediaFetchError(RETRIEVAL_FAILED if answer.status != 200 else TOO_LARGE)
        return answer


def media_sid(row: MessageRow, place: int) -> str:
    """The SID of a message's medium by its place: always the same one, and in the order of the places."""
    digest = hashlib.sha256(f"medium|{row.account}|{row.sid}|{place}".encode()).hexdigest()
    return f"ME{made_ms(row.sid):012x}{place:02x}{digest[:18]}"


def _content_type(answer: HttpResponse) -> str:
    content_type = (answer.header("content-type") or "").partition(";")[0].strip().lower()
    if _ACCEPTED.fullmatch(content_type) is None:
        raise MediaFetchError(INVALID_CONTENT_TYPE)
    return content_type
