"""How a pair of numbers is named in the opt-out table, without the table knowing either.

Who opts out of a number of a Messaging Service's pool opts out of the service: the service takes the number's place in
a second pair. Source: Twilio, "Error 21610".
"""

from collections.abc import Sequence
from typing import Protocol

from ringfence.ports.store import MessageStore


class Blinder(Protocol):
    """The part of either key port that this needs."""

    async def blind(self, account: str, table: str, values: list[str]) -> list[bytes]: ...


async def opt_out_pair(keys: Blinder, account: str, local: str, remote: str) -> bytes:
    """The blind index of (the tenant's number, the subscriber's number) for `set_opt_out` and `opted_out`."""
    (pair,) = await opt_out_pairs(keys, account, [local], remote)
    return pair


async def opt_out_pairs(keys: Blinder, account: str, senders: Sequence[str], remote: str) -> list[bytes]:
    """Those of several senders (own numbers, or a Messaging Service's SID), in order."""
    return await keys.blind(account, "opt_out", [f"{sender}|{remote}" for sender in senders])


def senders_of(local: str, service: str | None) -> list[str]:
    """The number that a text is sent from, and the service it is sent for, if any."""
    return [local] if service is None else [local, service]


async def opted_out(store: MessageStore, keys: Blinder, account: str, senders: Sequence[str], remote: str) -> bool:
    """Whether the subscriber opted out of any of `senders`."""
    for pair in await opt_out_pairs(keys, account, senders, remote):
        if await store.opted_out(account, pair):
            return True
    return False
