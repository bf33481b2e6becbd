"""Figures about texts between the store and the carrier: no number or account is a label."""

from prometheus_client import CollectorRegistry, Counter


class TextMetrics:
    """Kept in `registry`."""

    def __init__(self, registry: CollectorRegistry, carrier: str) -> None:
        throttled = Counter(
            "ringfence_texts_throttled_total",
            "Texts that the carrier did not take for now, and that were offered again.",
            ["carrier"],
            registry=registry,
        )
        arrivals = Counter(
            "ringfence_arrivals_total",
            "Texts that the carrier brought, by end: taken, repeated (known already), dropped (nobody's).",
            ["carrier", "end"],
            registry=registry,
        )
        self._throttled = throttled.labels(carrier)
        self._mails_throttled = throttled.labels("mail")
        self._arrivals = {end: arrivals.labels(carrier, end) for end in ("taken", "repeated", "dropped")}

    def throttled(self, count: int) -> None:
        """So many texts were throttled."""
        self._throttled.inc(count)

    def mails_throttled(self, count: int) -> None:
        """So many mails were."""
        self._mails_throttled.inc(count)

    def arrived(self, end: str) -> None:
        """One text arrived, and what became of it."""
        self._arrivals[end].inc()
