"""Ceremonies serve once; nobody's are crowded out by another's."""

import pytest

from ringfence.console.ceremonies import CHALLENGE_BYTES, LIFE_MS, OF_ONE_MAX, WAITING_MAX, Ceremonies
from ringfence.console.refusals import RefusedError
from ringfence.domain.clock import ManualClock
from ringfence.ports.passkeys import RelyingParty

PARTY = RelyingParty(id="localhost", name="", origins=("http://localhost",))


def test_one_serves_once_and_knows_what_it_is_about(clock: ManualClock) -> None:
    waiting = Ceremonies[str](PARTY, clock)
    name, ceremony = waiting.begin("a key", of="CS1")
    pending = waiting.take(name)
    assert pending is not None
    assert (pending.about, pending.ceremony) == ("a key", ceremony)
    assert (waiting.take(name), waiting.take("nothing")) == (None, None)


def test_a_ceremony_asks_who_is_there_with_a_challenge_that_nobody_guesses(clock: ManualClock) -> None:
    waiting = Ceremonies[int](PARTY, clock)
    (name, ceremony), (_, another) = waiting.begin(0, of="CS1"), waiting.begin(0, of="CS1")
    assert (ceremony.party, ceremony.user_verification) == (PARTY, "required")
    assert ceremony.until_ms == clock.now_ms() + LIFE_MS
    assert len(ceremony.challenge) == CHALLENGE_BYTES
    assert ceremony.challenge != another.challenge
    # 16 bytes.
    assert len(name) == 22


def test_who_begins_too_many_loses_the_oldest_of_their_own(clock: ManualClock) -> None:
    waiting = Ceremonies[int](PARTY, clock)
    other, _ = waiting.begin(0, of="CS2")
    own = [waiting.begin(n, of="CS1")[0] for n in range(OF_ONE_MAX + 2)]
    assert [waiting.take(name) is None for name in own] == [True, True] + [False] * OF_ONE_MAX
    assert waiting.take(other) is not None


def test_where_too_many_wait_the_next_is_refused_until_they_are_over(clock: ManualClock) -> None:
    waiting = Ceremonies[int](PARTY, clock)
    names = [waiting.begin(n, of=f"CS{n}")[0] for n in range(WAITING_MAX)]
    with pytest.raises(RefusedError, match=r"^Too many show .* try again in a few minutes\.$") as refused:
        waiting.begin(0, of="another")
    assert refused.value.status == 503
    assert waiting.take(names[0]) is not None
    waiting.begin(0, of="another")
    clock.advance(LIFE_MS)
    waiting.begin(0, of="a third")
    assert waiting.take(names[1]) is None
