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


def test_another_secret_or_credential_has_another_seed(clock: ManualClock) -> None:
    seeds = SlotSeeds(clock)
    made = {
        seeds.of("SK1", "secret", digest("secret")),
        seeds.of("SK1", "other", digest("other")),
        seeds.of("SK2", "secret", digest("secret")),
    }
    assert len(made) == 3
