"""What is counted of recordings."""

from prometheus_client import CollectorRegistry

from ringfence.media.recording_metrics import RecordingMetrics


def test_ends_are_told_and_counted_by_their_cause() -> None:
    registry = CollectorRegistry()
    figures, told = RecordingMetrics(registry), []
    ended = figures.counted(lambda *end: told.append(end))
    ended("RE1", 20, "stopped")
    ended("RE2", 0, "failed")
    ended("RE3", 40, "stopped")
    assert told == [("RE1", 20, "stopped"), ("RE2", 0, "failed"), ("RE3", 40, "stopped")]
    assert registry.get_sample_value("ringfence_media_recordings_total", {"cause": "stopped"}) == 2
    assert registry.get_sample_value("ringfence_media_recordings_total", {"cause": "failed"}) == 1


def test_what_waits_for_the_disk_is_shown() -> None:
    registry = CollectorRegistry()
    figures = RecordingMetrics(registry)
    for size in (1_000, 0, 640):
        figures.waiting(size)
    assert registry.get_sample_value("ringfence_media_recording_waiting_bytes") == 640
