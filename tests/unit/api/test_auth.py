"""Whose failures to sign in are counted together."""

import pytest

from ringfence.api.admission import TooManyRequestsError
from ringfence.api.auth import Authenticator
from ringfence.api.frozen import FrozenCredentials
from ringfence.domain.clock import ManualClock
from ringfence.domain.errors import ApiError
from ringfence.store.memory import MemoryStore


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "", False),
        ("a socket", "a socket", False),
    ],
)
def test_an_ipv4_address_or_an_ipv6_network_is_one_client(
    run: object, clock: ManualClock, one: str, other: str, together: bool
) -> None:
    store = MemoryStore()
    auth = Authenticator(store, clock, frozen=FrozenCredentials(store, clock), failures_of_address=1)

    def code_of(client: str) -> int:
        with pytest.raises(ApiError) as refused:
            run(auth.present(None, client))  # type: ignore[operator]
        assert isinstance(refused.value, TooManyRequestsError) is (refused.value.code == 20429)
        return refused.value.code

    assert code_of(one) == 20003
    assert code_of(other) == (20429 if together else 20003)
