"""Which logout tokens came before is known as long as they are taken, of a thousand of each provider."""

from typing import Any

from ringfence.console.tenant.sso.heard_tokens import OF_PROVIDER_MAX, HeardTokens
from ringfence.console.tenant.sso.logout_token import Leaves


def test_one_is_known_as_long_as_it_is_taken_and_no_provider_makes_anothers_forgotten(clock: Any) -> None:
    heard, began_ms = HeardTokens(clock), clock.now_ms()

    def first_ms(jti: str, issuer: str = "a") -> int:
        return heard.first_ms(issuer, "c", Leaves(jti=jti, subject="s", sid="", at_s=began_ms // 1_000))

    assert first_ms("one") == began_ms
    clock.advance(660_000)
    assert (first_ms("one"), first_ms("one", "b")) == (began_ms, began_ms + 660_000)
    for each in range(OF_PROVIDER_MAX):
        first_ms(str(each), "b")
    clock.advance(1)
    assert (first_ms("one"), first_ms("one", "b")) == (began_ms, began_ms + 660_001)
    clock.advance(2_000)
    first_ms("over")
    assert first_ms("one") == clock.now_ms()
