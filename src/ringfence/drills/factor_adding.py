"""D24: who has a customer's number for an hour, and so a session with the customer's program, adds a factor and stays.

The attacker passes the code by text, as anybody with that number does, and has the program make a factor whose secret
the attacker reads. Ours must verify none of these that the customer's own factor did not approve by its name.
"""

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path

from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FactorStatus
from ringfence.domain.totp import TotpShape, code_at, read_secret, step_at
from ringfence.domain.verify_service import PasskeySettings, VerifyService, decode_verify_service
from ringfence.drills.database import database_of
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.passkey import OwnedPasskey
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy, Tenant, seeded_copy
from ringfence.ports.factors import EntityRow
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.challenges import ChallengeView
from ringfence.usecases.verify.factors import FactorView
from ringfence.usecases.verify.passkey_kept import config_for
from ringfence.usecases.verify.start_request import StartRequest
from ringfence.usecases.verify.totp_factor import NewTotp
from ringfence.usecases.verify.vouching import naming

DRILL = "D24"
TITLE = "factors added by whoever has the customer's number for an hour"
SHAPE = TotpShape()
STEP_MS = 30_000
LIFE_MS = 300_000
GUESSES = 3
WAYS = (
    "at once",
    "after asking",
    "after guessing",
    "by a factor of his own",
    "after a login",
    "by an approval of another",
    "after a login by passkey",
    "by a passkey's approval of another",
)
DOMAIN = "shop.example"
ORIGIN = f"https://{DOMAIN}"
PASSKEYS = PasskeySettings(
    relying_party_id=DOMAIN,
    relying_party_name="Shop",
    relying_party_origins=(ORIGIN,),
    authenticator_attachment="any",
    discoverable_credentials="preferred",
    user_verification="preferred",
)


class _Tally:
    def __init__(self) -> None:
        self.reached: set[str] = set()
        self.tried = 0
        self.added: list[str] = []


def factor_adding(design: Design, tenants: int, database: str = "") -> Finding:
    """Every tenant's customer has an app and a passkey; the attacker tries to add a factor in eight ways.

    Then the customer adds two, one with each.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        tally = asyncio.run(_attack(Path(folder), design, tenants, database))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=len(tally.reached),
        seconds=time.monotonic() - began,
        rows=(("factors of the attacker's verified", f"{len(tally.added)} of {tally.tried}"),),
    )


async def _attack(folder: Path, design: Design, tenants: int, database: str) -> _Tally:
    tally = _Tally()
    async with contextlib.AsyncExitStack() as stack:
        place = await stack.enter_async_context(database_of(database))
        copy = await stack.enter_async_context(seeded_copy(folder, design, place.url if place else ""))
        await copy.add_tenants(tenants)
        async with copy.dispatched():
            for tenant in copy.tenants:
                await _attack_one(copy, tenant, design, tally)
    return tally


async def _attack_one(copy: SeededCopy, tenant: Tenant, design: Design, tally: _Tally) -> None:
    settings = VerifyService(
        friendly_name="Shop", new_factors_need_approval=design.new_factors_need_approval, passkeys=PASSKEYS
    )
    service = await copy.verify_service(tenant, settings)
    scene = _Scene(copy, tenant, service)
    await scene.enrol_customer()
    await scene.pass_code_by_text()
    for way in WAYS:
        tally.tried += 1
        if await scene.add(way):
            tally.added.append(way)
            tally.reached.add(tenant.sid)
    if not (await scene.add_as_customer(by_passkey=False) and await scene.add_as_customer(by_passkey=True)):
        raise AssertionError("an approved factor was refused: this drill would prove nothing")


class _Scene:
    """One customer of one tenant, and the attacker in the customer's session."""

    def __init__(self, copy: SeededCopy, tenant: Tenant, service: VerifyRow) -> None:
        self._copy = copy
        self._tenant = tenant
        self._service = service
        self._factoring = copy.factoring
        self._identity = f"customer-{tenant.sid[-8:]}"
        self._passkey = OwnedPasskey(DOMAIN, ORIGIN)
        self._entity: EntityRow
        self._owned: NewTotp

    async def enrol_customer(self) -> None:
        """The first factor of an entity is whoever's enrols first: the customer's."""
        begun = await self._factoring.entities.begin(
            self._tenant.caller, self._tenant.sid, self._service.sid, self._identity
        )
        self._entity = begun.row
        self._owned = await self._made()
        if not await self._verifies(self._owned):
            raise AssertionError("a first factor was refused: this drill would prove nothing")
        begun_passkey = await self._factoring.passkey_factors.create(
            self._tenant.caller, self._entity, self._identity, config_for(None, PASSKEYS), name="A passkey"
        )
        if begun_passkey is None:
            raise AssertionError("the entity is gone: this drill would prove nothing")
        hidden = naming(begun_passkey.view.row.sid)
        await self._asked(self._owned, hidden=hidden, code=self._code(self._owned))
        await self._factoring.passkey_factors.verify(
            self._tenant.caller, self._tenant.sid, self._service.sid, self._passkey.create(begun_passkey.options)
        )

    async def pass_code_by_text(self) -> None:
        """What the program takes for the customer."""
        request = StartRequest(to=self._tenant.customer, channel="sms")
        begun = await self._copy.verifying.starter.start(self._tenant.caller, self._service, request)
        code = await self._copy.code_on_handset(begun, self._tenant.customer)
        await self._copy.verifying.checker.check(self._tenant.caller, self._service, code, to=self._tenant.customer)

    async def add(self, way: str) -> bool:
        """Whether a factor of the attacker's is verified in the end."""
        mine = await self._made()
        named = naming(mine.view.row.sid)
        match way:
            case "after asking":
                await self._asked(self._owned, hidden=named)
            case "after guessing":
                for guess in range(GUESSES):
                    await self._asked(self._owned, hidden=named, code=f"{guess:06d}")
            case "by a factor of his own":
                another = await self._made()
                await self._asked(another, hidden=named, code=self._code(another))
            case "after a login":
                await self._asked(self._owned, hidden="{}", code=self._code(self._owned))
            case "by an approval of another":
                other = await self._made()
                hidden = naming(other.view.row.sid)
                await self._asked(self._owned, hidden=hidden, code=self._code(self._owned))
                await self._drop(other)
            case "after a login by passkey":
                await self._log_in()
            case "by a passkey's approval of another":
                other = await self._made()
                await self._log_in(approves=other.view.row.sid)
                await self._drop(other)
            case _:
                pass
        added = await self._verifies(mine)
        await self._drop(mine)
        return added

    async def add_as_customer(self, *, by_passkey: bool) -> bool:
        """The customer's second telephone, approved with the first, or with the passkey."""
        second = await self._made()
        if by_passkey:
            await self._log_in(approves=second.view.row.sid)
        else:
            await self._asked(self._owned, hidden=naming(second.view.row.sid), code=self._code(self._owned))
        return await self._verifies(second)

    async def _log_in(self, *, approves: str = "") -> None:
        """The customer uses the passkey, on the shop's own page."""
        asked = await self._factoring.passkey_challenges.ask(
            self._tenant.caller, self._entity, self._identity, PASSKEYS, hidden=naming(approves) if approves else "{}"
        )
        if asked is None:
            raise AssertionError("there is no passkey: this drill would prove nothing")
        answer = self._passkey.get(asked.options, self._entity.sid.encode())
        await self._factoring.passkey_challenges.approve(
            self._tenant.caller, self._tenant.sid, self._service.sid, answer
        )

    async def _made(self) -> NewTotp:
        made = await self._factoring.totp_factors.create(
            self._tenant.caller, self._entity, decode_verify_service(self._service.settings), SHAPE, name="A telephone"
        )
        if made is None:
            raise AssertionError("the entity is gone: this drill would prove nothing")
        return made

    async def _verifies(self, factor: NewTotp) -> bool:
        with contextlib.suppress(ApiError):
            view = await self._factoring.totp_factors.verify(self._tenant.caller, factor.view, self._code(factor))
            return view is not None and view.row.status is FactorStatus.VERIFIED
        return False

    async def _asked(self, factor: NewTotp, *, hidden: str, code: str = "") -> ChallengeView | None:
        view: FactorView | None = await self._factoring.factors.fetch(
            self._tenant.caller, self._entity, factor.view.row.sid
        )
        if view is None:
            return None
        expires_ms = self._copy.now_ms() + LIFE_MS
        with contextlib.suppress(ApiError):
            return await self._factoring.totp_challenges.create(
                self._tenant.caller, view, hidden=hidden, expires_ms=expires_ms, code=code
            )
        return None

    async def _drop(self, factor: NewTotp) -> None:
        """The program tidies up: an entity has twenty factors at most."""
        await self._factoring.factors.delete(factor.view)

    def _code(self, factor: NewTotp) -> str:
        """What an app shows, half a minute on: a code is good once."""
        self._copy.move_clock(STEP_MS)
        return code_at(read_secret(factor.secret), step_at(self._copy.now_ms(), SHAPE), SHAPE)


DRILLS = (Drill(name=DRILL, title=TITLE, play=factor_adding, tenants=50),)
