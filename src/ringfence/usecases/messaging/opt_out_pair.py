"""How a pair of numbers is named in the opt-out table, without the table knowing either."""

from typing import Protocol


class Blinder(Protocol):
    """The part of either key port that this needs."""

    async def blind(self, account: str, table: str, values: list[str]) -> list[bytes]: ...


async def opt_out_pair(keys: Blinder, account: str, local: str, remote: str) -> bytes:
    """The blind index of (the tenant's number, the subscriber's number) for `set_opt_out` and `opted_out`."""
    (pair,) = await keys.blind(account, "opt_out", [f"{local}|{remote}"])
    return pair
