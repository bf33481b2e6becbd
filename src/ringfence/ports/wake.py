"""A doorbell between processes: a hint that the store has news. Lost rings cost latency, never a text."""

from typing import Protocol


class Wake(Protocol):
    def ring(self) -> None:
        """Tell the dispatcher that something is due. Never blocks, never raises."""
