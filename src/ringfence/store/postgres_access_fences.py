"""How new what was last changed of access is, in PostgreSQL."""

from collections.abc import Iterable

from ringfence.domain.access_fence import MADE, access_fence
from ringfence.store.access_fences import to_write
from ringfence.store.postgres_committer import Connection
from ringfence.store.statements import statements

SQL = statements("postgres/access_fences")


async def pass_fences(
    tx: Connection, account: str, credential: str, fields: Iterable[str], number: int | None, at_ms: int
) -> list[str]:
    """The fields that are to be written now, in this transaction. OvertakenError as `to_write`.

    What is changed of one account is changed in turn: its row is locked until the transaction ends.
    """
    await tx.execute(SQL["turn"], account)
    fence = access_fence(number, at_ms)
    known = {row["field"]: row["fence"] for row in await tx.fetch(SQL["known"], account, credential)}
    passed = to_write(known, fields, fence, at_once=number is None)
    for field in passed:
        await tx.execute(SQL["raise"], account, credential, field, fence)
    return passed


async def note_gone(tx: Connection, account: str, credential: str, number: int) -> None:
    """No key that was made before that comes in its place."""
    await tx.execute(SQL["raise"], account, credential, MADE, access_fence(number, 0))


async def forget_fences(tx: Connection, account: str, credential: str) -> None:
    """Of a key that goes, all but that it was made."""
    await tx.execute(SQL["forget"], account, credential, MADE)
