"""`ringfence keys`: how the key service's own keys rest on disk, and how they are moved and renewed."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from ringfence.cli.installation import Installation, operate
from ringfence.cli.key_secret import asked_key_secret, prompt
from ringfence.cli.options import Config, Data, settings_of
from ringfence.cli.terminal import Terminal
from ringfence.domain.how_many import how_many
from ringfence.key_origin.bundle_files import bundle_files, bundle_hash
from ringfence.kms.hsm_seal import HsmAwayError, HsmSeal
from ringfence.kms.key_files import KeyFiles
from ringfence.kms.key_move import move_keys
from ringfence.kms.key_rest import KeyFileError, KeySeal, PlainSeal, WrongSecretError, kind_of
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.passphrase_seal import PASSPHRASE_MIN, PassphraseSeal
from ringfence.kms.unlock import KEYS, unlock
from ringfence.ports.ledger import AccessEntry
from ringfence.roles.installation_lock import InstallationLock
from ringfence.roles.key_look import RESTORE, KeyRestError, look_at_rest
from ringfence.roles.process import clock_of
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.standing_sweep import sweep_standing

OPERATOR = "operator"
NOT_ROTATED = {
    "tables": "what it blinds, opted-out numbers above all, is written nowhere else: no list could be made anew",
    "dispatcher": "it is made anew each day by itself",
    "verification": "it is made anew each day by itself",
}
KINDS = ("file", "passphrase", "pkcs11")

commands = typer.Typer(
    help="The key service's own keys, and the code that touches keys in browsers.", no_args_is_help=True
)


@commands.command("bundle-hash")
def bundle_hash_of_this_version() -> None:
    """Print the SHA-256 of what this version's key origin serves. The ledger has it too: verb note.serve_bundle."""
    sys.stdout.write(bundle_hash(bundle_files()) + "\n")


@commands.command("show")
def show_rest(config: Config = None, data: Data = None) -> None:
    """Say how the key files rest. Nothing is opened."""
    settings = _own(settings_of(config, data))
    try:
        Terminal().say(look_at_rest(settings.kms_dir))
    except KeyRestError as error:
        raise RefusalError(str(error), error.cure) from None


@commands.command()
def check(config: Config = None, data: Data = None) -> None:
    """Open every key file, as the key service would, and say whether all do."""
    settings = _own(settings_of(config, data))
    with _refusals(settings):
        files = unlock(settings.kms_dir, asked_key_secret(settings))
        names = files.names()
        for name in names:
            files.load(name)
        Terminal().say(f"{how_many(len(names), 'key file opens', 'key files open')} ({kind_of(files.seal.rest)})")


@commands.command()
def move(
    to: Annotated[str, typer.Argument(help="passphrase, pkcs11 or file.", metavar="KIND")],
    module: Annotated[
        str | None, typer.Option("--module", metavar="FILE", help="The token's PKCS#11 library; for pkcs11.")
    ] = None,
    token: Annotated[
        str | None, typer.Option("--token", metavar="LABEL", help="The token's label; for pkcs11.")
    ] = None,
    key: Annotated[
        str, typer.Option("--key", metavar="LABEL", help="The AES key in the token, made where it is missing.")
    ] = "ringfence",
    config: Config = None,
    data: Data = None,
) -> None:
    """Seal the key files anew, with ringfence stopped. Also how a passphrase is changed."""
    settings = _own(settings_of(config, data))
    if to not in KINDS:
        raise RefusalError(f"key files do not rest as {to!r}", f"one of: {', '.join(KINDS)}", exit_code=2)
    if to == "pkcs11" and not (module and token):
        raise RefusalError(
            "pkcs11 needs --module and --token", "`softhsm2-util --show-slots` lists labels", exit_code=2
        )
    if not (settings.kms_dir / KEYS).is_dir():
        raise RefusalError(f"there are no keys in {settings.kms_dir}", "they begin with the first `up`")
    lock = InstallationLock(settings.data_dir)
    lock.take()
    try:
        with _refusals(settings):
            os.umask(0o077)
            old = unlock(settings.kms_dir, asked_key_secret(settings), settles=True)
            new = _new_seal(to, module or "", token or "", key)
            # Before it happens: what the ledger says of it is under the next checkpoint, whatever becomes of the move.
            asyncio.run(_write_down(settings, old, kind_of(old.seal.rest), to))
            moved = move_keys(settings.kms_dir / KEYS, old.seal, new)
    finally:
        lock.drop()
    Terminal().say(f"{how_many(moved, 'key file rests', 'key files rest')} as {to} now")


@commands.command()
def rotate(
    name: Annotated[str, typer.Argument(help="standing, grants or ledger.", metavar="NAME")],
    end: Annotated[bool, typer.Option("--end", help="Destroy the former keys, which nothing needs any more.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Make one of the key service's own keys anew, while texts and calls flow."""
    settings = _own(settings_of(config, data))
    if name in NOT_ROTATED:
        raise RefusalError(f"the {name} key cannot be rotated by a command", NOT_ROTATED[name])
    if name == "ledger":
        operate(settings, _rotate_ledger)
        return
    if name == "grants":
        operate(settings, _rotate_grants)
        return
    if name != "standing":
        raise RefusalError(f"there is no key {name!r} to rotate", "standing, grants or ledger", exit_code=2)
    operate(settings, _end_standing if end else _rotate_standing)


async def _rotate_standing(it: Installation) -> None:
    number = await it.operator.rotate_standing()
    swept = await sweep_standing(it.store, it.operator)
    terminal = Terminal()
    terminal.say(f"standing key {number} seals from now on")
    terminal.say(f"sealed anew: {how_many(swept.rows, 'record')} and {how_many(swept.secrets, 'secret')}")
    terminal.say("the former key still opens; `ringfence keys rotate standing --end` destroys it")


async def _rotate_grants(it: Installation) -> None:
    number = await it.operator.rotate_grants()
    terminal = Terminal()
    terminal.say(f"browsers seal to grants key {number} within a minute")
    terminal.say("the former one opens grants that there are, and is destroyed when the longest has ended")


async def _rotate_ledger(it: Installation) -> None:
    key = await it.operator.rotate_ledger()
    terminal = Terminal()
    terminal.say("checkpoints are signed with one key more, and name it; witnesses follow by themselves:")
    terminal.say(key)


async def _end_standing(it: Installation) -> None:
    if not (await it.operator.former_standing()).keys:
        Terminal().say("there is no former standing key")
        return
    swept = await sweep_standing(it.store, it.operator)
    if swept.rows or swept.secrets:
        # Somebody wrote back what he had read before: that is under way, and must not be overtaken.
        raise RefusalError(
            f"still under a former key were {how_many(swept.rows, 'record')} and {how_many(swept.secrets, 'secret')}; "
            "they are sealed anew",
            "try again in a minute",
        )
    former = await it.operator.former_standing()
    if former.secrets:
        raise RefusalError(
            f"under a former key, and no factor's: {how_many(former.secrets, 'secret')} of authenticator apps",
            "keep the former key",
        )
    ended = await it.operator.end_former_standing()
    Terminal().say(f"{how_many(ended, 'former standing key is', 'former standing keys are')} destroyed")


def _new_seal(kind: str, module: str, token: str, key: str) -> KeySeal:
    if kind == "file":
        return PlainSeal()
    if kind == "pkcs11":
        return HsmSeal.new(prompt(f"PIN of the token {token}"), module=module, token=token, key=key)
    try:
        return PassphraseSeal.new(prompt("New passphrase of the key files", twice=True))
    except ValueError as error:
        raise RefusalError(str(error), f"{PASSPHRASE_MIN} characters or more: six random words, say") from None


async def _write_down(settings: Settings, files: KeyFiles, before: str, after: str) -> None:
    now_ms = clock_of(settings).now_ms()
    ledger = LedgerWriter(settings.kms_dir, files=files)
    await ledger.open(now_ms)
    try:
        scope = (f"from:{before}", f"to:{after}")
        await ledger.append([AccessEntry(at_ms=now_ms, account="", actor=OPERATOR, verb="keys.move", scope=scope)])
    finally:
        await ledger.close()


def _own(settings: Settings) -> Settings:
    if not settings.owns_keys:
        raise RefusalError("keys_from names another installation's key service", "do it there")
    return settings


@contextlib.contextmanager
def _refusals(settings: Settings) -> Iterator[None]:
    """What is wrong with key files, as a refusal."""
    where = settings.kms_dir / KEYS
    try:
        yield
    except WrongSecretError as error:
        raise RefusalError(str(error), "give the right one") from None
    except KeyFileError as error:
        raise RefusalError(f"{where}: {error}", RESTORE) from None
    except HsmAwayError as error:
        raise RefusalError(str(error), "connect the token; `ringfence doctor` says what is missing") from None
    except PermissionError:
        raise RefusalError(f"{where} is closed to this user", "run it as the key service's user") from None
