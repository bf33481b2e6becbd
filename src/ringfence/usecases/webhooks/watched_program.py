"""A tenant's program whose answers during calls are shown to whoever watches, without what they hold."""

from collections.abc import Callable

from ringfence.domain.clock import Clock
from ringfence.ports.onlookers import Onlookers, WebhookCall
from ringfence.ports.program import Program, ProgramAnswer, ProgramFailedError, Question

# What such a request is called beside the events of webhooks, which it is not: nothing repeats it.
KIND = "call.document"
NO_EVENT = 0


class WatchedProgram:
    """`ports.program.Program`, told on to `onlookers`."""

    def __init__(self, program: Program, onlookers: Onlookers, clock: Clock) -> None:
        self._program = program
        self._onlookers = onlookers
        self._clock = clock

    async def ask(self, question: Question, *, max_body_bytes: int) -> ProgramAnswer:
        tell = self._teller(question)
        try:
            answer = await self._program.ask(question, max_body_bytes=max_body_bytes)
        except ProgramFailedError as error:
            tell("dead", error.http_status, error.code)
            raise
        tell("done", answer.status, None)
        return answer

    def _teller(self, question: Question) -> Callable[[str, int | None, int | None], None]:
        began_ms = self._clock.now_ms()
        sid = next((value for name, value in question.form if name == "CallSid"), "")

        def tell(state: str, http_status: int | None, code: int | None) -> None:
            self._onlookers.tell(
                WebhookCall(
                    at_ms=began_ms,
                    account=question.account,
                    message_sid=sid,
                    event_id=NO_EVENT,
                    kind=KIND,
                    attempt=1,
                    state=state,
                    http_status=http_status,
                    duration_ms=max(0, self._clock.now_ms() - began_ms),
                    code=code,
                )
            )

        return tell
