"""Everything an operator may set, from ringfence.toml, RINGFENCE_* variables and flags, in that order.

Reference: docs/reference/settings.md, which a test holds in step with the descriptions below.
"""

import difflib
import os
import re
import tomllib
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from ringfence.api.trusted_proxies import parse_networks
from ringfence.carriers.sip.listen import parse_listen
from ringfence.carriers.sip.trunk import Trunk, TrunkError, check_trunks
from ringfence.domain.mail_address import parse_mail_address
from ringfence.domain.passkeys.origin import read_origin
from ringfence.mail.smtp_url import parse_smtp_url
from ringfence.roles.clock_file import parse_offset_ms
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import run_dir_of, sockets_in
from ringfence.roles.witness_file import parse_witnesses

CONFIG_NAME = "ringfence.toml"
ENVIRONMENT_PREFIX = "RINGFENCE_"
# Variables of the project that set nothing here.
OTHER_VARIABLES = frozenset({"RINGFENCE_CONFIG", "RINGFENCE_REFERENCE", "RINGFENCE_DESIGN", "RINGFENCE_SHOTS"})
# How the sockets of an installation itself begin, even where key service and simulator are another's.
KEY_SOCKETS = ("kms-api", "kms-dispatcher", "kms-console", "kms-operator")
OWN_SOCKETS = ("wake", "voice-", "live-", "media")
EVERY_ADDRESS = frozenset({"0.0.0.0", "[::]"})  # noqa: S104
ALL_SETTINGS = "`ringfence init` writes a file with every setting"


def default_data_dir() -> Path:
    """$XDG_DATA_HOME/ringfence, by default ~/.local/share/ringfence."""
    home = os.environ.get("XDG_DATA_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".local" / "share") / "ringfence"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One installation's settings. Each description is what the documentation and `ringfence init` print."""

    data_dir: Annotated[Path, Meta(description="Folder of the database, the keys and the sockets. Mode 0700.")] = (
        msgspec.field(default_factory=default_data_dir)
    )
    database_url: Annotated[
        str,
        Meta(description="PostgreSQL, postgresql://USER@HOST/DATABASE. Empty: SQLite in the data folder."),
    ] = ""
    keys_from: Annotated[
        str,
        Meta(description="Folder of the sockets of another installation's key service, and simulator. Empty: its own."),
    ] = ""
    key_sockets: Annotated[
        str,
        Meta(description="Folder of the key service's sockets where other users are to reach them; see `key_users`."),
    ] = ""
    key_users: Annotated[
        tuple[str, ...],
        Meta(description="Unix users beside its own that may use a socket of the key service: kms-api=ringfence_api."),
    ] = ()
    hybrid_sealing: Annotated[
        bool, Meta(description="Seal new accounts by X25519 and ML-KEM-768 together; browsers cannot open them.")
    ] = False
    mode: Annotated[
        Literal["dev", "production"],
        Meta(description="dev has the simulator and its Phones page; production has neither."),
    ] = "dev"
    hosts: Annotated[tuple[str, ...], Meta(description="Addresses the public port listens on.", min_length=1)] = (
        "127.0.0.1",
        "::1",
    )
    port: Annotated[int, Meta(description="Public port; 0 takes a free one.", ge=0, le=65535)] = 8420
    base_url: Annotated[
        str,
        Meta(description="What clients call this installation. Empty in dev: http://localhost:PORT."),
    ] = ""
    console_port: Annotated[
        int, Meta(description="Port of both consoles; where it is taken, or 0, a free one.", ge=0, le=65535)
    ] = 8421
    keys_port: Annotated[
        int,
        Meta(description="Port of the key origin; where it is taken, or 0, a free one.", ge=0, le=65535),
    ] = 8422
    console_url: Annotated[
        str,
        Meta(description="Origin of the tenants' console. Empty in dev: http://console.localhost:CONSOLE_PORT."),
    ] = ""
    operator_url: Annotated[
        str,
        Meta(description="Origin of the operator's console. Empty in dev: http://operator.localhost:CONSOLE_PORT."),
    ] = ""
    keys_url: Annotated[
        str,
        Meta(description="Origin of the code that touches keys in browsers. Empty in dev: http://keys.localhost:PORT."),
    ] = ""
    staff_roots: Annotated[
        str,
        Meta(
            description="PEM file of the makers whose authenticators staff may enrol. Empty in dev: anybody's; "
            "needed in production."
        ),
    ] = ""
    staff_models: Annotated[
        tuple[str, ...],
        Meta(description="Models (AAGUID) of authenticators that staff may enrol. Empty: all of staff_roots' makers."),
    ] = ()
    staff_policies: Annotated[
        str,
        Meta(
            description="Folder of Cedar policies (*.cedar) that say what staff may do. Empty: those that come along."
        ),
    ] = ""
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Reverse proxies (addresses, CIDR) whose X-Forwarded-For and X-Forwarded-Proto are believed."),
    ] = ()
    clock: Annotated[
        str,
        Meta(description="Moves the clock (dev only): +24h, -90m, or a time, 2026-03-02T08:00Z. Empty: real time."),
    ] = ""
    api_processes: Annotated[
        int, Meta(description="Processes that serve the public port under `up`; one uses one core.", ge=1, le=64)
    ] = 1
    number_rate_mps: Annotated[
        float, Meta(description="Texts a second that one number may send.", gt=0, le=100_000)
    ] = 100.0
    account_rate_mps: Annotated[
        float, Meta(description="Texts a second that all numbers of one account may send together.", gt=0, le=100_000)
    ] = 1000.0
    number_rates: Annotated[
        tuple[str, ...], Meta(description="Numbers with a rate of their own, +12025550123=1: texts a second.")
    ] = ()
    account_rates: Annotated[
        tuple[str, ...], Meta(description="Accounts with a rate of their own, AC…=5: texts a second.")
    ] = ()
    sender_queue_s: Annotated[
        int, Meta(description="Seconds of sending that may wait for one number; more is refused.", ge=1, le=864_000)
    ] = 14_400
    api_rate_rps: Annotated[
        float,
        Meta(description="API requests a second of one account and its subaccounts; 0: as many as fit.", ge=0),
    ] = 0.0
    verify_fraud_guard: Annotated[
        Literal["", "off", "basic", "standard", "max"],
        Meta(description="How soon codes that nobody brings back stop. Empty: off in dev, standard in production."),
    ] = ""
    asn_file: Annotated[
        str, Meta(description="Table of whose network an address is (IPtoASN's TSV, .gz too): the guard counts by it.")
    ] = ""
    verify_countries: Annotated[
        tuple[str, ...],
        Meta(description="Countries that codes may go to, ISO 3166. Empty: all."),
    ] = ()
    verify_spend: Annotated[
        float,
        Meta(
            description="What codes of an account and its subaccounts may cost within a day; more are refused.",
            ge=0,
            le=1_000_000_000,
        ),
    ] = 250.0
    verify_spends: Annotated[
        tuple[str, ...],
        Meta(description="Accounts and Verify Services with a bound of their own: AC…=500, VA…=20."),
    ] = ()
    verify_templates: Annotated[
        str, Meta(description="TOML file of templates of your own for codes, a [[template]] table each.")
    ] = ""
    smtp_url: Annotated[
        str,
        Meta(
            description="Relay that takes mails with codes: smtp://USER:PASSWORD@HOST:587, or smtps://. "
            "Empty: mailboxes in dev, no mail in production."
        ),
    ] = ""
    mail_from: Annotated[str, Meta(description="Address that mails with codes come from.")] = ""
    smtp_ca: Annotated[
        str, Meta(description="PEM file of authorities that `smtp_url` may be certified by, beside the system's.")
    ] = ""
    call_countries: Annotated[
        tuple[str, ...],
        Meta(description="Countries whose ordinary numbers every account may call, ISO 3166; US has Canada with it."),
    ] = ("US",)
    call_rate_cps: Annotated[
        float, Meta(description="Calls a second that one account may begin; more wait in line.", gt=0, le=10_000)
    ] = 10.0
    calls_at_once: Annotated[
        int,
        Meta(description="Calls of one account and its subaccounts that may be under way at once.", ge=1, le=1_000_000),
    ] = 1_000
    call_max_price: Annotated[
        float, Meta(description="The most that a minute of a call may cost, in the currency of the rates.", ge=0)
    ] = 0.5
    call_spend: Annotated[
        float,
        Meta(
            description="What an account's and its subaccounts' calls may cost within an hour; more are ended.",
            ge=0,
        ),
    ] = 10.0
    call_new_countries: Annotated[
        int, Meta(description="Countries that one account may call for the first time within a day.", ge=0)
    ] = 10
    account_calls: Annotated[
        tuple[str, ...],
        Meta(description="Accounts with bounds of their own on calls: AC… spend=500 at_once=5000 cps=50 max_price=2."),
    ] = ()
    ice_servers: Annotated[
        tuple[str, ...],
        Meta(description="STUN and TURN servers that Tokens name: stun:HOST:PORT, turn:HOST:PORT?transport=udp."),
    ] = ()
    turn_secret: Annotated[
        str, Meta(description="Secret that the TURN servers share, as coturn's static-auth-secret. Empty: none.")
    ] = ""
    egress_allow: Annotated[
        tuple[str, ...],
        Meta(description="Networks (CIDR), addresses or names that webhooks may reach beyond the public Internet."),
    ] = ()
    egress_ports: Annotated[
        tuple[int, ...], Meta(description="Ports that webhooks and SIP addresses may reach beyond those open to all.")
    ] = ()
    sip_listen: Annotated[
        tuple[str, ...],
        Meta(description="What SIP listens on, KIND:HOST:PORT: udp, tcp, tls, ws or wss. Port 0 takes a free one."),
    ] = ("udp:127.0.0.1:5060", "tcp:127.0.0.1:5060", "ws:127.0.0.1:5066")
    sip_host: Annotated[
        str, Meta(description="Address that phones and carriers reach SIP by. Empty: the first of sip_listen.")
    ] = ""
    sip_domain: Annotated[
        str, Meta(description="What names of SIP Domains end with, beside sip.twilio.com: NAME.sip.localhost.")
    ] = "sip.localhost"
    sip_certificate: Annotated[
        str, Meta(description="PEM file of certificate and key for tls and wss, and for trunks that ask for one.")
    ] = ""
    trunk: Annotated[
        tuple[Trunk, ...], Meta(description="Carriers for calls, a [[trunk]] table each, with name, host and more.")
    ] = ()
    ledger_witnesses: Annotated[
        tuple[str, ...],
        Meta(description="Who cosigns the ledger's checkpoints (C2SP tlog-witness): URL name+id+key. Empty: nobody."),
    ] = ()
    webhook_detail: Annotated[
        Literal["all", "failures", "none"],
        Meta(description="Of which webhook attempts the timeline keeps request, answer and timing, sealed."),
    ] = "all"
    media_workers: Annotated[
        int, Meta(description="Processes that carry the sound of calls: one for each core to spare.", ge=1, le=64)
    ] = 1
    sip_ca: Annotated[
        str, Meta(description="PEM file of authorities that trunks over TLS may be certified by, beside the system's.")
    ] = ""
    media_address: Annotated[str, Meta(description="Address of ours that the sound of calls is sent to.")] = "127.0.0.1"
    wideband: Annotated[
        bool,
        Meta(description="Speak G.722 and Opus before G.711 where a phone can: calls of two such phones sound better."),
    ] = False
    media_public_address: Annotated[
        str, Meta(description="What others reach media_address by, where a NAT stands between. Empty: the same.")
    ] = ""
    media_ports: Annotated[str, Meta(description="UDP ports for the sound of calls, two a leg.")] = "20000-29999"
    speech_url: Annotated[
        str,
        Meta(
            description="Service that speaks (http, https, ws, wss); what is said leaves here. Empty: the voices here."
        ),
    ] = ""
    lookup_url: Annotated[
        str,
        Meta(description="HTTP service that tells lookups of numbers; what is asked leaves this machine. Empty: none."),
    ] = ""
    lookup_token: Annotated[str, Meta(description="Bearer token for `lookup_url`. Empty: none is sent.")] = ""
    recordings_dir: Annotated[
        str, Meta(description="Folder of calls' recordings, which are sealed. Empty: recordings/ in the data folder.")
    ] = ""
    log_mb: Annotated[
        int,
        Meta(description="Megabytes that log files in the data folder may take together; 0: none.", ge=0, le=10_000),
    ] = 40
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least level that is logged.")
    ] = "info"

    def __repr__(self) -> str:
        """Without the URLs of the database and of the mail relay, which may hold passwords."""
        return f"Settings({self.data_dir})"

    @property
    def dev(self) -> bool:
        return self.mode == "dev"

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        return self.base_url.rstrip("/") or f"http://localhost:{self.port}"

    @property
    def tenant_origin(self) -> str:
        """The origin of the tenants' console, without a slash at its end."""
        return self.console_url.rstrip("/") or f"http://console.localhost:{self.console_port}"

    @property
    def operator_origin(self) -> str:
        """The origin of the operator's console."""
        return self.operator_url.rstrip("/") or f"http://operator.localhost:{self.console_port}"

    @property
    def keys_origin(self) -> str:
        """The origin of the code that touches keys in browsers."""
        return self.keys_url.rstrip("/") or f"http://keys.localhost:{self.keys_port}"

    @property
    def console_dir(self) -> Path:
        """The consoles' own folder: staff, members, sessions."""
        return self.data_dir / "console"

    @property
    def database(self) -> Path:
        """The SQLite file that api and dispatcher share, where no `database_url` is set."""
        return self.data_dir / "ringfence.db"

    @property
    def kms_dir(self) -> Path:
        """The key service's own folder; no other role opens it."""
        return self.data_dir / "kms"

    @property
    def recordings(self) -> Path:
        """The folder of calls' recordings."""
        return Path(self.recordings_dir).expanduser() if self.recordings_dir else self.data_dir / "recordings"

    def media_sockets(self) -> list[Path]:
        """Where the media workers answer, in the order of `media_roles`."""
        return [self.socket(role) for role in self.media_roles]

    @property
    def media_roles(self) -> list[str]:
        """The names of the media workers' processes."""
        return ["media", *(f"media-{number}" for number in range(2, self.media_workers + 1))]

    @property
    def run_dir(self) -> Path:
        """Folder of sockets, lock and clock."""
        return run_dir_of(self.data_dir)

    @property
    def owns_keys(self) -> bool:
        """False where key service and simulator are another installation's."""
        return not self.keys_from

    @property
    def clock_file(self) -> Path:
        """The clock that is moved for all who share a key service."""
        return self._services_dir / "clock"

    def socket(self, name: str) -> Path:
        """A Unix socket: kms-api, -dispatcher, -operator, -console, simulator, wake, voice-wake, media, live-…"""
        if self.owns_keys and name in {each.partition("=")[0] for each in self.key_users}:
            return Path(self.key_sockets).expanduser() / f"{name}.sock"
        return (self.run_dir if name.startswith(OWN_SOCKETS) else self._services_dir) / f"{name}.sock"

    @property
    def _services_dir(self) -> Path:
        return sockets_in(Path(self.keys_from)) if self.keys_from else self.run_dir


NAMES = Settings.__struct_fields__


def load_settings(
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    **flags: Any,
) -> Settings:
    """The settings that hold: defaults, then the file, then the environment, then flags that are not None.

    The file is `config`, else $RINGFENCE_CONFIG, else ./ringfence.toml if there is one.
    RefusalError names file, line and cause of the first thing that is wrong.
    """
    surroundings = os.environ if environment is None else environment
    chosen: dict[str, Any] = {}
    path = config or (Path(named) if (named := surroundings.get("RINGFENCE_CONFIG")) else None)
    if path is not None or Path(CONFIG_NAME).exists():
        chosen |= _from_file(path or Path(CONFIG_NAME))
    chosen |= _from_environment(surroundings)
    chosen |= _typed({name: value for name, value in flags.items() if value is not None}, "flags", strict=True)
    settings = Settings(**chosen)
    settings = msgspec.structs.replace(
        settings,
        data_dir=settings.data_dir.expanduser().resolve(),
        keys_from=settings.keys_from and str(Path(settings.keys_from).expanduser().resolve()),
    )
    _check(settings)
    return settings


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that look like settings and are none, each with its cure."""
    known = [f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in NAMES]
    return {
        name: _meant(name, known)
        for name in sorted(environment)
        if name.startswith(ENVIRONMENT_PREFIX) and name not in known and name not in OTHER_VARIABLES
    }


def described(name: str) -> str:
    """The description of a setting."""
    hint = typing.get_type_hints(Settings, include_extras=True)[name]
    text: str = hint.__metadata__[0].description
    return text


def encode(settings: Settings) -> bytes:
    """Settings as JSON, for a child process."""
    return msgspec.json.encode(settings, enc_hook=str)


def decode(data: bytes) -> Settings:
    """The settings that `encode` wrote."""
    return msgspec.json.decode(data, type=Settings, dec_hook=_path)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise RefusalError(f"{path}: {error.strerror}", "name another with --config", exit_code=2) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RefusalError(f"{path}: {error}", "correct the file", exit_code=2) from None
    try:
        return _typed(table, str(path), strict=True)
    except RefusalError as refusal:
        where = f"{path}:{_line_of(text, refusal.key)}" if isinstance(refusal, _SettingError) else str(path)
        raise RefusalError(f"{where}: {refusal.cause}", refusal.cure, exit_code=2) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in NAMES:
        value = environment.get(f"{ENVIRONMENT_PREFIX}{name.upper()}")
        if value:
            found[name] = value.split(",") if isinstance(getattr(Settings(), name), tuple) else value
    try:
        return _typed(found, "environment", strict=False)
    except _SettingError as refusal:
        variable = f"{ENVIRONMENT_PREFIX}{refusal.key.upper()}"
        raise RefusalError(f"{variable}: {refusal.cause}", refusal.cure, exit_code=2) from None


class _SettingError(RefusalError):
    def __init__(self, key: str, cause: str, cure: str) -> None:
        super().__init__(cause, cure, exit_code=2)
        self.key = key


def _typed(table: Mapping[str, Any], source: str, *, strict: bool) -> dict[str, Any]:
    for key in table:
        if key not in NAMES:
            raise _SettingError(key, f"unknown setting {key!r}", _meant(key, NAMES))
    try:
        settings = msgspec.convert(dict(table), Settings, strict=strict, dec_hook=_path)
    except msgspec.ValidationError as error:
        cause, _, where = str(error).partition(" - at `$.")
        key = re.split(r"[.\[`]", where)[0] if where else source
        raise _SettingError(key, f"{key}: {cause}", described(key) if key in NAMES else ALL_SETTINGS) from None
    return {name: getattr(settings, name) for name in table}


def _meant(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"did you mean {near[0]}?" if near else ALL_SETTINGS


def _path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise TypeError(f"no setting has type {kind.__name__}")


def _line_of(text: str, key: str) -> int:
    pattern = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[\].=]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)


def _check(settings: Settings) -> None:
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
