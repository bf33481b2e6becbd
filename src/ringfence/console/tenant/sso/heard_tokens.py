"""When each logout token was first heard: sent again, it ends nothing that was made in between.

Its own time does not tell, as clocks differ by a minute. In memory alone; a restart forgets.
Source: OpenID Connect Back-Channel Logout 1.0, 2.6, step 8.
"""

from typing import Final

from ringfence.console.tenant.sso.logout_token import Leaves
from ringfence.console.tenant.sso.signed_token import AGE_MAX_S, SKEW_S
from ringfence.domain.clock import Clock

OF_PROVIDER_MAX: Final = 1_000


class HeardTokens:
    """By provider, so that none makes another's forgotten. Its oldest go first, those that are taken no more before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # By jti, as they came: when it was first heard, and from when on it is taken no more.
        self._heard: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}

    def first_ms(self, issuer: str, client_id: str, leaves: Leaves) -> int:
        """Unix time at which this token first came; now, where it did not come before."""
        now_ms = self._clock.now_ms()
        heard = self._heard.setdefault((issuer, client_id), {})
        while heard and heard[oldest := next(iter(heard))][1] <= now_ms:
            del heard[oldest]
        first_ms, _ = heard.setdefault(leaves.jti, (now_ms, (leaves.at_s + AGE_MAX_S + SKEW_S + 1) * 1_000))
        if len(heard) > OF_PROVIDER_MAX:
            del heard[next(iter(heard))]
        return first_ms
