"""One connection to a relay. It waits for the network, so it belongs into a thread of its own.

Source: RFC 5321; RFC 4954 (signing in); RFC 3207 (STARTTLS); RFC 3463 (enhanced codes).
"""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from typing import Final

import msgspec

from ringfence.mail.smtp_url import SmtpServer

ANSWER_S: Final = 20.0


class Answer(msgspec.Struct, frozen=True):
    """What a relay said to one mail: SMTP's code of three digits. 2xx: it has it; 4xx: not now; 5xx: never."""

    code: int


class RelayAwayError(ConnectionError):
    """No mail can be handed in now; `why` is in words that hold no secret and no address."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@contextlib.contextmanager
def smtp_session(server: SmtpServer, tls: ssl.SSLContext, own_name: str) -> "Iterator[SmtpSession]":
    """A session, signed in where the server has a user. RelayAwayError where there is none."""
    connection = _connected(server, tls, own_name)
    try:
        yield SmtpSession(connection)
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            connection.quit()
        connection.close()


class SmtpSession:
    """Hands in one mail after the other."""

    def __init__(self, connection: smtplib.SMTP) -> None:
        self._connection = connection

    def send(self, sender: str, to: str, data: bytes) -> Answer:
        """RelayAwayError where the connection is lost: whether the relay has the mail is not known then."""
        try:
            for code in self._dialogue(sender, to, data):
                if not 200 <= code < 300:
                    # Else the relay may still be at this mail, and refuse the next one.
                    self._connection.rset()
                    break
        except (smtplib.SMTPException, OSError):
            raise RelayAwayError("the connection was lost") from None
        return Answer(code)

    def _dialogue(self, sender: str, to: str, data: bytes) -> Iterator[int]:
        yield self._connection.mail(sender)[0]
        yield self._connection.rcpt(to)[0]
        yield self._handed_over(data)

    def _handed_over(self, data: bytes) -> int:
        try:
            return self._connection.data(data)[0]
        except smtplib.SMTPDataError as refused:
            # The relay would not even have the mail's content.
            return refused.smtp_code


def _connected(server: SmtpServer, tls: ssl.SSLContext, own_name: str) -> smtplib.SMTP:
    connection: smtplib.SMTP | None = None
    try:
        if server.security == "tls":
            connection = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=own_name, timeout=ANSWER_S, context=tls
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, local_hostname=own_name, timeout=ANSWER_S)
        if server.security == "starttls":
            connection.starttls(context=tls)
        if server.user:
            connection.login(server.user, server.password)
        connection.ehlo_or_helo_if_needed()
        return connection
    except smtplib.SMTPAuthenticationError:
        why = "it does not take the user and password"
    except smtplib.SMTPNotSupportedError:
        why = "it does not offer STARTTLS, or no way to sign in that is known here"
    except ssl.SSLError:
        why = "its certificate is not believed, or it speaks no TLS"
    except smtplib.SMTPException:
        why = "it refused the connection"
    except OSError:
        why = "it cannot be reached"
    if connection is not None:
        connection.close()
    raise RelayAwayError(why)
