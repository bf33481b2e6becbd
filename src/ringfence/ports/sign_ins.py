"""How sign-ins went, counted from the verifications and challenges that were approved. Part of the store."""

from typing import Protocol

from ringfence.domain.phishing_report import SignIns


class SignInStore(Protocol):
    """Reads alone: who approves writes it down with the verification or the challenge."""

    async def sign_ins(self, account: str, from_ms: int, until_ms: int) -> list[SignIns]:
        """Approved from `from_ms` on and before `until_ms` (Unix), by service and channel or factor type.

        What was erased with its entity is not among them.
        """
