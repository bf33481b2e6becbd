"""Ask a tenant's program during a call: signed like every webhook, once, with what was said written down."""

from ringfence.domain.clock import Clock
from ringfence.domain.standing import hmac_states_record
from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.ports.http import HttpClient, HttpResponse
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.program import ProgramAnswer, ProgramFailedError, Question
from ringfence.ports.store import AccountStore
from ringfence.usecases.webhooks.call_webhook import (
    RETRIEVAL_FAILURE,
    WebhookFailedError,
    WebhookRequest,
    call_webhook,
)
from ringfence.usecases.webhooks.standing_cache import StandingCache
from ringfence.usecases.webhooks.trace import Trace


class ProgramCaller:
    """Implements `ports.program.Program`. The account's Auth Token signs, as for every other webhook."""

    def __init__(self, store: AccountStore, standing: StandingCache, http: HttpClient, clock: Clock) -> None:
        self._store = store
        self._standing = standing
        self._http = http
        self._clock = clock

    async def ask(self, question: Question, *, max_body_bytes: int) -> ProgramAnswer:
        trace = Trace(self._http, self._clock)
        states = await self._states_of(question.account, trace)
        request = WebhookRequest(
            method=question.method,
            url=question.url,
            form=question.form,
            states=states,
            token=question.token,
            max_body_bytes=max_body_bytes,
            owner=question.account,
            cookies=question.cookies,
        )
        try:
            answered = await call_webhook(trace, self._clock, request)
        except WebhookFailedError as error:
            code = error.code or RETRIEVAL_FAILURE
            raise ProgramFailedError(code, error.cause, trace.attempt(error.cause), error.http_status) from None
        same_host = answered.url.origin == _origin(question.url)
        return ProgramAnswer(
            url=answered.url,
            status=answered.response.status,
            content_type=answered.response.header("content-type") or "",
            body=answered.response.body,
            cookies=_cookies(answered.response) if same_host else (),
            attempt=trace.attempt(),
        )

    async def _states_of(self, account: str, trace: Trace) -> bytes:
        credential = await self._store.credential(account)
        if credential is None:
            raise ProgramFailedError(RETRIEVAL_FAILURE, "the account has no Auth Token to sign with", trace.attempt())
        try:
            return await self._standing.open(account, hmac_states_record(credential.sid), credential.hmac_states)
        except KeyRefusedError:
            cause = "the key service refuses to open what signs"
            raise ProgramFailedError(RETRIEVAL_FAILURE, cause, trace.attempt(cause)) from None


def _cookies(response: HttpResponse) -> tuple[str, ...]:
    """`name=value` of each cookie that the answer sets."""
    return tuple(value.partition(";")[0].strip() for name, value in response.headers if name == "set-cookie")


def _origin(text: str) -> tuple[str, str, int] | None:
    try:
        return parse_url(text).origin
    except InvalidUrlError:
        return None
