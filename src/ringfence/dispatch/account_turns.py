"""Of whom no more events are taken for now: who has many in hand, and who sends back a crowd."""

import asyncio
from collections import Counter

ACCOUNT_IN_HAND = 512
CROWD = 64
# One account's pause, and the longest. All that pause share what looking again costs: 250 crowds in a minute of one.
PAUSE_S = 0.25
PAUSE_MAX_S = 2.0
_ACCOUNTS_MAX = 10_000


class AccountTurns:
    """Counts events by account. One of which `CROWD` were given back, its programs being slow, pauses.

    Looking again and again at a million events that cannot be told would cost the others their turn: so the more
    accounts pause, the longer each does. Behind those events may stand others, of a program that answers, which only
    looking finds: so one account alone pauses for `PAUSE_S`.
    """

    def __init__(self) -> None:
        self._in_hand: Counter[str] = Counter()
        self._given_back: Counter[str] = Counter()
        self._paused_until_s: dict[str, float] = {}

    def take(self, account: str) -> None:
        """One more is in hand."""
        self._in_hand[account] += 1

    def let_go(self, account: str) -> None:
        """One less is in hand."""
        self._in_hand[account] -= 1
        if not self._in_hand[account]:
            del self._in_hand[account]

    def give_back(self, account: str) -> None:
        """One goes back untried, because the program that it is for is slow."""
        self._given_back[account] += 1
        if self._given_back[account] >= CROWD:
            del self._given_back[account]
            pause_s = min(PAUSE_S * len({*self._paused_until_s, account}), PAUSE_MAX_S)
            self._paused_until_s[account] = asyncio.get_running_loop().time() + pause_s
        elif len(self._given_back) > _ACCOUNTS_MAX:
            self._given_back.clear()

    def passed_over(self) -> set[str]:
        """The accounts of which nothing is taken now."""
        now_s = asyncio.get_running_loop().time()
        self._paused_until_s = {who: until_s for who, until_s in self._paused_until_s.items() if until_s > now_s}
        full = {account for account, count in self._in_hand.items() if count >= ACCOUNT_IN_HAND}
        return full.union(self._paused_until_s)
