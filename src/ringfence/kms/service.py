"""The key service in one process: its ports, over files and one database. What it does for whom is in `kms.verbs`."""

from ringfence.kms.verbs.access import AccessVerbs
from ringfence.kms.verbs.code import CodeVerbs
from ringfence.kms.verbs.console import ConsoleVerbs
from ringfence.kms.verbs.delivery import DeliveryVerbs
from ringfence.kms.verbs.device import DeviceVerbs
from ringfence.kms.verbs.duty import DutyVerbs
from ringfence.kms.verbs.grant import GrantVerbs
from ringfence.kms.verbs.operator import OperatorVerbs
from ringfence.kms.verbs.table import TableVerbs
from ringfence.kms.verbs.tenant import TenantVerbs


class KeyService(
    TenantVerbs,
    CodeVerbs,
    DeviceVerbs,
    ConsoleVerbs,
    AccessVerbs,
    GrantVerbs,
    TableVerbs,
    DeliveryVerbs,
    OperatorVerbs,
    DutyVerbs,
):
    """Open it, use it through its ports, close it. One process a directory; arguments as of `kms.vault.Vault`.

    Errors: KeyRefusedError (the caller opens nothing of that account; unknown account or table), ValueError (a mistake
    of the calling program), ConnectionError (database or ledger cannot be written: nothing was released).
    """
