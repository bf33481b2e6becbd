"""The consoles' process: pages for staff and for tenants' members. It holds no key."""

import asyncio
import contextlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.console.app import create_console
from ringfence.console.dependencies import ConsoleDependencies, Origins
from ringfence.console.ends_of_grants import EndsOfGrants
from ringfence.console.frozen_sessions import FrozenSessions
from ringfence.console.lockout import Lockout
from ringfence.console.operator.act_names import every_member_may
from ringfence.console.operator.policies import may_by
from ringfence.console.operator.policies_in_force import written_down
from ringfence.ipc.client import Client
from ringfence.kms.client import ConsoleKeyClient
from ringfence.media.recording_files import RecordingFolder
from ringfence.ports.passkeys import AttestationPolicy
from ringfence.roles.allowed import allowed_of
from ringfence.roles.console_storage import open_console_storage
from ringfence.roles.page_server import serve_pages
from ringfence.roles.process import RoleProcess
from ringfence.roles.process_states import SocketStates
from ringfence.roles.proxies import behind_proxies
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.staff_policies import staff_policies
from ringfence.roles.stores import open_store
from ringfence.roles.wakes import every_dispatcher
from ringfence.roles.ways import installation_of
from ringfence.webauthn.passkeys import WebauthnPasskeys

if TYPE_CHECKING:
    from ringfence.http.client import PooledClient


async def run(settings: Settings, process: RoleProcess) -> None:
    """Serve the listeners the supervisor bound, until cancelled. RefusalError where the storage cannot be used."""
    policy, folder = attestation_policy(settings), staff_policies(settings)
    policies, digests = (None, ()) if folder is None else folder
    async with contextlib.AsyncExitStack() as stack:
        storage = await open_console_storage(settings)
        stack.push_async_callback(storage.close)
        store = await open_store(settings)
        stack.push_async_callback(store.close)
        client = Client(settings.socket("kms-console"))
        stack.push_async_callback(client.close)
        keys = ConsoleKeyClient(client)
        http = outgoing(settings)
        if http is not None:
            stack.push_async_callback(http.close)
        wake = await stack.enter_async_context(every_dispatcher(settings))
        app = create_console(
            ConsoleDependencies(
                storage=storage,
                clock=process.clock,
                origins=Origins(
                    api=settings.url,
                    operator=settings.operator_origin,
                    tenant=settings.tenant_origin,
                    keys=settings.keys_origin,
                ),
                notes=keys,
                keys=keys,
                texts=store,
                calls=store,
                told=store,
                touched=store,
                counted=store,
                wake=wake,
                recordings=RecordingFolder(settings.recordings),
                staff_passkeys=WebauthnPasskeys(policy),
                http=http,
                dev=settings.dev,
                staff_may=written_down(
                    every_member_may if policies is None else may_by(policies, storage, store), keys, digests
                ),
                members_passkeys=WebauthnPasskeys(),
                view=store,
                records=keys,
                processes=SocketStates(settings),
                grants=keys,
                duties=keys,
                accounts=store,
                installation=msgspec.structs.replace(installation_of(settings), policies=digests),
                allowed=allowed_of(settings),
                set_up=store,
            )
        )
        sessions = FrozenSessions(store, Lockout(storage, keys, process.clock))
        async with asyncio.TaskGroup() as tasks:
            ending = [
                tasks.create_task(sessions.run(), name="sessions of frozen accounts"),
                tasks.create_task(EndsOfGrants(storage, keys).run(), name="grants of what ended"),
            ]
            await serve_pages(behind_proxies(app, settings), process)
            for each in ending:
                each.cancel()


def outgoing(settings: Settings) -> "PooledClient | None":
    """By which providers of organisations are asked; None where ringfence[sso] is not installed, and nobody is."""
    if find_spec("joserfc") is None:
        return None
    # Only who asks outside pays for it.
    from ringfence.http.client import PooledClient
    from ringfence.http.egress_guard import EgressGuard
    from ringfence.roles.dispatcher import egress_policy

    return PooledClient(EgressGuard(egress_policy(settings)))


def attestation_policy(settings: Settings) -> AttestationPolicy:
    """Whose authenticators staff may enrol. RefusalError for a file that holds no certificates, and
    for none in production."""
    if not settings.staff_roots:
        if not settings.dev:
            raise RefusalError("staff_roots: needed in production", "name the PEM file of the makers you trust")
        return AttestationPolicy()
    try:
        found = x509.load_pem_x509_certificates(Path(settings.staff_roots).expanduser().read_bytes())
    except (OSError, ValueError):
        raise RefusalError(
            "staff_roots: no PEM file of certificates", "name one that this user may read", exit_code=2
        ) from None
    roots = tuple(each.public_bytes(Encoding.PEM) for each in found)
    return AttestationPolicy(roots=roots, aaguids=frozenset(each.lower() for each in settings.staff_models))
