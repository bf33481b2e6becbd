"""Whether a person may come in as staff now."""

import sqlite3

from ringfence.console.lockout import is_kept_out
from ringfence.console.operator import staff_rows
from ringfence.console.passkey_book import KeptPasskey
from ringfence.console.refusals import RefusedError
from ringfence.console.sign_in import NoSuchPersonError


def check_admitted(db: sqlite3.Connection, kept: KeptPasskey, now_ms: int) -> None:
    """Return for who is staff, a day after they enrolled, and whom nobody keeps out. RefusedError."""
    member = staff_rows.member_of(db, kept.person)
    if member is None or member.removed_ms is not None:
        raise NoSuchPersonError
    if is_kept_out(db, member.id):
        raise RefusedError("You are kept out for now: another member of staff knows why.", status=403)
    if now_ms < member.active_ms:
        raise RefusedError("You can sign in 24 hours after you enrolled.", status=403)
