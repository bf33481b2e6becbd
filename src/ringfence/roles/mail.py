"""Which way mails with codes take in an installation."""

import ssl

from ringfence.carriers.simulator.carrier import NAME as SIMULATOR
from ringfence.domain.clock import Clock
from ringfence.domain.mail_address import parse_mail_address
from ringfence.mail.smtp_carrier import NAME as MAIL
from ringfence.mail.smtp_carrier import SmtpCarrier
from ringfence.mail.smtp_url import parse_smtp_url
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.usecases.messaging.mail_with_code import MailRoute

DEV_SENDER = "codes@ringfence.example"


def mail_route(settings: Settings) -> MailRoute | None:
    """To the relay that is set; else, in dev, to the simulator's mailboxes. None where no mail is sent."""
    if settings.smtp_url:
        return MailRoute(carrier=MAIL, sender=settings.mail_from)
    return MailRoute(carrier=SIMULATOR, sender=settings.mail_from or DEV_SENDER, anybody=True) if settings.dev else None


def mailer_of(settings: Settings, clock: Clock) -> SmtpCarrier | None:
    """Who hands mails to the relay; None where none is set. RefusalError where the file of `smtp_ca` is none."""
    if not settings.smtp_url:
        return None
    sender = parse_mail_address(settings.mail_from)
    assert sender is not None, "settings have been checked"
    return SmtpCarrier(parse_smtp_url(settings.smtp_url), sender, clock, relay_authorities(settings))


def relay_authorities(settings: Settings) -> ssl.SSLContext:
    """Whom a relay's certificate is believed. RefusalError where the file of `smtp_ca` is none."""
    context = ssl.create_default_context()
    if settings.smtp_ca:
        try:
            context.load_verify_locations(settings.smtp_ca)
        except (OSError, ssl.SSLError) as error:
            raise RefusalError(
                f"smtp_ca: {settings.smtp_ca}: {error.strerror or error}", "name a file of certificates in PEM form"
            ) from None
    return context
