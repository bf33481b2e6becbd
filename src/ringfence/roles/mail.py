"""Which way mails with codes take in an installation."""

from ringfence.carriers.simulator.carrier import NAME as SIMULATOR
from ringfence.roles.settings import Settings
from ringfence.usecases.messaging.mail_with_code import MailRoute

DEV_SENDER = "codes@ringfence.example"


def mail_route(settings: Settings) -> MailRoute | None:
    """In dev to the simulator's mailboxes; None where no mail is sent."""
    return MailRoute(carrier=SIMULATOR, sender=DEV_SENDER) if settings.dev else None
