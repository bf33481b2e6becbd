"""What the members of an account that stands still are told: who froze it, since when, what goes on, how it ends."""

from ringfence.console.pages import shown_time
from ringfence.domain.ledger.blast import STAFF
from ringfence.ports.freezes import PLATFORM, FreezeRow

CLOSED = "This account is closed, for good."
SUSPENDED = (
    "This account, or the one above it, is suspended: by two of your operator's staff, or by who holds the Auth Token "
    "of the one above it. Whoever did that lets it go on: ask them."
)
UNKNOWN = "This account is not active for now."
_MEANWHILE = (
    "Meanwhile nobody signs in, neither here nor to the API, calls end, and texts and webhooks wait: nothing is lost, "
    "and texts to it are taken. It goes on when your operator says so, which takes two of their staff: call them by a "
    "number that you know, and then sign in anew."
)


def frozen_words(row: FreezeRow, account: str, actor: str) -> str:
    """In three sentences, for members of `account`. `actor` is who froze it, "" where nobody knows."""
    since = f"since {shown_time(row.at_ms)} UTC"
    if row.kind == PLATFORM:
        return f"Your operator has frozen everything, {since}. {_MEANWHILE}"
    what = "This account" if row.name == account else f"{row.name}, the account above this one,"
    return f"{what} is frozen, {since}, by {_whom(actor)}. {_MEANWHILE}"


def _whom(actor: str) -> str:
    if actor.startswith(STAFF):
        return "your operator"
    if actor:
        return f"its own key {actor}, which was used where it should not be, and was set to do that"
    return "your operator, or by a key of its own that was set to do that where it should not be used"
