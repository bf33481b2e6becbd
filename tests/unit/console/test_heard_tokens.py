"""Which logout tokens came before is known as long as they are taken, of a thousand of each provider."""

from typing import Any

from ringfence.console.tenant.sso.heard_tokens import OF_PROVIDER_MAX, HeardTokens
from ringfence.console.tenant.sso.logout_token import Leaves
from ringfence.console.tenant.sso.signed_token import AGE_MAX_S, SKEW_S


def test_one_is_known_as_long_as_it_is_taken_and_no_provider_makes_anothers_forgotten(clock: Any) -> None:
    heard, began_ms = HeardTokens(clock), clock.now_ms()

    def first_ms(jti: str, issuer: str = "a") -> int:
        return heard.first_ms(issuer, "c", Leaves(jti=jti, subject="s", sid="", at_s=began_ms // 1_000))

    assert first_ms("one") == began_ms
    clock.advance(600_000)
    assert (first_ms("one"), first_ms("one", "b")) == (began_ms, began_ms + 600_000)
    # Of a thousand none is forgotten, of one more the oldest.
    for each in range(OF_PROVIDER_MAX - 1):
        first_ms(str(each), "b")
    clock.advance(1)
    assert first_ms("one", "b") == began_ms + 600_000
    first_ms("one more", "b")
    assert (first_ms("one"), first_ms("one", "b")) == (began_ms, began_ms + 600_001)
    taken_until_ms = (began_ms // 1_000 + AGE_MAX_S + SKEW_S + 1) * 1_000
    clock.advance(taken_until_ms - 1 - clock.now_ms())
    assert first_ms("one") == began_ms
    clock.advance(1)
    assert first_ms("one") == taken_until_ms
