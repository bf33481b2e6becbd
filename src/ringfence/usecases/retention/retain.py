"""The row that a standing duty wants of a record; none where no duty stands."""

from ringfence.domain.retention.facts import Facts
from ringfence.domain.sealing.retained import RecordRetention, seal_retained
from ringfence.ports.retention import RetainedRow


def retained_row(retention: RecordRetention | None, account: str, sid: str, facts: Facts) -> RetainedRow | None:
    """What is to be kept of `facts`. None without a duty, and where it names nothing of the part."""
    if retention is None:
        return None
    sealed = seal_retained(retention, account, sid, facts)
    if sealed is None:
        return None
    return RetainedRow(
        account=account,
        sid=sid,
        part=retention.part,
        duty=retention.duty,
        epoch=retention.epoch,
        until_ms=retention.until_ms,
        sealed=sealed,
    )
