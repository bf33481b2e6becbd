"""Devices in the key service: what one signed, what is opened for it, and what a token lets it make once."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.domain.device_token import DeviceOf, Enrolment
from ringfence.domain.jws import is_hs256, read_jws, read_public_key
from ringfence.domain.sealing.hkdf import derive
from ringfence.domain.sealing.record import RecordSealer
from ringfence.kms.key_files import STANDING, KeyFiles
from ringfence.ports.keys import KeyRefusedError
from ringfence.testing.device import Device


@pytest.fixture
def device(account: str) -> DeviceOf:
    return DeviceOf(account=account, service="VA" + "2" * 32, factor="YF" + "1" * 32)


@pytest.fixture(scope="module")
def telephone() -> Device:
    return Device()


@pytest.fixture(scope="module")
def another() -> Device:
    return Device()


def login(telephone: Device, device: DeviceOf, clock: Any, late_s: int = 0) -> str:
    return telephone.login(device.account, device.service, device.factor, now_s=clock.now_ms() // 1_000 + late_s)


def test_what_a_device_signed_is_read_and_nothing_else(
    run: Any, service_at: Any, device: DeviceOf, telephone: Device, another: Device
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.keep_device(device, read_public_key(telephone.public_key))
            token = telephone.sign({"status": "approved"})
            assert await service.device_payload(device, token) == b'{"status":"approved"}'
            assert await service.device_payload(device, another.sign({"status": "approved"})) is None
            head, payload, signature = token.split(".")
            assert await service.device_payload(device, f"{head}.{payload[:-2]}fQ.{signature}") is None
            assert await service.device_payload(device, f"{head}.{payload}.") is None
            for field in ("account", "service", "factor"):
                other = replace(device, **{field: getattr(device, field)[:-1] + "9"})
                assert await service.device_payload(other, token) is None

    run(scene())


def test_a_message_is_signed_by_the_device_that_signed_it(
    run: Any, service_at: Any, device: DeviceOf, telephone: Device, another: Device
) -> None:
    message = device.factor.encode()

    def by(signer: Device) -> bytes:
        return base64.b64decode(signer.signature(device.factor))

    async def scene() -> None:
        async with service_at() as service:
            assert not await service.is_signed_by_device(device, message, by(telephone))
            await service.keep_device(device, read_public_key(telephone.public_key))
            assert await service.is_signed_by_device(device, message, by(telephone))
            assert not await service.is_signed_by_device(device, message, by(another))
            assert not await service.is_signed_by_device(device, message + b"1", by(telephone))
            other = replace(device, factor="YF" + "9" * 32)
            assert not await service.is_signed_by_device(other, message, by(telephone))

    run(scene())


def test_a_device_keeps_its_key_and_leaves_none_of_it_on_the_disk(
    run: Any, service_at: Any, device: DeviceOf, telephone: Device, another: Device, kms_dir: Path
) -> None:
    key = read_public_key(telephone.public_key)

    def is_on_disk() -> bool:
        return any(key in path.read_bytes() for path in kms_dir.glob("kms.db*"))

    async def scene() -> None:
        async with service_at() as service:
            await service.tidy()
            await service.keep_device(device, key)
            with pytest.raises(ValueError, match=r"^the factor has a key$"):
                await service.keep_device(device, read_public_key(another.public_key))
            assert is_on_disk()
            await service.forget_devices(device.account, [device.factor])
            await service.forget_devices(device.account, [device.factor])
            assert await service.device_payload(device, telephone.sign({})) is None
            await service.tidy()
            assert not is_on_disk()

    run(scene())


def test_what_was_sealed_for_a_device_opens_for_it(
    run: Any, service_at: Any, at_noon: Any, device: DeviceOf, telephone: Device, another: Device, ledger: Any
) -> None:
    other = replace(device, factor="YF" + "3" * 32)

    async def scene() -> None:
        async with service_at() as service:
            await service.keep_device(device, read_public_key(telephone.public_key))
            await service.keep_device(other, read_public_key(another.public_key))
            name = f"{device.factor}/YC1"
            (sealed,) = await service.seal_standing(device.account, [(name, b"Log in?")])
            assert await service.open_for_device(device, login(telephone, device, at_noon), [(name, sealed)]) == [
                b"Log in?"
            ]
            told = ledger.entries[-1]
            assert (told.actor, told.verb, told.scope) == (device.factor, "open_for_device", (name,))
            # Neither for another's signature, nor for another device, nor under another name.
            for whose, token in (
                (device, login(another, device, at_noon)),
                (other, login(another, other, at_noon)),
                (device, telephone.sign({"sub": device.account})),
                (device, login(telephone, other, at_noon)),
            ):
                with pytest.raises(KeyRefusedError):
                    await service.open_for_device(whose, token, [(name, sealed)])
            (standing,) = await service.seal_standing(device.account, [("PN1", b"https://shop.example")])
            with pytest.raises(KeyRefusedError):
                await service.open_for_device(device, login(telephone, device, at_noon), [("PN1", standing)])

    run(scene())


def test_who_shows_himself_in_vain_is_written_down_where_there_is_such_a_device(
    run: Any, service_at: Any, at_noon: Any, device: DeviceOf, telephone: Device, another: Device, ledger: Any
) -> None:
    invented = replace(device, factor="YF" + "9" * 32)

    async def scene() -> None:
        async with service_at() as service:
            await service.keep_device(device, read_public_key(telephone.public_key))
            for whose in (device, invented):
                with pytest.raises(KeyRefusedError):
                    await service.open_for_device(whose, login(another, whose, at_noon), [])
            refused = [entry for entry in ledger.later if entry.verb == "refused.device"]
            assert [(entry.account, entry.actor) for entry in refused] == [(device.account, device.factor)]

    run(scene())


@pytest.mark.parametrize(("late_s", "is_good"), [(0, True), (-299, True), (-300, False), (60, True), (61, False)])
def test_a_device_signs_in_for_minutes(
    run: Any, service_at: Any, at_noon: Any, device: DeviceOf, telephone: Device, late_s: int, is_good: bool
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.keep_device(device, read_public_key(telephone.public_key))
            try:
                await service.open_for_device(device, login(telephone, device, at_noon, late_s), [])
            except KeyRefusedError:
                assert not is_good
            else:
                assert is_good

    run(scene())


def test_a_token_that_lives_long_is_no_login(
    run: Any, service_at: Any, at_noon: Any, device: DeviceOf, telephone: Device
) -> None:
    grants = {"verify_push": {"service_sid": device.service, "factor_sid": device.factor}}
    claims = {"sub": device.account, "exp": at_noon.now_ms() // 1_000 + 661, "grants": grants}

    async def scene() -> None:
        async with service_at() as service:
            await service.keep_device(device, read_public_key(telephone.public_key))
            with pytest.raises(KeyRefusedError):
                await service.open_for_device(device, telephone.sign(claims, cty="twilio-pba;v=1"), [])

    run(scene())


def enrolment_of(device: DeviceOf, clock: Any, ttl_s: int = 60) -> Enrolment:
    now_s = clock.now_ms() // 1_000
    return Enrolment(
        sid="YK" + "1" * 32,
        account=device.account,
        service=device.service,
        identity="alice-0001",
        friendly_name="",
        issued_s=now_s,
        expires_s=now_s + ttl_s,
    )


def test_an_enrolment_token_is_used_once(
    run: Any, service_at: Any, at_noon: Any, account: str, token: Any, device: DeviceOf
) -> None:
    enrolment = enrolment_of(device, at_noon)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            text = await service.sign_enrolment(token.caller, enrolment)
            assert await service.read_enrolment(account, device.service, text) == enrolment
            uses = (service.enrol(account, device.service, text, ["YE", "YF"]) for _ in range(9))
            made = list(await asyncio.gather(*uses, return_exceptions=True))
            (records,) = [use for use in made if not isinstance(use, KeyRefusedError)]
            assert [sid[:2] for sid in records.sids] == ["YE", "YF"]
            # What is sealed with these keys is the tenant's to read.
            opened = await service.open_epochs(token.caller, account, [records.epoch])
            sealer = RecordSealer(opened[records.epoch], account)
            assert records.keys == tuple(sealer.key(sid) for sid in records.sids)
        async with service_at() as service:
            with pytest.raises(KeyRefusedError):
                await service.enrol(account, device.service, text, ["YF"])

    run(scene())


def test_an_enrolment_token_is_a_services_and_ends(
    run: Any, service_at: Any, at_noon: Any, account: str, token: Any, device: DeviceOf, telephone: Device
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            text = await service.sign_enrolment(token.caller, enrolment_of(device, at_noon))
            head, payload, signature = text.split(".")
            for whose, service_sid, presented in (
                (account, "VA" + "9" * 32, text),
                ("AC" + "9" * 32, device.service, text),
                (account, device.service, f"{head}.{payload}.{signature[:-4]}AAAA"),
                (account, device.service, ""),
                (account, device.service, login(telephone, device, at_noon)),
            ):
                with pytest.raises(KeyRefusedError):
                    await service.read_enrolment(whose, service_sid, presented)
            at_noon.advance(59_999)
            await service.read_enrolment(account, device.service, text)
            at_noon.advance(1)
            with pytest.raises(KeyRefusedError):
                await service.enrol(account, device.service, text, ["YF"])

    run(scene())


def test_an_enrolment_token_is_signed_by_a_key_for_its_account_and_service_and_for_nothing_else(
    run: Any, service_at: Any, at_noon: Any, account: str, token: Any, device: DeviceOf, kms_dir: Path
) -> None:
    """It outlives an update of the program: what was handed out before must still be good."""

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            text = await service.sign_enrolment(token.caller, enrolment_of(device, at_noon))
            standing = KeyFiles(kms_dir / "keys").load(STANDING)
            key = derive(standing, b"ringfence/enrolment/v1", f"{account}|{device.service}".encode())
            assert is_hs256(key, read_jws(text))

    run(scene())


def test_who_is_not_the_tenant_signs_no_enrolment(
    run: Any, service_at: Any, at_noon: Any, account: str, token: Any, credential: Any, device: DeviceOf
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            with pytest.raises(KeyRefusedError):
                await service.sign_enrolment(credential(account, account).caller, enrolment_of(device, at_noon))

    run(scene())


def test_used_tokens_are_forgotten_when_they_end(
    run: Any, service_at: Any, at_noon: Any, account: str, token: Any, device: DeviceOf
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            text = await service.sign_enrolment(token.caller, enrolment_of(device, at_noon))
            await service.enrol(account, device.service, text, ["YF"])
            await service.tidy()
            assert service._store.row("SELECT 1 FROM enrolment_used") is not None
            at_noon.advance(60_000)
            await service.tidy()
            assert service._store.row("SELECT 1 FROM enrolment_used") is None

    run(scene())


def test_a_device_seals_for_its_tenant(
    run: Any,
    service_at: Any,
    at_noon: Any,
    account: str,
    token: Any,
    device: DeviceOf,
    telephone: Device,
    another: Device,
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.keep_device(device, read_public_key(telephone.public_key))
            records = await service.seal_for_device(device, login(telephone, device, at_noon), ["EV"])
            opened = await service.open_epochs(token.caller, account, [records.epoch])
            assert records.keys == (RecordSealer(opened[records.epoch], account).key(records.sids[0]),)
            with pytest.raises(KeyRefusedError):
                await service.seal_for_device(device, login(another, device, at_noon), ["EV"])

    run(scene())
