"""What `/metrics` tells of the API: requests and their times, by operation and status. No sid, number or path value."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Counters of one process; labels are made once, because making them costs more than counting."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "ringfence_api_requests_total", "API requests", ["operation", "status"], registry=registry
        )
        self._seconds = Histogram(
            "ringfence_api_request_seconds", "Time to answer", ["operation"], registry=registry, buckets=_BUCKETS_S
        )
        refused = Counter(
            "ringfence_api_throttled_total",
            "Requests answered 429, by cause (crowd, account_rate, sign_ins, store).",
            ["cause"],
            registry=registry,
        )
        self._refused = {cause: refused.labels(cause) for cause in ("crowd", "account_rate", "sign_ins", "store")}
        kept_out = Counter(
            "ringfence_api_right_secrets_refused_total",
            "Right secrets that signed nobody in, by cause (canary, ended, network, new_network, client).",
            ["cause"],
            registry=registry,
        )
        self._kept_out = {
            cause: kept_out.labels(cause) for cause in ("canary", "ended", "network", "new_network", "client")
        }
        self._known: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def refused(self, cause: str) -> None:
        """One request was answered 429."""
        self._refused[cause].inc()

    def kept_out(self, cause: str) -> None:
        """A right secret signed nobody in."""
        self._kept_out[cause].inc()

    def count(self, operation: str, status: int, seconds: float) -> None:
        """One answered request."""
        known = self._known.get((operation, status))
        if known is None:
            known = (self._requests.labels(operation, str(status)), self._seconds.labels(operation))
            self._known[operation, status] = known
        known[0].inc()
        known[1].observe(seconds)
