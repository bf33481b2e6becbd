"""The clock of a test's world."""

from datetime import UTC, datetime, timedelta

from ringfence.testing.driver import Driver


class Clock:
    """Stands still until it is advanced, but for a millisecond with each request and each text from a phone."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return moment(self._driver.clock.now_ms())

    def advance(self, by: timedelta | None = None, **units: float) -> None:
        """Let time pass: a timedelta, or its arguments, as in `advance(hours=24)`.

        Whatever falls due meanwhile (scheduled texts, retries of webhooks, late receipts) happens in order, each at
        its own time. ValueError for time that would go back.
        """
        span = (by or timedelta()) + timedelta(**units)
        if span < timedelta():
            raise ValueError("a clock does not go back")
        self._driver.advance(round(span.total_seconds() * 1_000))


def moment(at_ms: int) -> datetime:
    """Unix milliseconds as a time in UTC."""
    return datetime.fromtimestamp(at_ms // 1_000, UTC) + timedelta(milliseconds=at_ms % 1_000)


def milliseconds(at: str | datetime) -> int:
    """A time as Unix milliseconds; one without a zone is UTC. ValueError for what is not ISO 8601."""
    time = datetime.fromisoformat(at) if isinstance(at, str) else at
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return round(time.timestamp() * 1_000)
