"""The next document of a call: asked of the tenant's program, of its fallback where that fails, and read.

Source: Twilio, "TwiML for Programmable Voice", sections "Cookies" and "Data formats"; "Availability and reliability"
(fallback URLs, ErrorCode, ErrorUrl).
"""

from collections.abc import Callable, Sequence
from uuid import uuid4

import msgspec

from ringfence.domain.call_step import StepDetail
from ringfence.domain.twiml.document import Method, TwimlError
from ringfence.domain.twiml.parser import MAX_BYTES, parse
from ringfence.domain.twiml.voice_answer import read_voice_answer
from ringfence.domain.twiml.voice_verbs import VoiceDocument, read_voice_document
from ringfence.domain.web_url import InvalidUrlError, WebUrl, parse_url
from ringfence.ports.program import Program, ProgramAnswer, ProgramFailedError, Question
from ringfence.usecases.voice.call_record import CallRecord
from ringfence.usecases.voice.patience import patiently

INVALID_URL = 11100
RETRIEVAL_FAILURE = 11200
MAX_COOKIES = 50

Fields = Sequence[tuple[str, str]]


class DocumentFailedError(Exception):
    """No document that can be run, from the fallback neither: Twilio's code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Found(msgspec.Struct, frozen=True):
    """A document, and the URL that relative ones in it refer to ("" where it came with the call)."""

    document: VoiceDocument
    url: str

    def __repr__(self) -> str:
        return "Found(…)"


class Documents:
    """Fetches the documents of one call, which share their cookies. `more` are fields of the moment, such as keys."""

    def __init__(self, program: Program, record: CallRecord, more: Callable[[], Fields] = tuple) -> None:
        self.fallback_url = record.content.fallback_url
        self.fallback_method = record.content.fallback_method
        self._program = program
        self._record = record
        self._more = more
        self._page: WebUrl | None = None
        self._cookies: dict[tuple[str, str, int], dict[str, str]] = {}

    def absolute(self, reference: str) -> str:
        """What a URL in the document that runs means; as it stands where it means nothing."""
        try:
            url = parse_url(reference) if self._page is None else self._page.join(reference)
        except InvalidUrlError:
            return reference
        return url.with_fragment

    async def fetch(self, url: str, method: Method = "POST", fields: Fields = ()) -> Found:
        """The document at `url`, absolute or relative, or the fallback's. DocumentFailedError."""
        wanted = self.absolute(url)
        try:
            return await self._ask(wanted, method, fields)
        except DocumentFailedError as first:
            if not self.fallback_url:
                raise
            told = [*fields, ("ErrorCode", str(first.code)), ("ErrorUrl", wanted)]
            try:
                method = "GET" if self.fallback_method == "GET" else "POST"
                return await self._ask(self.absolute(self.fallback_url), method, told)
            except DocumentFailedError:
                raise first from None

    async def tell(self, url: str, method: Method, fields: Fields) -> None:
        """Tell the program something that it cannot act on any more. What goes wrong is in the timeline."""
        try:
            await self._answer(self.absolute(url), method, fields)
        except DocumentFailedError:
            # Noted where it happened; nobody waits for it.
            return

    def given(self, twiml: str, url: str = "") -> Found:
        """A document that came with the call or with an order. DocumentFailedError."""
        self._record.note("document", StepDetail(text=twiml, url=url))
        try:
            document = read_voice_document(parse(twiml))
        except TwimlError as error:
            self._note(error)
            raise DocumentFailedError(error.code) from None
        return self._found(document, url)

    async def _ask(self, url: str, method: Method, fields: Fields) -> Found:
        answer = await self._answer(url, method, fields)
        shown = answer.body[: MAX_BYTES + 1].decode("utf-8", "replace")
        self._record.note("document", StepDetail(text=shown, url=answer.url.text))
        try:
            document = read_voice_answer(answer.content_type, answer.body, answer.url.text)
        except TwimlError as error:
            self._note(error)
            raise DocumentFailedError(error.code) from None
        self._page = answer.url
        return self._found(document, answer.url.with_fragment)

    async def _answer(self, url: str, method: Method, fields: Fields) -> ProgramAnswer:
        try:
            origin = parse_url(url).origin
        except InvalidUrlError as error:
            self._record.step("error", str(error), code=INVALID_URL, url=url)
            raise DocumentFailedError(INVALID_URL) from None
        cookies = self._cookies.setdefault(origin, {})
        question = Question(
            account=self._record.account,
            url=url,
            method=method,
            form=(*self._record.fields(), *self._more(), *fields),
            token=str(uuid4()),
            cookies=tuple(f"{name}={value}" for name, value in cookies.items()),
        )
        try:
            answer = await patiently(lambda: self._program.ask(question, max_body_bytes=MAX_BYTES))
        except ProgramFailedError as error:
            self._record.note("webhook", StepDetail(text=error.cause, url=url, attempt=error.attempt), code=error.code)
            raise DocumentFailedError(error.code) from None
        except ConnectionError:
            self._record.step("error", "the key service that signs requests is away", code=RETRIEVAL_FAILURE, url=url)
            raise DocumentFailedError(RETRIEVAL_FAILURE) from None
        for pair in answer.cookies:
            name, _, value = pair.partition("=")
            if len(cookies) < MAX_COOKIES or name in cookies:
                cookies[name] = value
        self._record.note("webhook", StepDetail(url=url, attempt=answer.attempt))
        return answer

    def _found(self, document: VoiceDocument, url: str) -> Found:
        for warning in document.warnings:
            self._record.step(
                "warning", warning.message, code=warning.code, line=warning.line, column=warning.column, url=url
            )
        return Found(document, url)

    def _note(self, error: TwimlError) -> None:
        self._record.step("error", error.message, code=error.code, line=error.line, column=error.column)
