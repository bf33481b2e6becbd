"""The key that browsers seal to is made anew while grants are open; the former one goes when none can need it."""

from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.grant import open_grant
from ringfence.kms.grant_keys import FORMER_FOR_MS, GrantKeys
from ringfence.kms.key_files import KeyFiles
from unit.kms.test_grants import GR, KEYS, SESSION, unkept


@pytest.fixture
def files(tmp_path: Path) -> KeyFiles:
    made = KeyFiles(tmp_path / "keys")
    made.prepare()
    return made


def held(files: KeyFiles, clock: ManualClock) -> GrantKeys:
    keys = GrantKeys(files, clock)
    keys.load()
    return keys


def test_the_newest_is_sealed_to_and_a_former_one_opens_after_a_restart_too(files: KeyFiles) -> None:
    keys = held(files, ManualClock())
    before = hpke.seal(keys.public, b"old", b"place")
    former = keys.public
    assert (keys.number, keys.rotate(), keys.number) == (0, 1, 1)
    assert keys.public != former
    after = hpke.seal(keys.public, b"new", b"place")
    for each in (keys, held(files, ManualClock())):
        assert (each.unseal(before, b"place"), each.unseal(after, b"place")) == (b"old", b"new")
        with pytest.raises(UnsealError):
            each.unseal(after, b"another place")


def test_a_former_key_is_destroyed_when_no_grant_can_need_it_and_no_sooner(files: KeyFiles) -> None:
    clock = ManualClock()
    keys = held(files, clock)
    before = hpke.seal(keys.public, b"old", b"")
    for _ in range(2):
        keys.rotate()
    clock.advance(FORMER_FOR_MS - 1)
    assert (keys.destroy_former(), keys.unseal(before, b"")) == (0, b"old")
    # Since when it has been former is not known after a start: it stays for the whole time again.
    assert held(files, clock).destroy_former() == 0
    clock.advance(1)
    assert (keys.destroy_former(), keys.destroy_former(), files.names()) == (2, 0, ["browsers-2"])
    with pytest.raises(UnsealError):
        keys.unseal(before, b"")
    assert held(files, clock).public == keys.public
    assert files.names() == ["browsers-2"]


def test_keys_of_x25519_alone_are_destroyed_and_nothing_is_made_of_them(files: KeyFiles) -> None:
    before = {files.create(name) for name in ("grants", "grants-1", "grants-12")}
    keys = held(files, ManualClock())
    assert files.names() == ["browsers"]
    assert files.load("browsers") not in before
    assert hpke.is_hybrid(keys.public)


def test_a_grant_that_is_open_goes_on_and_one_for_either_key_is_kept(
    run: Any, service_at: Any, account: str, token: Any, ledger: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            former = await service.grant_keeper()
            grant = unkept(account, at_noon, former)
            await service.keep_grant(grant)
            assert await service.rotate_grants() == 1
            assert await service.grant_keeper() != former
            sealed = await service.grant_boxes(GR, "e1", list(KEYS))
            assert open_grant(grant.binding, sealed, SESSION) == KEYS
            at_noon.advance(FORMER_FOR_MS)
            await service.tidy()
            entries = [(entry.actor, entry.verb, entry.scope) for entry in (*ledger.entries, *ledger.later)]
            assert ("operator", "rotate_grants", ("1",)) in entries
            assert ("kms", "end_former_grants", ("1",)) in entries

    run(scene())
