"""For the API and the dispatcher, the blind indexes of tables that are looked up by a number."""

from collections.abc import Sequence

from ringfence.kms.vault import Vault
from ringfence.ports.keys import KeyRefusedError

BLIND_TABLES = frozenset(
    {
        *("opt_out", "sticky_sender", "safe_list", "consent", "rate_bucket", "capability", "lookup_override"),
        *("verify_to", "verify_origin", "verify_entity", "verify_credential"),
    }
)


class TableVerbs(Vault):
    """What `ports.keys.TenantKeys` and `DeliveryKeys` share."""

    async def blind(self, account: str, table: str, values: Sequence[str]) -> list[bytes]:
        if table not in BLIND_TABLES:
            raise KeyRefusedError("no such table")
        return self._tables.of(account, table, values)
