"""How accounts share what is taken: each the same, and what one does not need goes to the next."""


class Turn:
    """Whose turn comes first. Moves on only where there were more accounts than places."""

    def __init__(self) -> None:
        self.last = ""

    def choose(self, behind: list[str], before: list[str], limit: int) -> list[str]:
        """At most `limit` accounts: those behind the last one served, then from the beginning; both in order of sid."""
        waiting = [*behind, *before]
        chosen = waiting[:limit]
        self.last = chosen[-1] if len(waiting) > limit else ""
        return chosen


def first_share(limit: int, accounts: int) -> int:
    """What each of so many accounts gets at first."""
    return max(1, limit // accounts)
