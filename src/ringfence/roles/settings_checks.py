"""What must hold between settings, and what each must look like beyond its type."""

import re
from urllib.parse import urlsplit

from ringfence.api.trusted_proxies import parse_networks
from ringfence.carriers.sip.listen import parse_listen
from ringfence.carriers.sip.trunk import TrunkError, check_trunks
from ringfence.domain.mail_address import parse_mail_address
from ringfence.domain.passkeys.origin import read_origin
from ringfence.mail.smtp_url import parse_smtp_url
from ringfence.roles.clock_file import parse_offset_ms
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import KEY_SOCKETS, Settings, described
from ringfence.roles.witness_file import parse_witnesses

EVERY_ADDRESS = frozenset({"0.0.0.0", "[::]"})  # noqa: S104


def check_settings(settings: Settings) -> None:
    """Return where the settings fit together. RefusalError names the first that does not, and its cure."""
    if settings.base_url and not re.fullmatch(r"https?://[^/?#@\s]+(/[^?#\s]*)?", settings.base_url):
        raise RefusalError(
            f"base_url: {settings.base_url!r} is not a URL", "give it as https://host[:port]", exit_code=2
        )
    if settings.mode == "production" and not settings.base_url:
        raise RefusalError(
            "base_url: needed in production", 'add base_url = "https://…" to ringfence.toml', exit_code=2
        )
    if settings.database_url and not settings.database_url.startswith(("postgresql://", "postgres://")):
        raise RefusalError(
            "database_url: no URL of PostgreSQL", "give it as postgresql://USER@HOST/DATABASE", exit_code=2
        )
    if settings.keys_from and not settings.database_url:
        raise RefusalError(
            "keys_from: installations share keys only where they share a database", "set database_url too", exit_code=2
        )
    _check_key_users(settings)
    try:
        parse_networks(settings.trusted_proxies)
    except ValueError as error:
        raise RefusalError(
            f"trusted_proxies: {error}", "give addresses or networks: 10.0.0.7, 10.0.0.0/8, ::1", exit_code=2
        ) from None
    try:
        parse_witnesses(settings.ledger_witnesses)
    except ValueError as error:
        raise RefusalError(f"ledger_witnesses: {error}", described("ledger_witnesses"), exit_code=2) from None
    _check_sip(settings)
    _check_mail(settings)
    _check_origins(settings)
    if settings.clock:
        parse_offset_ms(settings.clock, now_ms=0)
        if settings.mode == "production":
            raise RefusalError("clock: cannot be moved in production", "remove it", exit_code=2)


def _check_origins(settings: Settings) -> None:
    if settings.staff_models and not settings.staff_roots:
        raise RefusalError("staff_models: are claims without staff_roots", described("staff_roots"), exit_code=2)
    given = [name for name in ("console_url", "operator_url", "keys_url") if getattr(settings, name)]
    for name in given:
        url = getattr(settings, name)
        try:
            read = "://" in url and read_origin(url.rstrip("/"))
        except ValueError:
            read = ""
        if not read or read != url.rstrip("/"):
            raise RefusalError(f"{name}: {url!r} is no origin", "give it as https://host[:port]", exit_code=2)
    hosts = [urlsplit(getattr(settings, name)).hostname for name in given]
    if len(set(hosts)) != len(hosts):
        raise RefusalError(
            f"{', '.join(given)}: share a host", "give each a name of its own: passkeys are of one", exit_code=2
        )


def _check_key_users(settings: Settings) -> None:
    for each in settings.key_users:
        name, _, user = each.partition("=")
        if name not in KEY_SOCKETS or not user:
            raise RefusalError(f"key_users: {each!r} is not SOCKET=USER", described("key_users"), exit_code=2)
    if settings.key_users and not settings.key_sockets:
        raise RefusalError(
            "key_users: the data folder is closed to others", "set key_sockets to a folder outside it", exit_code=2
        )


def _check_mail(settings: Settings) -> None:
    if settings.mail_from and parse_mail_address(settings.mail_from) is None:
        raise RefusalError("mail_from: no mail address", "give it as codes@example.com", exit_code=2)
    if not settings.smtp_url:
        return
    try:
        parse_smtp_url(settings.smtp_url)
    except ValueError as error:
        raise RefusalError(f"smtp_url: {error}", described("smtp_url"), exit_code=2) from None
    if not settings.mail_from:
        raise RefusalError("mail_from: needed where smtp_url is set", described("mail_from"), exit_code=2)


def _check_sip(settings: Settings) -> None:
    try:
        kinds = {parse_listen(text).kind for text in settings.sip_listen}
    except ValueError as error:
        raise RefusalError(f"sip_listen: {error}", described("sip_listen"), exit_code=2) from None
    first = parse_listen(settings.sip_listen[0]).host if settings.sip_listen else ""
    if not settings.sip_host and first in EVERY_ADDRESS:
        raise RefusalError("sip_host: needed where SIP listens on every address", described("sip_host"), exit_code=2)
    if kinds & {"tls", "wss"} and not settings.sip_certificate:
        raise RefusalError("sip_certificate: needed for tls and wss", described("sip_certificate"), exit_code=2)
    try:
        check_trunks(settings.trunk)
    except TrunkError as error:
        raise RefusalError(f"trunk: {error}", "correct the [[trunk]] table", exit_code=2) from None
