"""What an account spent, as people read it."""

from collections import Counter

import msgspec


class SpentDay(msgspec.Struct, kw_only=True):
    """A day, YYYY-MM-DD, and what was spent on it: by currency, in millionths."""

    day: str
    spent_micros: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def spent(self) -> str:
        return ", ".join(shown_price(micros, unit) for unit, micros in sorted(self.spent_micros.items())) or "–"


def shown_price(micros: int | None, unit: str) -> str:
    """Millionths of a currency."""
    return "" if micros is None else f"{abs(micros) / 1_000_000:.4f} {unit}"
