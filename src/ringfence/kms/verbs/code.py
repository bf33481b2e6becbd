"""For the API, the one-time codes of verifications and of authenticator apps."""

from collections.abc import Sequence

from ringfence.domain.totp import TotpShape
from ringfence.kms.vault import API, Vault
from ringfence.ports.totp_codes import TotpOf
from ringfence.ports.verification_codes import CodeOf, CodeState, Verdict


class CodeVerbs(Vault):
    """`ports.verification_codes.VerificationCodes` and `ports.totp_codes.TotpCodes`."""

    async def open_code(self, code: CodeOf, length: int, expires_ms: int, custom: str = "") -> None:
        await self._codes.open(code, length, expires_ms, custom)

    async def check_code(self, code: CodeOf, guess: str) -> Verdict:
        return await self._codes.check(code, guess)

    async def code_state(self, account: str, sid: str) -> CodeState:
        return self._codes.state(account, sid)

    async def close_code(self, account: str, sid: str) -> None:
        await self._codes.close(account, sid)

    async def open_totp(self, factor: TotpOf, shape: TotpShape, secret: bytes = b"") -> bytes:
        await self._write_down(factor.account, API, "open_totp", factor.factor)
        return await self._totp.open(factor, shape, secret)

    async def check_totp(self, factor: TotpOf, attempt: str, guess: str, shape: TotpShape | None = None) -> Verdict:
        return await self._totp.check(factor, attempt, guess, shape)

    async def close_totp(self, account: str, factors: Sequence[str]) -> None:
        await self._write_down(account, API, "close_totp", *factors)
        await self._totp.close(account, factors)
