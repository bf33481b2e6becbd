"""By which names the carriers of texts and mails are known, as settings have them."""

from collections.abc import Sequence

from ringfence.carriers.simulator.carrier import NAME as SIMULATOR
from ringfence.mail.smtp_carrier import NAME as MAIL
from ringfence.roles.settings import Settings


def carrier_names(settings: Settings) -> Sequence[str]:
    """The simulator in dev, and the relay of mails where one is set."""
    return [*[SIMULATOR] * settings.dev, *[MAIL] * bool(settings.smtp_url)]
