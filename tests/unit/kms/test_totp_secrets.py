"""Secrets of authenticator apps: told once, five checks an attempt, each step once, nothing left when closed."""

import asyncio
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.domain.sealing.aead import place, unseal
from ringfence.domain.sealing.hkdf import derive
from ringfence.domain.totp import TotpShape, code_at, step_at, write_secret
from ringfence.kms.key_files import STANDING, KeyFiles
from ringfence.kms.totp_secrets import CHECKS_OF_HOUR
from ringfence.ports.totp_codes import TotpOf
from ringfence.ports.verification_codes import Verdict

HOUR_MS = 3_600_000
SHAPE = TotpShape()


@pytest.fixture
def factor(account: str) -> TotpOf:
    return TotpOf(account=account, service="VA" + "2" * 32, factor="YF" + "1" * 32)


def challenge(n: int) -> str:
    return f"YC{n:032x}"


def code(secret: bytes, clock: Any, off: int = 0, shape: TotpShape = SHAPE) -> str:
    return code_at(secret, step_at(clock.now_ms(), shape) + off, shape)


def wrong(secret: bytes, clock: Any) -> str:
    good = {code(secret, clock, off) for off in range(-9, 10)}
    return next(guess for guess in map(str, range(100_000, 100_030)) if guess not in good)


def test_a_code_is_right_once(run: Any, service_at: Any, at_noon: Any, factor: TotpOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, SHAPE)
            assert len(secret) == 20
            assert await service.check_totp(factor, challenge(1), wrong(secret, at_noon)) is Verdict.WRONG
            assert await service.check_totp(factor, challenge(1), code(secret, at_noon)) is Verdict.APPROVED
            # Neither in the same attempt nor in another.
            assert await service.check_totp(factor, challenge(1), code(secret, at_noon)) is Verdict.SPENT
            assert await service.check_totp(factor, challenge(2), code(secret, at_noon)) is Verdict.WRONG
            at_noon.advance(30_000)
            assert await service.check_totp(factor, challenge(2), code(secret, at_noon)) is Verdict.APPROVED

    run(scene())


def test_no_step_before_the_last_used_one_is_good(run: Any, service_at: Any, at_noon: Any, factor: TotpOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, SHAPE)
            assert await service.check_totp(factor, challenge(1), code(secret, at_noon)) is Verdict.APPROVED
            assert await service.check_totp(factor, challenge(2), code(secret, at_noon, -1)) is Verdict.WRONG
            assert await service.check_totp(factor, challenge(2), code(secret, at_noon, 1)) is Verdict.APPROVED

    run(scene())


def test_a_restart_keeps_secret_count_and_used_step(run: Any, service_at: Any, at_noon: Any, factor: TotpOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, SHAPE)
            await service.check_totp(factor, challenge(1), code(secret, at_noon))
            for _ in range(4):
                await service.check_totp(factor, challenge(2), wrong(secret, at_noon))
        async with service_at() as service:
            assert await service.check_totp(factor, challenge(3), code(secret, at_noon)) is Verdict.WRONG
            assert await service.check_totp(factor, challenge(2), wrong(secret, at_noon)) is Verdict.WRONG
            assert await service.check_totp(factor, challenge(2), code(secret, at_noon, 1)) is Verdict.SPENT

    run(scene())


def test_of_many_checks_at_once_five_count(run: Any, service_at: Any, at_noon: Any, factor: TotpOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, SHAPE)
            guess = wrong(secret, at_noon)
            checks = (service.check_totp(factor, challenge(1), guess) for _ in range(200))
            assert Counter(await asyncio.gather(*checks)) == {Verdict.WRONG: 5, Verdict.SPENT: 195}

    run(scene())


def test_of_many_right_checks_at_once_one_is_approved(run: Any, service_at: Any, at_noon: Any, factor: TotpOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, SHAPE)
            right = code(secret, at_noon)
            checks = (service.check_totp(factor, challenge(n), right) for n in range(20))
            assert Counter(await asyncio.gather(*checks)) == {Verdict.APPROVED: 1, Verdict.WRONG: 19}

    run(scene())


def test_a_factor_has_so_many_checks_an_hour(run: Any, service_at: Any, at_noon: Any, factor: TotpOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, SHAPE)
            guess = wrong(secret, at_noon)
            for n in range(CHECKS_OF_HOUR):
                assert await service.check_totp(factor, challenge(n), guess) is Verdict.WRONG
            assert await service.check_totp(factor, challenge(99), code(secret, at_noon)) is Verdict.SPENT
            at_noon.advance(HOUR_MS)
            assert await service.check_totp(factor, challenge(100), code(secret, at_noon)) is Verdict.APPROVED

    run(scene())


def test_the_clock_of_an_app_is_followed(run: Any, service_at: Any, at_noon: Any, factor: TotpOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, SHAPE)
            assert await service.check_totp(factor, challenge(1), code(secret, at_noon, 2)) is Verdict.WRONG
            assert await service.check_totp(factor, challenge(1), code(secret, at_noon, 1)) is Verdict.APPROVED
            assert await service.check_totp(factor, challenge(2), code(secret, at_noon, 2)) is Verdict.APPROVED
            at_noon.advance(10 * 30_000)
            assert await service.check_totp(factor, challenge(3), code(secret, at_noon, 0)) is Verdict.WRONG
            # Who names the shape that it has anyway changes nothing.
            assert await service.check_totp(factor, challenge(3), code(secret, at_noon, 0), SHAPE) is Verdict.WRONG
            assert await service.check_totp(factor, challenge(3), code(secret, at_noon, 3), SHAPE) is Verdict.APPROVED

    run(scene())


@pytest.mark.parametrize("field", ["account", "service", "factor"])
def test_a_code_fits_nowhere_else(run: Any, service_at: Any, at_noon: Any, factor: TotpOf, field: str) -> None:
    other = replace(factor, **{field: getattr(factor, field)[:-1] + "9"})

    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, SHAPE)
            assert await service.check_totp(other, challenge(1), code(secret, at_noon)) is Verdict.GONE
            assert await service.check_totp(factor, challenge(1), code(secret, at_noon)) is Verdict.APPROVED

    run(scene())


def test_an_attempt_is_one_factors(run: Any, service_at: Any, at_noon: Any, factor: TotpOf) -> None:
    other = replace(factor, factor="YF" + "3" * 32)

    async def scene() -> None:
        async with service_at() as service:
            await service.open_totp(factor, SHAPE)
            await service.check_totp(factor, challenge(1), "000")
            secret = await service.open_totp(other, SHAPE)
            assert await service.check_totp(other, challenge(1), code(secret, at_noon)) is Verdict.SPENT

    run(scene())


def test_a_secret_of_the_programs_own_is_kept(run: Any, service_at: Any, at_noon: Any, factor: TotpOf) -> None:
    own = b"0123456789"

    async def scene() -> None:
        async with service_at() as service:
            assert await service.open_totp(factor, SHAPE, own) == own
            with pytest.raises(ValueError, match=r"^the factor has a secret$"):
                await service.open_totp(factor, SHAPE)
            assert await service.check_totp(factor, challenge(1), code(own, at_noon)) is Verdict.APPROVED

    run(scene())


def test_a_change_of_shape_makes_no_used_code_good_again(
    run: Any, service_at: Any, at_noon: Any, factor: TotpOf
) -> None:
    longer = TotpShape(alg="sha256", time_step=60, skew=0, code_length=8)

    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, SHAPE)
            await service.check_totp(factor, challenge(1), code(secret, at_noon))
            early, used = code(secret, at_noon, 1, longer), code(secret, at_noon, 0, longer)
            assert await service.check_totp(factor, challenge(2), early, longer) is Verdict.WRONG
            assert await service.check_totp(factor, challenge(2), used, longer) is Verdict.WRONG
            at_noon.advance(60_000)
            # From then on it is made so, whoever asks.
            assert await service.check_totp(factor, challenge(2), code(secret, at_noon, 1, longer)) is Verdict.WRONG
            assert await service.check_totp(factor, challenge(2), code(secret, at_noon, 0, longer)) is Verdict.APPROVED
            nobody = replace(factor, factor="YF" + "9" * 32)
            assert await service.check_totp(nobody, challenge(3), "123456", longer) is Verdict.GONE

    run(scene())


@pytest.mark.parametrize("is_new_first", [True, False])
def test_of_checks_at_once_by_an_old_shape_and_a_new_one_none_locks_the_next(
    run: Any, service_at: Any, at_noon: Any, factor: TotpOf, is_new_first: bool
) -> None:
    """Steps of twenty seconds have three times the numbers of a minute's: neither is taken for the other."""
    short, longer = TotpShape(time_step=20), TotpShape(time_step=60)

    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, short)
            checks = [
                service.check_totp(factor, challenge(1), code(secret, at_noon, 0, longer), longer),
                service.check_totp(factor, challenge(2), code(secret, at_noon, 0, short)),
            ]
            verdicts = await asyncio.gather(*(checks if is_new_first else reversed(checks)))
            assert verdicts == [Verdict.APPROVED, Verdict.WRONG]
            at_noon.advance(120_000)
            now = code(secret, at_noon, 0, longer)
            assert await service.check_totp(factor, challenge(3), now, longer) is Verdict.APPROVED

    run(scene())


def test_a_closed_secret_is_on_no_disk(run: Any, service_at: Any, at_noon: Any, factor: TotpOf, kms_dir: Path) -> None:
    own = b"owl-owl-owl-owl-owl!"

    def on_disk(what: bytes) -> bool:
        return any(what in path.read_bytes() for path in kms_dir.rglob("*") if path.is_file())

    async def scene() -> None:
        async with service_at() as service:
            await service.tidy()
            await service.open_totp(factor, SHAPE, own)
            assert not on_disk(own)
            assert not on_disk(write_secret(own).encode())
            sealed = service._store.row("SELECT secret FROM totp_secret")[0]
            await service.check_totp(factor, challenge(1), "000")
            assert on_disk(sealed)
            await service.close_totp(factor.account, [factor.factor])
            await service.close_totp(factor.account, [factor.factor])
            await service.tidy()
            assert not on_disk(sealed)
            assert service._store.row("SELECT 1 FROM totp_attempt") is None
            assert await service.check_totp(factor, challenge(1), code(own, at_noon)) is Verdict.GONE

    run(scene())


def test_a_secret_is_sealed_for_its_factor_alone_under_a_key_for_nothing_else(
    run: Any, service_at: Any, factor: TotpOf, kms_dir: Path
) -> None:
    """The sealed form outlives an update of the program: an app that was set up before must still be let in."""

    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, SHAPE)
            (sealed,) = service._store.row("SELECT secret FROM totp_secret")
            key = derive(KeyFiles(kms_dir / "keys").load(STANDING), b"ringfence/totp/v1", factor.account.encode())
            assert unseal(key, sealed, place(factor.account, factor.service, factor.factor, "totp")) == secret

    run(scene())


def test_secrets_open_under_a_former_standing_key_until_they_are_renewed_and_under_the_newest_after(
    run: Any, service_at: Any, at_noon: Any, factor: TotpOf
) -> None:
    other = replace(factor, factor="YF" + "3" * 32)
    unknown = replace(factor, factor="YF" + "9" * 32)

    async def scene() -> None:
        async with service_at() as service:
            secrets = {each.factor: await service.open_totp(each, SHAPE) for each in (factor, other)}

            async def are_right(n: int) -> bool:
                right = [(each, code(secrets[each.factor], at_noon)) for each in (factor, other)]
                checks = [service.check_totp(each, f"{each.factor}/{n}", guess) for each, guess in right]
                return await asyncio.gather(*checks) == [Verdict.APPROVED] * 2

            await service.rotate_standing()
            assert await are_right(1)
            assert (await service.former_standing()).secrets == 2
            assert await service.renew_totp([unknown, factor, other]) == 2
            assert (await service.former_standing()).secrets == 0
            assert await service.renew_totp([unknown, factor, other]) == 0
            await service.end_former_standing()
            at_noon.advance(30_000)
            assert await are_right(2)

    run(scene())


def test_a_check_that_a_closing_overtakes_leaves_no_count_behind(
    run: Any, service_at: Any, at_noon: Any, factor: TotpOf
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, SHAPE)
            gate = threading.Event()
            held = asyncio.ensure_future(service._store.write(lambda tx: gate.wait(10)))
            closing = asyncio.ensure_future(service._totp.close(factor.account, [factor.factor]))
            checking = asyncio.ensure_future(service.check_totp(factor, factor.factor, code(secret, at_noon)))
            await asyncio.sleep(0)
            gate.set()
            await asyncio.gather(held, closing)
            assert await checking is Verdict.GONE
            assert service._store.row("SELECT 1 FROM totp_attempt") is None

    run(scene())


def test_the_counts_of_challenges_that_are_over_are_forgotten(
    run: Any, service_at: Any, at_noon: Any, factor: TotpOf
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.open_totp(factor, SHAPE)
            await service.check_totp(factor, challenge(1), "000")
            await service.check_totp(factor, factor.factor, "000")
            at_noon.advance(HOUR_MS - 1)
            await service.tidy()
            assert len(service._store.rows("SELECT 1 FROM totp_attempt")) == 2
            at_noon.advance(1)
            await service.tidy()
            assert service._store.rows("SELECT attempt FROM totp_attempt") == [(factor.factor,)]

    run(scene())


def test_a_check_of_nothing_is_written_as_any_other(
    run: Any, service_at: Any, at_noon: Any, factor: TotpOf, kms_dir: Path
) -> None:
    def written() -> bytes:
        return (kms_dir / "kms.db-wal").read_bytes()

    async def scene() -> None:
        async with service_at() as service:
            await service.open_totp(factor, SHAPE)
            for sid in (factor.factor, "YF" + "9" * 32):
                before = written()
                await service.check_totp(replace(factor, factor=sid), challenge(1), "000000")
                assert written() != before

    run(scene())


def test_who_opened_and_closed_a_secret_is_in_the_access_log(
    run: Any, service_at: Any, factor: TotpOf, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.open_totp(factor, SHAPE)
            await service.close_totp(factor.account, [factor.factor])
            assert [(entry.actor, entry.verb, entry.scope) for entry in ledger.entries] == [
                ("api", "open_totp", (factor.factor,)),
                ("api", "close_totp", (factor.factor,)),
            ]

    run(scene())


def test_no_secret_is_told_that_is_not_in_the_access_log(
    run: Any, service_at: Any, factor: TotpOf, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            ledger.full = True
            with pytest.raises(ConnectionError):
                await service.open_totp(factor, SHAPE)
            assert service._store.row("SELECT 1 FROM totp_secret") is None

    run(scene())
