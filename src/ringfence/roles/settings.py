"""Everything an operator may set.

Where it is read from is in `settings_sources`, what must fit together in `settings_checks`.
Reference: docs/reference/settings.md, which a test holds in step with the descriptions below.
"""

import os
import typing
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ringfence.carriers.sip.trunk import Trunk
from ringfence.roles.run_dir import run_dir_of, sockets_in

KEY_SOCKETS = ("kms-api", "kms-dispatcher", "kms-console", "kms-operator")
# How the sockets of an installation itself begin, even where key service and simulator are another's.
OWN_SOCKETS = ("wake", "voice-", "live-", "media")


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
    hybrid_sealing: Annotated[bool, Meta(description="Seal new accounts by X25519 and ML-KEM-768 together.")] = False
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
    return msgspec.json.decode(data, type=Settings, dec_hook=read_path)


def read_path(kind: type, value: Any) -> Any:
    """What msgspec asks for a setting that is a folder."""
    if kind is Path:
        return Path(value)
    raise TypeError(f"no setting has type {kind.__name__}")
