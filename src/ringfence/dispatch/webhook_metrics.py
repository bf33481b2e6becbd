"""Figures about webhooks: no number, URL or account is a label."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


class WebhookMetrics:
    """Kept in `registry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter(
            "ringfence_webhook_attempts",
            "Webhook attempts by kind (inbound, status) and end (done, pending, dead).",
            ["kind", "end"],
            registry=registry,
        )
        self.deferred = Counter(
            "ringfence_webhooks_deferred",
            "Events given back untried, because a program or the key service was slow or away.",
            registry=registry,
        )
        self.seconds = Histogram(
            "ringfence_webhook_seconds", "Duration of webhook attempts.", buckets=SECONDS, registry=registry
        )
        # Summed over the dispatchers that live.
        self.running = Gauge(
            "ringfence_webhooks_running", "Webhook attempts under way.", registry=registry, multiprocess_mode="livesum"
        )
        self.waiting = Gauge(
            "ringfence_webhooks_waiting",
            "Opened events that wait for a place.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._attempts_by_end = {
            (kind, end): self.attempts.labels(kind, end)
            for kind in ("inbound", "status")
            for end in ("done", "pending", "dead")
        }

    def count(self, inbound: bool, end: str) -> None:
        """One attempt more that ended so."""
        self._attempts_by_end["inbound" if inbound else "status", end].inc()
