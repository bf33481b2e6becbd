"""Mail through an SMTP relay, as a carrier: it takes mails, and brings no news of them.

What a relay does not take for now (4xx) is offered again by the queue; what it refuses (5xx) has failed. A mail that
comes back later goes to `mail_from`, whose owner reads it: nothing here does. Source: RFC 5321, section 4.2.1.
"""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final

import structlog

from ringfence.domain.clock import Clock
from ringfence.domain.mail_address import MailAddress
from ringfence.mail.letter import letter
from ringfence.mail.smtp_session import Answer, RelayAwayError, SmtpSession, smtp_session
from ringfence.mail.smtp_url import SmtpServer
from ringfence.ports.carrier import Sink, Submit, Submitted

NAME: Final = "mail"
SESSIONS_AT_ONCE: Final = 4
RETRY_FIRST_MS: Final = 1_000
RETRY_MAX_MS: Final = 30_000
WAITS_KEPT: Final = 10_000
UNKNOWN_MAILBOX: Final = 30005
FILTERED: Final = 30007
REFUSED: Final = 30008
# RFC 5321, section 4.2.3: no such mailbox, not local, name not allowed; and a transaction that failed.
_CODES: Final = {550: UNKNOWN_MAILBOX, 551: UNKNOWN_MAILBOX, 553: UNKNOWN_MAILBOX, 554: FILTERED}

_log = structlog.get_logger(__name__)


class SmtpCarrier:
    """Implements `ports.carrier.Carrier`. `sender` is the address that mails which cannot be delivered go back to."""

    def __init__(self, server: SmtpServer, sender: MailAddress, clock: Clock, tls: ssl.SSLContext) -> None:
        self.name = NAME
        self._server = server
        self._sender = sender
        self._clock = clock
        self._tls = tls
        self._slots = asyncio.Semaphore(SESSIONS_AT_ONCE)
        self._away_until_ms = 0
        self._backoff_ms = 0
        self._waits_ms: dict[str, int] = {}

    def healthy(self) -> bool:
        """False while the relay is away."""
        return not self._backoff_ms

    async def run(self, sink: Sink) -> None:
        """A relay tells no news."""
        await asyncio.Event().wait()

    async def submit(self, texts: Sequence[Submit]) -> list[Submitted]:
        """Each over the same connection. ConnectionError where there is none."""
        if self._clock.monotonic_ms() < self._away_until_ms:
            raise ConnectionError("the mail relay is away")
        async with self._slots:
            try:
                answers = await asyncio.to_thread(self._hand_in, texts, self._clock.now_ms())
            except RelayAwayError as away:
                self._stay_away(away)
                raise
        self._backoff_ms = 0
        return [self._submitted(text, answer) for text, answer in zip(texts, answers, strict=True)]

    def _hand_in(self, mails: Sequence[Submit], at_ms: int) -> list[Answer | None]:
        """In a thread. None for what was not taken because the connection was lost on its way."""
        answers: list[Answer | None] = []
        with smtp_session(self._server, self._tls, self._sender.domain) as session:
            for mail in mails:
                try:
                    answers.append(self._handed_in(session, mail, at_ms))
                except RelayAwayError:
                    if not answers:
                        raise
                    return answers + [None] * (len(mails) - len(answers))
        return answers

    def _handed_in(self, session: SmtpSession, mail: Submit, at_ms: int) -> Answer:
        return session.send(self._sender.address, mail.to, letter(mail, at_ms))

    def _submitted(self, mail: Submit, answer: Answer | None) -> Submitted:
        if answer is None or 400 <= answer.code < 500:
            if len(self._waits_ms) >= WAITS_KEPT:
                self._waits_ms.clear()
            wait_ms = self._waits_ms.get(mail.ref, RETRY_FIRST_MS)
            self._waits_ms[mail.ref] = min(2 * wait_ms, RETRY_MAX_MS)
            return Submitted(ref=mail.ref, retry_after_ms=wait_ms, raw="" if answer is None else f"err:{answer.code}")
        self._waits_ms.pop(mail.ref, None)
        if answer.code < 400:
            return Submitted(ref=mail.ref, carrier_ref=mail.ref, raw=f"stat:ACCEPTD err:{answer.code}")
        code = _CODES.get(answer.code, REFUSED)
        return Submitted(ref=mail.ref, error_code=code, raw=f"stat:REJECTD err:{answer.code}")

    def _stay_away(self, away: RelayAwayError) -> None:
        """Ask no relay that is away for every mail that waits."""
        self._backoff_ms = min(max(RETRY_FIRST_MS, 2 * self._backoff_ms), RETRY_MAX_MS)
        self._away_until_ms = self._clock.monotonic_ms() + self._backoff_ms
        _log.warning("mail.relay_away", server=self._server.host, why=away.why, wait_ms=self._backoff_ms)
