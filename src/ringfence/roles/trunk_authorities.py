"""Whose certificates carriers over TLS are believed by."""

import ssl

from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


def trunk_authorities(settings: Settings) -> ssl.SSLContext:
    """Whom trunks over TLS are believed. RefusalError where the file of `sip_ca` is none."""
    context = ssl.create_default_context()
    if settings.sip_ca:
        try:
            context.load_verify_locations(settings.sip_ca)
        except (OSError, ssl.SSLError) as error:
            raise RefusalError(
                f"sip_ca: {settings.sip_ca}: {error.strerror or error}", "name a file of certificates in PEM form"
            ) from None
    return context
