"""What an operator sees of recordings: how they end, and whether the disk keeps up."""

from collections.abc import Callable

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

from ringfence.domain.sealing.recording import Cause

Ended = Callable[[str, int, Cause], None]


class RecordingMetrics:
    """Figures of one worker's recordings."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._recordings = Counter("ringfence_media_recordings", "Recordings that ended", ["cause"], registry=registry)
        self._waiting = Gauge(
            "ringfence_media_recording_waiting_bytes",
            "Sound that waits for the disk",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def counted(self, ended: Ended) -> Ended:
        """What is told of an end, and counted."""

        def told(sid: str, duration_ms: int, cause: Cause) -> None:
            self._recordings.labels(cause).inc()
            ended(sid, duration_ms, cause)

        return told

    def waiting(self, size: int) -> None:
        """So many bytes wait now."""
        self._waiting.set(size)
