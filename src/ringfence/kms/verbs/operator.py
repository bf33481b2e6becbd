"""For the operator, the rotation of the key service's own keys."""

from collections.abc import Sequence

from ringfence.domain.sealing.aead import UnsealError
from ringfence.kms.vault import OPERATOR, Vault
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.operator_keys import Former
from ringfence.ports.totp_codes import TotpOf


class OperatorVerbs(Vault):
    """`ports.operator_keys.OperatorKeys`."""

    async def rotate_standing(self) -> int:
        await self._write_down("", OPERATOR, "rotate_standing", str(self._standing.number + 1))
        return self._standing.rotate()

    async def rotate_grants(self) -> int:
        await self._write_down("", OPERATOR, "rotate_grants", str(self._grant_keys.number + 1))
        return self._grant_keys.rotate()

    async def renew_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes | None]:
        try:
            renewed = [self._standing.renew(account, name, sealed) for name, sealed in records]
        except UnsealError:
            raise KeyRefusedError("standing configuration does not open") from None
        names = [name for (name, _), sealed in zip(records, renewed, strict=True) if sealed is not None]
        if names:
            self._write_down_later(account, OPERATOR, "renew_standing", *names)
        return renewed

    async def renew_totp(self, factors: Sequence[TotpOf]) -> int:
        return await self._totp.renew(factors)

    async def former_standing(self) -> Former:
        return Former(keys=self._standing.former, secrets=self._totp.former())

    async def end_former_standing(self) -> int:
        if self._totp.former():
            raise KeyRefusedError("secrets of the key service are sealed under a former standing key")
        await self._access.renew()
        await self._write_down("", OPERATOR, "end_former_standing", str(self._standing.number))
        return self._standing.destroy_former()
