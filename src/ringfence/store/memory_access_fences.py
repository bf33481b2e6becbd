"""How new what was last changed of access is, in memory."""

from collections.abc import Iterable

from ringfence.domain.access_fence import MADE, access_fence
from ringfence.store.access_fences import to_write


class MemoryAccessFences:
    """By account and credential, "" for the account itself, and field."""

    def __init__(self) -> None:
        self._fences: dict[tuple[str, str], dict[str, int]] = {}

    def _pass(self, account: str, credential: str, fields: Iterable[str], number: int | None, at_ms: int) -> list[str]:
        """The fields that are to be written now. OvertakenError as `to_write`."""
        fence, known = access_fence(number, at_ms), self._fences.setdefault((account, credential), {})
        passed = to_write(known, fields, fence, at_once=number is None)
        known.update({field: max(fence, known.get(field, 0)) for field in passed})
        return passed

    def _note_gone(self, account: str, credential: str, number: int) -> None:
        """No key that was made before that comes in its place."""
        known = self._fences.setdefault((account, credential), {})
        known[MADE] = max(access_fence(number, 0), known.get(MADE, 0))

    def _forget_fences(self, account: str, credential: str) -> None:
        known = self._fences.get((account, credential), {})
        self._fences[account, credential] = {field: fence for field, fence in known.items() if field == MADE}
