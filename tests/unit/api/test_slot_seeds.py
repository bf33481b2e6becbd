import hashlib

import pytest

from ringfence.api import slot_seeds
from ringfence.api.slot_seeds import MAX_AGE_MS, SlotSeeds
from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.slots import slot_seed


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def test_a_seed_is_that_of_the_slot(clock: ManualClock) -> None:
    seeds = SlotSeeds(clock)
    for _ in range(2):
        assert seeds.of("SK1", "secret", digest("secret")) == slot_seed("secret", "SK1")


def test_it_is_derived_once_a_minute(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    derived: list[str] = []

    def counted(secret: str, credential: str) -> bytes:
        derived.append(credential)
        return slot_seed(secret, credential)

    monkeypatch.setattr(slot_seeds, "slot_seed", counted)
    seeds = SlotSeeds(clock)
    seeds.of("SK1", "secret", digest("secret"))
    clock.advance(MAX_AGE_MS - 1)
    seeds.of("SK1", "secret", digest("secret"))
    assert derived == ["SK1"]
    clock.advance(1)
    seeds.of("SK1", "secret", digest("secret"))
    assert derived == ["SK1", "SK1"]


def test_what_is_a_minute_old_is_let_go_of_when_another_comes(clock: ManualClock) -> None:
    seeds = SlotSeeds(clock)
    seeds.of("SK1", "old", digest("old"))
    clock.advance(MAX_AGE_MS - 1)
    seeds.of("SK1", "young", digest("young"))
    assert len(held(seeds)) == 2
    clock.advance(1)
    seeds.of("SK1", "new", digest("new"))
    assert slot_seed("old", "SK1") not in held(seeds)
    assert slot_seed("young", "SK1") in held(seeds)


def test_it_holds_so_many_and_no_more(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot_seeds, "_MAX_SEEDS", 3)
    seeds = SlotSeeds(clock)
    for n in range(10):
        seeds.of("SK1", str(n), digest(str(n)))
        assert len(held(seeds)) <= 3


def held(seeds: SlotSeeds) -> set[bytes]:
    """What a thief of the process's memory would find."""
    return {seed for _, seed in seeds._seeds.values()}


def test_another_secret_or_credential_has_another_seed(clock: ManualClock) -> None:
    seeds = SlotSeeds(clock)
    made = {
        seeds.of("SK1", "secret", digest("secret")),
        seeds.of("SK1", "other", digest("other")),
        seeds.of("SK2", "secret", digest("secret")),
    }
    assert len(made) == 3
