"""A text came in: ask the tenant's program what to do, and do it.

Source: Twilio, "TwiML for Programmable Messaging"; "Availability and reliability" (fallback URLs, ErrorCode,
ErrorUrl); error 14106 (50 documents in one conversation).
"""

import msgspec
import structlog

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.standing import NumberConfig
from ringfence.domain.twiml.document import TwimlError
from ringfence.domain.twiml.messaging import Answer, Redirect, SendMessage, read_answer
from ringfence.domain.twiml.parser import MAX_BYTES
from ringfence.domain.web_url import InvalidUrlError, WebUrl
from ringfence.usecases.webhooks.call_webhook import (
    INVALID_URL,
    WebhookAnswer,
    WebhookFailedError,
    WebhookRequest,
    call_webhook,
)
from ringfence.usecases.webhooks.media_port import Media
from ringfence.usecases.webhooks.open_text import OpenedText
from ringfence.usecases.webhooks.reply_port import Replies, reply_sid
from ringfence.usecases.webhooks.text_form import Form, inbound_form
from ringfence.usecases.webhooks.trace import Trace

MAX_DOCUMENTS = 50
TOO_MANY_DOCUMENTS = 14106
MAX_REPLIES = 100
TOO_MANY_REPLIES = 14109
INVALID_STATUS_CALLBACK = 14105

_log = structlog.get_logger(__name__)


class Answered(msgspec.Struct, frozen=True):
    """The program answered. `error_code` is the first thing that went wrong on the way, if any."""

    http_status: int
    error_code: int | None


class TextAnswerer:
    """Runs the TwiML that answers an inbound text."""

    def __init__(self, replies: Replies, media: Media, clock: Clock) -> None:
        self._replies = replies
        self._media = media
        self._clock = clock

    async def answer(self, opened: OpenedText, token: str, trace: Trace) -> Answered:
        """Call the number's SmsUrl and, if that fails in any way, its fallback with ErrorCode and ErrorUrl.

        `trace` is the client to call with. Raises WebhookFailedError when neither gave an answer that could be run.
        """
        config, number = opened.config, opened.number
        if config is None or number is None:
            raise ValueError("not an inbound text")
        conversation = _Conversation(trace, self._replies, self._clock, opened, token)
        urls = opened.content.media_urls
        media = await self._media.links(opened.row, opened.record_key, urls) if urls else []
        form = inbound_form(opened.row, opened.content, opened.event, number.region, media)
        try:
            return await conversation.run(config.sms_url, config.sms_method, form)
        except WebhookFailedError as first:
            if not config.sms_fallback_url:
                raise
            return await _fall_back(conversation, config, form, first)


async def _fall_back(
    conversation: "_Conversation", config: NumberConfig, form: Form, first: WebhookFailedError
) -> Answered:
    _log.info(
        "webhook falls back",
        account=conversation.event.account,
        message_sid=conversation.event.message_sid,
        event_id=conversation.event.id,
        code=first.code,
        cause=first.cause,
        http_status=first.http_status,
    )
    told = [*form, ("ErrorCode", str(first.code or "")), ("ErrorUrl", conversation.page)]
    try:
        answered = await conversation.run(config.sms_fallback_url, config.sms_fallback_method, told)
    except WebhookFailedError as second:
        # Worth another attempt if either of the two may fare better.
        transient = first.transient or second.transient
        raise WebhookFailedError(first.code, first.cause, transient=transient, http_status=first.http_status) from None
    return Answered(answered.http_status, first.code)


class _Conversation:
    """One text's documents and replies. `page` is the document asked for last; replies are numbered throughout."""

    def __init__(self, trace: Trace, replies: Replies, clock: Clock, opened: OpenedText, token: str) -> None:
        self._trace = trace
        self._replies = replies
        self._clock = clock
        self._opened = opened
        self.event = opened.event
        self._token = token
        self._documents = 0
        self._sent = 0
        self._error_code: int | None = None
        self.page = ""

    async def run(self, url: str, method: str, form: Form) -> Answered:
        """Documents from `url` on, until one does not redirect."""
        self.page = url
        while True:
            self._documents += 1
            if self._documents > MAX_DOCUMENTS:
                raise WebhookFailedError(TOO_MANY_DOCUMENTS, "too many documents for one text")
            answered = await call_webhook(self._trace, self._clock, self._request(method, form))
            redirect = await self._act(answered, self._read(answered))
            if redirect is None:
                return Answered(answered.response.status, self._error_code)
            self.page = _absolute(answered.url, redirect.url)
            method = redirect.method

    def _request(self, method: str, form: Form) -> WebhookRequest:
        return WebhookRequest(
            method=method,
            url=self.page,
            form=form,
            states=self._opened.states,
            token=self._token,
            max_body_bytes=MAX_BYTES,
            owner=self.event.account,
        )

    async def _act(self, answered: WebhookAnswer, answer: Answer) -> Redirect | None:
        for warning in answer.warnings:
            self._trace.find(warning.code, warning.message, warning.line, warning.column)
        if answer.warnings:
            self._note(answer.warnings[0].code, "parts of the answer were left out")
        for action in answer.actions:
            if isinstance(action, Redirect):
                return action
            if self._sent == MAX_REPLIES:
                self._find(TOO_MANY_REPLIES, "more replies than one text may have")
                return None
            await self._send(answered.url, action)
        return None

    async def _send(self, page: WebUrl, message: SendMessage) -> None:
        row, content = self._opened.row, self._opened.content
        place, self._sent = self._sent, self._sent + 1
        try:
            media_urls = tuple(_absolute(page, url) for url in message.media_urls)
            callback = _absolute(page, message.callback, INVALID_STATUS_CALLBACK) if message.callback else None
            sid = reply_sid(self.event, place, media=bool(media_urls))
            await self._replies.send(
                row.account,
                message.sender or row.local,
                message.to or content.remote,
                message.body,
                media_urls,
                callback,
                sid,
            )
            self._trace.reply(sid)
        except (ApiError, WebhookFailedError) as refused:
            self._find(refused.code, "a reply was not accepted")
        except ConnectionError:
            raise WebhookFailedError(None, "a reply could not be written", transient=True) from None

    def _read(self, answered: WebhookAnswer) -> Answer:
        try:
            return read_answer(answered.response.header("content-type"), answered.response.body)
        except TwimlError as error:
            self._trace.find(error.code, error.message, error.line, error.column)
            cause = f"the answer is no TwiML that can be run, line {error.line}, column {error.column}"
            raise WebhookFailedError(error.code, cause, http_status=answered.response.status) from None

    def _find(self, code: int | None, cause: str) -> None:
        self._trace.find(code, cause)
        self._note(code, cause)

    def _note(self, code: int | None, cause: str) -> None:
        self._error_code = self._error_code or code
        _log.warning(
            cause,
            account=self.event.account,
            message_sid=self.event.message_sid,
            event_id=self.event.id,
            kind=self.event.kind,
            code=code,
        )


def _absolute(page: WebUrl, reference: str, code: int = INVALID_URL) -> str:
    """What a URL in a document means; "" is the document itself."""
    try:
        return page.join(reference).with_fragment if reference else page.text
    except InvalidUrlError:
        raise WebhookFailedError(code, "an invalid URL in the answer") from None
