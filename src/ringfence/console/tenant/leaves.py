"""The grants that stood behind what an account's members are told was opened: who gave them, when, and why."""

from collections.abc import Mapping, Sequence
from typing import Final

from ringfence.console.blast_notices import BlastNotice
from ringfence.console.grant_book import GrantBook
from ringfence.domain.access.grant import Grant

SHOWN: Final = 3


async def leaves_behind(book: GrantBook, notices: Sequence[BlastNotice]) -> Mapping[str, Sequence[Grant]]:
    """By the notices' `grants`: of each the first few, as far as they are kept here."""
    return {
        notice.grants: [
            grant
            for sid in notice.grants.split()[:SHOWN]
            if (grant := await book.grant(sid)) is not None and grant.tenant == notice.account
        ]
        for notice in notices
    }
