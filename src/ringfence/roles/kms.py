"""The key service's process: keys and ledger, nothing else."""

import asyncio
import contextlib
import os
import pwd

import structlog

from ringfence.kms.hsm_seal import HsmAwayError
from ringfence.kms.key_files import KeyFileError
from ringfence.kms.key_rest import WrongSecretError
from ringfence.kms.ledger.lines import LedgerBrokenError
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.server import serve_console_keys, serve_delivery_keys, serve_operator_keys, serve_tenant_keys
from ringfence.kms.service import KeyService
from ringfence.kms.unlock import unlock
from ringfence.ports.ledger import LeaseStanding
from ringfence.ports.store import StoreFailedError
from ringfence.roles.key_lease import KeyLease
from ringfence.roles.pacing import settle
from ringfence.roles.process import RoleProcess
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import KEY_SOCKETS, Settings

TIDY_EVERY_S = 2.0

_log = structlog.get_logger(__name__)


async def run(settings: Settings, process: RoleProcess) -> None:
    """Serve four sockets until cancelled, then finish what is being written. RefusalError: keys are another's.

    Where another process serves this folder, wait until that one is dead, and go on from what it left on disk.
    """
    if not settings.owns_keys:
        raise RefusalError("keys_from names another installation's key service", "start it there, or remove keys_from")
    uids = allowed_uids(settings)
    make_private(settings.kms_dir)
    async with contextlib.AsyncExitStack() as stack:
        lease = KeyLease(settings.kms_dir)
        took_over = await lease.take()
        since_ms = process.clock.now_ms()
        stack.callback(lease.drop)
        try:
            files = unlock(settings.kms_dir, process.secret, settles=True)
            process.forget_secret()
            ledger = LedgerWriter(settings.kms_dir, files=files)
            service = KeyService(settings.kms_dir, process.clock, ledger, files=files, hybrid=settings.hybrid_sealing)
            await ledger.open(process.clock.now_ms())
            stack.push_async_callback(ledger.close)
            await service.open()
        except WrongSecretError as error:
            raise RefusalError(str(error), "start it again, and give the right one") from None
        except KeyFileError as error:
            raise RefusalError(
                f"{settings.kms_dir / 'keys'}: {error}",
                "restore the folder from its copy: the folder with mode 0700, its files with 0600",
            ) from None
        except HsmAwayError as error:
            raise RefusalError(
                f"{settings.kms_dir / 'keys'}: {error}", "`ringfence doctor` says what is missing"
            ) from None
        except LedgerBrokenError as error:
            raise RefusalError(
                f"{settings.kms_dir / 'ledger'}: {error}",
                "keep the folder as evidence, and restore kms/ as a whole from its newest copy",
            ) from None
        except StoreFailedError as error:
            raise RefusalError(
                f"{settings.kms_dir}: {error}", "run the version that wrote it, or restore its copy"
            ) from None
        stack.push_async_callback(service.close)

        def standing() -> LeaseStanding:
            return LeaseStanding(since_ms=since_ms, took_over=took_over, stands_by=lease.is_awaited())

        records = FolderRecords(settings.kms_dir, service.allow, ledger.keys, standing)
        tenants = await serve_tenant_keys(
            service,
            settings.socket("kms-api"),
            records=records,
            links=service,
            freezes=service,
            allowed_uids=uids["kms-api"],
        )
        stack.push_async_callback(tenants.close)
        carriage = await serve_delivery_keys(
            service,
            settings.socket("kms-dispatcher"),
            allowed_uids=uids["kms-dispatcher"],
            records=records,
            freezes=service,
        )
        stack.push_async_callback(carriage.close)
        console = await serve_console_keys(
            service, settings.socket("kms-console"), records=records, allowed_uids=uids["kms-console"]
        )
        stack.push_async_callback(console.close)

        async def rotate_ledger() -> str:
            return await ledger.rotate_key(process.clock.now_ms())

        operator = await serve_operator_keys(
            service, settings.socket("kms-operator"), rotate_ledger, uids["kms-operator"]
        )
        stack.push_async_callback(operator.close)
        settle()
        process.ready()
        while True:
            await asyncio.sleep(TIDY_EVERY_S)
            try:
                await service.tidy()
            except OSError as error:
                _log.error("kms.not_tidied", error=type(error).__name__, code=error.errno)


def allowed_uids(settings: Settings) -> dict[str, set[int]]:
    """By socket, whose processes may use it: this process's own user's, and those that `key_users` names."""
    found = {name: {os.getuid()} for name in KEY_SOCKETS}
    for each in settings.key_users:
        name, _, user = each.partition("=")
        try:
            found[name].add(pwd.getpwnam(user).pw_uid)
        except KeyError:
            raise RefusalError(f"key_users: there is no user {user}", f"useradd --system {user}") from None
    return found
