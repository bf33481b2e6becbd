"""The key service over its two sockets."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.device_token import DeviceOf
from ringfence.domain.jws import read_public_key
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.totp import TotpShape, code_at, step_at
from ringfence.ipc.client import Client
from ringfence.kms.client import ApiKeyClient, DispatcherKeyClient
from ringfence.kms.server import DELIVERY_VERBS, TENANT_VERBS, serve_delivery_keys, serve_tenant_keys
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.totp_codes import TotpOf
from ringfence.ports.verification_codes import Verdict
from ringfence.testing.device import Device

SM1, SM2 = "SM" + "1" * 32, "SM" + "2" * 32


@asynccontextmanager
async def sockets(service_at: Any, directory: Path) -> AsyncIterator[tuple[Client, Client]]:
    async with service_at() as service:
        servers = [
            await serve_tenant_keys(service, directory / "run" / "a.sock"),
            await serve_delivery_keys(service, directory / "run" / "d.sock", freezes=service),
        ]
        clients = Client(directory / "run" / "a.sock"), Client(directory / "run" / "d.sock")
        try:
            yield clients
        finally:
            for client in clients:
                await client.close()
            for server in servers:
                await server.close()


def test_a_text_goes_out_and_comes_back(
    run: Any, service_at: Any, kms_dir: Path, account: str, token: Any, api_key: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with sockets(service_at, kms_dir) as (first, second):
            api, dispatcher = ApiKeyClient(first, at_noon), DispatcherKeyClient(second)
            await api.create_account(account, [token.slot])
            await api.add_slot(token.caller, account, api_key.slot)
            sealing = await api.sealing_key(api_key.caller, account, 3)
            keys = await dispatcher.open_records(account, [(sealing.epoch, SM1), (1, SM1)])
            assert keys == [RecordSealer(sealing.epoch_key, account).key(SM1), None]
            record = await dispatcher.seal_record(account, SM2, "+12025550177")
            assert await api.open_epochs(token.caller, account, [record.epoch]) == {sealing.epoch: sealing.epoch_key}
            assert await api.index_keys(token.caller, account, [sealing.index_day]) == {
                sealing.index_day: sealing.index_key
            }
            (sealed,) = await api.seal_standing(account, [("PN1", b"url")])
            assert await dispatcher.open_standing(account, [("PN1", sealed)]) == [b"url"]
            assert await api.open_standing_as(token.caller, account, [("PN1", sealed)]) == [b"url"]
            await dispatcher.note_freeze(api_key.sid, [account], f"key:{api_key.sid}", "canary")
            with pytest.raises(ValueError, match="freezes itself"):
                await dispatcher.note_freeze(api_key.sid, [account], f"key:{SM1}", "canary")
            blinded = await api.blind(account, "opt_out", ["a|b"])
            assert await dispatcher.blind(account, "opt_out", ["a|b"]) == blinded
            await api.revoke_slot(account, api_key.sid)
            with pytest.raises(KeyRefusedError):
                await api.sealing_key(api_key.caller, account)
            at_noon.advance(2 * 3_600_000)
            assert await dispatcher.open_delivery_epochs() == [(account, sealing.epoch)]
            await dispatcher.close_epoch(account, sealing.epoch, [SM1], [SM2])
            assert await dispatcher.open_delivery_epochs() == []
            with pytest.raises(ValueError, match="not due"):
                await dispatcher.close_epoch(account, sealing.epoch + 512, [])

    run(scene())


def test_each_socket_refuses_the_others_verbs(run: Any, service_at: Any, kms_dir: Path) -> None:
    async def scene() -> None:
        async with sockets(service_at, kms_dir) as (api, dispatcher):
            for client, verbs in (
                (api, set(DELIVERY_VERBS) - set(TENANT_VERBS)),
                (dispatcher, set(TENANT_VERBS) - set(DELIVERY_VERBS)),
                (api, {"open", "close", "tidy", "_open", "__init__"}),
            ):
                for verb in verbs:
                    with pytest.raises(PermissionError):
                        await client.call(verb)

    run(scene())


def test_the_verbs_are_those_of_the_ports() -> None:
    from ringfence.ports.access_changes import AccessChanges
    from ringfence.ports.device_keys import DeviceKeys
    from ringfence.ports.keys import DeliveryKeys, TenantKeys
    from ringfence.ports.retention import Duties
    from ringfence.ports.totp_codes import TotpCodes
    from ringfence.ports.verification_codes import CodeReader, VerificationCodes

    for ports, verbs in (
        ((TenantKeys, VerificationCodes, TotpCodes, DeviceKeys, AccessChanges, Duties), TENANT_VERBS),
        ((DeliveryKeys, CodeReader, Duties), DELIVERY_VERBS),
    ):
        assert {name for port in ports for name in vars(port) if not name.startswith("_")} == set(verbs)


def test_many_records_are_opened_at_once(
    run: Any, service_at: Any, kms_dir: Path, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with sockets(service_at, kms_dir) as (first, second):
            await ApiKeyClient(first, at_noon).create_account(account, [token.slot])
            sealing = await ApiKeyClient(first, at_noon).sealing_key(token.caller, account)
            dispatcher = DispatcherKeyClient(second)
            sids = [f"SM{n:032x}" for n in range(500)]
            found = await asyncio.gather(*(dispatcher.open_records(account, [(sealing.epoch, sid)]) for sid in sids))
            sealer = RecordSealer(sealing.epoch_key, account)
            assert found == [[sealer.key(sid)] for sid in sids]

    run(scene())


def test_when_the_service_is_away_the_caller_is_told(
    run: Any, kms_dir: Path, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        with pytest.raises(ConnectionError):
            await ApiKeyClient(Client(kms_dir / "a.sock"), at_noon).sealing_key(token.caller, account)

    run(scene())


def test_of_two_apis_that_check_a_code_of_an_app_at_once_one_is_told_it_is_right(
    run: Any, service_at: Any, kms_dir: Path, account: str, at_noon: Any
) -> None:
    factor = TotpOf(account=account, service="VA" + "2" * 32, factor="YF" + "1" * 32)

    async def scene() -> None:
        async with sockets(service_at, kms_dir) as (first, _):
            second = Client(kms_dir / "run" / "a.sock")
            apis = ApiKeyClient(first, at_noon), ApiKeyClient(second, at_noon)
            secret = await apis[0].open_totp(factor, TotpShape())
            code = code_at(secret, step_at(at_noon.now_ms(), TotpShape()), TotpShape())
            checks = (api.check_totp(factor, f"YC{n:032x}", code) for n, api in enumerate(apis * 5))
            assert Counter(await asyncio.gather(*checks)) == {Verdict.APPROVED: 1, Verdict.WRONG: 9}
            await apis[1].close_totp(account, [factor.factor])
            assert await apis[0].check_totp(factor, "YC" + "9" * 32, code) is Verdict.GONE
            await second.close()

    run(scene())


def test_a_device_is_known_over_the_socket(
    run: Any, service_at: Any, kms_dir: Path, account: str, token: Any, at_noon: Any
) -> None:
    device = DeviceOf(account=account, service="VA" + "2" * 32, factor="YF" + "1" * 32)
    telephone = Device()

    async def scene() -> None:
        async with sockets(service_at, kms_dir) as (client, _):
            api = ApiKeyClient(client, at_noon)
            await api.create_account(account, [token.slot])
            await api.keep_device(device, read_public_key(telephone.public_key))
            assert await api.device_payload(device, telephone.sign({"a": 1})) == b'{"a":1}'
            assert await api.device_payload(device, Device().sign({"a": 1})) is None
            signature = base64.b64decode(telephone.signature("YF1"))
            assert await api.is_signed_by_device(device, b"YF1", signature)
            assert not await api.is_signed_by_device(device, b"YF2", signature)
            login = telephone.login(account, device.service, device.factor, now_s=at_noon.now_ms() // 1_000)
            name = f"{device.factor}/YC1"
            (sealed,) = await api.seal_standing(account, [(name, b"Log in?")])
            assert await api.open_for_device(device, login, [(name, sealed)]) == [b"Log in?"]
            records = await api.seal_for_device(device, login, ["EV"])
            assert (len(records.sids), len(records.keys)) == (1, 1)
            await api.forget_devices(account, [device.factor])
            with pytest.raises(KeyRefusedError):
                await api.open_for_device(device, login, [])

    run(scene())
