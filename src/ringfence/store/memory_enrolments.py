"""Leaves to make a factor, in memory."""

from ringfence.ports.enrolments import EnrolmentRow


class MemoryEnrolments:
    """`ports.enrolments.EnrolmentStore` over a dictionary."""

    def __init__(self) -> None:
        self._enrolments: dict[tuple[str, str, str], EnrolmentRow] = {}

    async def keep_enrolment(self, row: EnrolmentRow) -> None:
        self._enrolments = {key: known for key, known in self._enrolments.items() if known.expires_ms > row.created_ms}
        self._enrolments[row.account, row.service, row.sid] = row

    async def enrolment(self, account: str, service: str, sid: str, now_ms: int) -> EnrolmentRow | None:
        row = self._enrolments.get((account, service, sid))
        return row if row is not None and row.expires_ms > now_ms else None

    def _forget_enrolments(self, account: str, service: str, identity_index: bytes) -> None:
        ended = (account, service, identity_index)
        self._enrolments = {
            key: row for key, row in self._enrolments.items() if (row.account, row.service, row.identity_index) != ended
        }
