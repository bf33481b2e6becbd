"""Which verbs each of the key service's sockets answers, and whom."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ringfence.ipc.client import Client
from ringfence.ipc.server import Server
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.server import (
    CONSOLE_LEDGER_VERBS,
    CONSOLE_VERBS,
    DELIVERY_VERBS,
    FREEZE_VERBS,
    LEDGER_VERBS,
    LINK_VERBS,
    OPERATOR_VERBS,
    TENANT_VERBS,
    WITNESSED_VERBS,
    serve_console_keys,
    serve_delivery_keys,
    serve_operator_keys,
    serve_tenant_keys,
)
from ringfence.kms.service import KeyService

Serve = Callable[[KeyService, Path, FolderRecords], Awaitable[Server]]
MINE, ANOTHER = {os.getuid()}, {os.getuid() + 1}


def of_ledger(verbs: tuple[str, ...]) -> set[str]:
    return {f"ledger_{verb}" for verb in verbs}


EVERYTHING = {
    *(*TENANT_VERBS, *DELIVERY_VERBS, *CONSOLE_VERBS, *OPERATOR_VERBS, *FREEZE_VERBS, *LINK_VERBS, "rotate_ledger"),
    *of_ledger((*LEDGER_VERBS, *WITNESSED_VERBS, *CONSOLE_LEDGER_VERBS)),
}


async def rotate_ledger() -> str:
    return "rotated"


async def answered(path: Path) -> set[str]:
    """The verbs that are answered at a socket. Arguments that none of them takes are refused after its name."""
    client, found = Client(path), set()
    for verb in EVERYTHING:
        try:
            await client.call(verb, *[None] * 20)
        except PermissionError:
            continue
        except ValueError:
            found.add(verb)
    await client.close()
    return found


@pytest.mark.parametrize(
    ("serve", "verbs"),
    [
        (lambda keys, path, records: serve_tenant_keys(keys, path), {*TENANT_VERBS}),
        (lambda keys, path, records: serve_tenant_keys(keys, path, links=keys), {*TENANT_VERBS, *LINK_VERBS}),
        (lambda keys, path, records: serve_tenant_keys(keys, path, freezes=keys), {*TENANT_VERBS, *FREEZE_VERBS}),
        (
            lambda keys, path, records: serve_tenant_keys(keys, path, records=records),
            {*TENANT_VERBS, *of_ledger(LEDGER_VERBS)},
        ),
        (
            lambda keys, path, records: serve_tenant_keys(keys, path, MINE, records, keys, keys),
            {*TENANT_VERBS, *LINK_VERBS, *FREEZE_VERBS, *of_ledger(LEDGER_VERBS)},
        ),
        (lambda keys, path, records: serve_delivery_keys(keys, path), {*DELIVERY_VERBS}),
        (lambda keys, path, records: serve_delivery_keys(keys, path, freezes=keys), {*DELIVERY_VERBS, *FREEZE_VERBS}),
        (
            lambda keys, path, records: serve_delivery_keys(keys, path, MINE, records, keys),
            {*DELIVERY_VERBS, *FREEZE_VERBS, *of_ledger(WITNESSED_VERBS)},
        ),
        (lambda keys, path, records: serve_console_keys(keys, path), {*CONSOLE_VERBS}),
        (
            lambda keys, path, records: serve_console_keys(keys, path, MINE, records),
            {*CONSOLE_VERBS, *of_ledger(CONSOLE_LEDGER_VERBS)},
        ),
        (
            lambda keys, path, records: serve_operator_keys(keys, path, rotate_ledger, MINE),
            {*OPERATOR_VERBS, "rotate_ledger"},
        ),
    ],
)
def test_a_socket_answers_its_own_verbs_and_those_of_what_else_it_was_given(
    run: Any, service_at: Any, kms_dir: Path, serve: Serve, verbs: set[str]
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            server = await serve(service, kms_dir / "k.sock", FolderRecords(kms_dir, service.allow))
            assert await answered(kms_dir / "k.sock") == verbs
            await server.close()

    run(scene())


@pytest.mark.parametrize(
    "serve",
    [
        lambda keys, path, records: serve_tenant_keys(keys, path, ANOTHER),
        lambda keys, path, records: serve_delivery_keys(keys, path, ANOTHER),
        lambda keys, path, records: serve_console_keys(keys, path, ANOTHER),
        lambda keys, path, records: serve_operator_keys(keys, path, rotate_ledger, ANOTHER),
    ],
)
def test_a_socket_answers_nobody_but_those_who_may_use_it(
    run: Any, service_at: Any, kms_dir: Path, serve: Serve
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            server = await serve(service, kms_dir / "k.sock", FolderRecords(kms_dir, service.allow))
            with pytest.raises(ConnectionError):
                await answered(kms_dir / "k.sock")
            await server.close()

    run(scene())


def test_what_a_socket_is_asked_is_done_by_what_it_was_given(
    run: Any, service_at: Any, kms_dir: Path, account: str, token: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            servers = [
                await serve_tenant_keys(service, kms_dir / "api"),
                await serve_operator_keys(service, kms_dir / "operator", rotate_ledger),
            ]
            api, operator = Client(kms_dir / "api"), Client(kms_dir / "operator")
            assert await operator.call("rotate_ledger") == "rotated"
            assert await operator.call("rotate_standing") == 1
            (sealed,) = await api.call("seal_standing", account, [("PN1", b"url")])
            assert await service.open_standing(account, [("PN1", sealed)]) == [b"url"]
            for client in (api, operator):
                await client.close()
            for server in servers:
                await server.close()

    run(scene())
