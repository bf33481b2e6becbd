"""No secret is kept of a factor that is not there, and of two who verify one at once one alone has done it."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringfence.domain.clock import ManualClock
from ringfence.domain.device_token import DeviceOf
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FactorSecret, FactorStatus
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.totp import TotpShape, code_at, read_secret, step_at
from ringfence.domain.verify_service import VerifyService
from ringfence.kms.memory import MemoryKeyFiles, MemoryKeyStore, MemoryLedger
from ringfence.kms.service import KeyService
from ringfence.ports.keys import Caller
from ringfence.ports.totp_codes import TotpOf
from ringfence.roles.composition import compose_factoring
from ringfence.store.memory import MemoryStore
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.verify.push_factor import NewDevice

NOW = 1_700_000_000_000
SHOP = VerifyService(friendly_name="Shop")
SERVICE = "VA" + "1" * 32


class Bell:
    def ring(self) -> None: ...


class LeavingKeys(KeyService):
    """A key service that goes away before it keeps anything of a factor."""

    is_away = False

    async def open_totp(self, factor: TotpOf, shape: TotpShape, secret: bytes = b"") -> bytes:
        if self.is_away:
            raise ConnectionError("the key service is away")
        return await super().open_totp(factor, shape, secret)

    async def keep_device(self, device: DeviceOf, public_key: bytes) -> None:
        if self.is_away:
            raise ConnectionError("the key service is away")
        await super().keep_device(device, public_key)


class Scene:
    async def open(self) -> None:
        self.store, self.clock = MemoryStore(), ManualClock(NOW)
        self.key_store = MemoryKeyStore()
        self.keys = LeavingKeys(Path(), self.clock, MemoryLedger(), files=MemoryKeyFiles(), store=self.key_store)
        await self.keys.open()
        await self.store.open()
        made = await create_account(self.store, self.keys, self.clock, friendly_name="Shop")
        self.caller = Caller(account=made.sid, credential=made.sid, seed=slot_seed(made.auth_token, made.sid))
        self.factoring = compose_factoring(self.store, self.keys, self.clock, Bell())
        begun = await self.factoring.entities.begin(self.caller, made.sid, SERVICE, "somebody-1")
        self.entity = begun.row
        self.device_key = ec.generate_private_key(ec.SECP256R1())

    @property
    def device(self) -> NewDevice:
        key = self.device_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return NewDevice(public_key=key, secret=FactorSecret(friendly_name="A telephone"))

    def word(self, sid: str) -> str:
        return base64.b64encode(self.device_key.sign(sid.encode(), ec.ECDSA(hashes.SHA256()))).decode()


def play(story: Callable[[Scene], Awaitable[None]]) -> None:
    async def played() -> None:
        scene = Scene()
        await scene.open()
        await story(scene)

    asyncio.run(asyncio.wait_for(played(), 30))


def code(scene: Scene, secret: str, off: int) -> str:
    shape = TotpShape()
    return code_at(read_secret(secret), step_at(scene.clock.now_ms(), shape) + off, shape)


def outcomes(ends: list[object]) -> list[object]:
    return sorted((end.code if isinstance(end, ApiError) else "verified" for end in ends), key=str)


def test_where_the_key_service_keeps_no_secret_there_is_no_factor() -> None:
    async def story(scene: Scene) -> None:
        scene.keys.is_away = True
        with pytest.raises(ConnectionError):
            await scene.factoring.totp_factors.create(scene.caller, scene.entity, SHOP, TotpShape(), name="An app")
        with pytest.raises(ConnectionError):
            await scene.factoring.push_factors.create(scene.caller, scene.entity, scene.device)
        assert await scene.store.factors(scene.entity.account, scene.entity.sid) == []

    play(story)


def test_where_there_is_no_entity_any_more_no_secret_is_kept() -> None:
    """What is kept is kept after its row, so that whatever happens in between leaves a row and no secret."""

    async def story(scene: Scene) -> None:
        await scene.store.delete_entity(scene.entity.account, SERVICE, scene.entity.sid)
        made = await scene.factoring.totp_factors.create(scene.caller, scene.entity, SHOP, TotpShape(), name="An app")
        assert made is None
        assert await scene.factoring.push_factors.create(scene.caller, scene.entity, scene.device) is None
        assert scene.key_store.row("SELECT count(*) FROM totp_secret") == (0,)
        assert scene.key_store.row("SELECT count(*) FROM device_key") == (0,)

    play(story)


def test_of_two_right_codes_at_once_one_verifies_the_factor() -> None:
    async def story(scene: Scene) -> None:
        made = await scene.factoring.totp_factors.create(scene.caller, scene.entity, SHOP, TotpShape(), name="An app")
        assert made is not None
        ends = await asyncio.gather(
            *(
                scene.factoring.totp_factors.verify(scene.caller, made.view, code(scene, made.secret, off))
                for off in (-1, 0)
            ),
            return_exceptions=True,
        )
        assert outcomes(list(ends)) == [60310, "verified"]

    play(story)


def test_of_two_words_of_a_device_at_once_one_verifies_the_factor() -> None:
    async def story(scene: Scene) -> None:
        view = await scene.factoring.push_factors.create(scene.caller, scene.entity, scene.device)
        assert view is not None
        verify = scene.factoring.push_factors.verify
        verified = await verify(scene.caller, view, scene.word(view.row.sid))
        assert verified is not None
        assert verified.row.status is FactorStatus.VERIFIED
        with pytest.raises(ApiError) as refused:
            # As it stood when the second one read it.
            await verify(scene.caller, view, scene.word(view.row.sid))
        assert refused.value.code == 60311

    play(story)
