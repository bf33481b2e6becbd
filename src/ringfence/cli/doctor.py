"""`ringfence doctor`: is everything there that an installation needs, and if not, what to do."""

import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from ringfence.carriers.sip.trunk import TrunkError
from ringfence.cli.doctor_policies import policies_found
from ringfence.cli.terminal import Terminal
from ringfence.domain.how_many import how_many
from ringfence.roles.asn_file import asn_networks
from ringfence.roles.installation_lock import holder, lone_roles
from ringfence.roles.key_look import KeyRestError, look_at_rest
from ringfence.roles.listeners import bind
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.settings_sources import unknown_variables
from ringfence.roles.trunk_authorities import trunk_authorities
from ringfence.roles.verify_templates import verify_templates

FREE_DISK_MIN_MB = 200
EARLIEST_PLAUSIBLE_YEAR = 2025


class Finding(msgspec.Struct, frozen=True):
    """One check: what was looked at, what was found, and when that is bad, the cure."""

    subject: str
    found: str
    cure: str = ""


def doctor(settings: Settings) -> None:
    """Print every finding; exit code 1 when something needs a cure."""
    terminal = Terminal()
    findings = list(examine(settings))
    for finding in findings:
        sign = "✗" if finding.cure else "✓"
        terminal.say(f"{sign} {finding.subject:<12} {finding.found}" + (f" → {finding.cure}" if finding.cure else ""))
    wrong = sum(bool(finding.cure) for finding in findings)
    if wrong:
        raise RefusalError(
            f"{wrong} of {how_many(len(findings), 'check')} failed", "each line with ✗ says how to fix it"
        )


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in a fixed order. Nothing is changed."""
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _python, _environment, _data_folder, _disk, _unix_sockets, _port, _consoles, _key_origin, _addresses,
        _clock, _keys, _carrier, _trunks, _codes, _policies, _browser,
    )  # fmt: skip
    for check in checks:
        yield check(settings)


def _python(_: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", version, "" if sys.version_info >= (3, 11) else "install Python 3.11 or later")


def _environment(_: Settings) -> Finding:
    unknown = unknown_variables(os.environ)
    if unknown:
        return Finding(
            "environment", f"{', '.join(unknown)}: no such setting", "; ".join(dict.fromkeys(unknown.values()))
        )
    return Finding("environment", "no unknown variable")


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    if not folder.exists():
        parent = next(above for above in folder.parents if above.exists())
        cure = "" if os.access(parent, os.W_OK) else f"make {parent} writable, or choose another with --data"
        return Finding("data folder", f"{folder} (not yet made)", cure)
    found = folder.stat()
    if found.st_uid != os.getuid():
        return Finding("data folder", f"{folder} is another user's", "choose another with --data")
    if found.st_mode & 0o077:
        return Finding("data folder", f"{folder} is open to others", f"chmod 700 {folder}")
    return Finding("data folder", str(folder))


def _disk(settings: Settings) -> Finding:
    place = next(above for above in (settings.data_dir, *settings.data_dir.parents) if above.exists())
    free_mb = shutil.disk_usage(place).free >> 20
    return Finding("disk", f"{free_mb} MB free", "" if free_mb >= FREE_DISK_MIN_MB else "make room")


def _unix_sockets(settings: Settings) -> Finding:
    try:
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(Path(folder) / "probe.sock"))
    except OSError as error:
        return Finding("sockets", f"no Unix sockets: {error.strerror}", "allow AF_UNIX to this process")
    return Finding("sockets", str(settings.run_dir))


def _policies(settings: Settings) -> Finding:
    return Finding("policies", *policies_found(settings))


def _port(settings: Settings) -> Finding:
    if (pid := holder(settings.data_dir)) is not None:
        return Finding("port", f"{settings.port} (ringfence is up, pid {pid})")
    if "api" in (alone := lone_roles(settings.data_dir)):
        return Finding("port", f"{settings.port} (its api runs alone, pid {alone['api']})")
    try:
        for listener in bind(settings.hosts, settings.port):
            listener.close()
    except RefusalError as refusal:
        return Finding("port", refusal.cause, refusal.cure)
    return Finding("port", f"{settings.port} free")


def _consoles(settings: Settings) -> Finding:
    return _page_port(settings, "consoles", "console", settings.console_port, "console_port")


def _key_origin(settings: Settings) -> Finding:
    return _page_port(settings, "key origin", "key_origin", settings.keys_port, "keys_port")


def _page_port(settings: Settings, subject: str, role: str, port: int, setting: str) -> Finding:
    """In dev a free one is taken instead, and shown; in production a proxy knows the one that is set."""
    if (pid := holder(settings.data_dir)) is not None:
        return Finding(subject, f"{port} (ringfence is up, pid {pid})")
    if role in (alone := lone_roles(settings.data_dir)):
        return Finding(subject, f"{port} (it runs alone, pid {alone[role]})")
    try:
        for listener in bind(settings.hosts, port):
            listener.close()
    except RefusalError as refusal:
        instead = "a free one is taken instead" if settings.dev else ""
        cure = "" if settings.dev else f"stop what has it, or set {setting}"
        return Finding(subject, "; ".join(filter(None, (refusal.cause, instead))), cure)
    return Finding(subject, f"{port} free" if port else "a free one")


def _addresses(settings: Settings) -> Finding:
    outside = [host for host in settings.hosts if host != "::1" and not host.startswith("127.")]
    if outside and settings.dev:
        return Finding(
            "addresses",
            f"{', '.join(outside)}: anyone there can use the phones",
            'mode = "production", or loopback only',
        )
    return Finding("addresses", ", ".join(settings.hosts))


def _clock(_: Settings) -> Finding:
    now = time.gmtime()
    cure = "set the machine's clock" if now.tm_year < EARLIEST_PLAUSIBLE_YEAR else ""
    return Finding("clock", time.strftime("%Y-%m-%d %H:%M:%S UTC", now), cure)


def _keys(settings: Settings) -> Finding:
    if not settings.owns_keys:
        return Finding("keys", f"of another installation, by {settings.keys_from}")
    try:
        return Finding("keys", look_at_rest(settings.kms_dir))
    except PermissionError:
        return Finding("keys", f"{settings.kms_dir} is another user's: nothing to see from here")
    except KeyRestError as error:
        return Finding("keys", str(error), error.cure)


def _carrier(settings: Settings) -> Finding:
    if settings.dev:
        return Finding("carrier", "the simulator, with its phones in the browser")
    return Finding("carrier", "none is built yet for production", 'mode = "dev"')


def _trunks(settings: Settings) -> Finding:
    if not settings.trunk:
        return Finding("trunks", "none: calls to numbers reach the phones in the browser alone")
    for trunk in settings.trunk:
        try:
            trunk.secret()
        except TrunkError as error:
            return Finding("trunks", str(error), "set it for the process that runs calls")
    try:
        trunk_authorities(settings)
    except RefusalError as error:
        return Finding("trunks", error.cause, error.cure)
    return Finding("trunks", ", ".join(trunk.name for trunk in settings.trunk))


def _codes(settings: Settings) -> Finding:
    try:
        own, networks = verify_templates(settings).own, asn_networks(settings)
    except RefusalError as refusal:
        return Finding("codes", refusal.cause, refusal.cure)
    found = f"{how_many(len(own), 'template')} of your own" if own else "the templates that everybody has"
    return Finding("codes", found if networks is None else f"{found}, {how_many(len(networks), 'range')} of networks")


def _browser(_: Settings) -> Finding:
    found = shutil.which("chromium")
    return Finding("chromium", f"{found or 'absent'} (only the project's own browser tests need it)")
