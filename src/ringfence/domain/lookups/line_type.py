"""What kind of line a number is, as far as its numbering plan tells."""

from ringfence.domain.lookups.packages import LineType
from ringfence.domain.number import Number, NumberKind

# In North America fixed lines and mobiles share their ranges: which it is, only the network knows.
_TYPES: dict[NumberKind, LineType] = {
    NumberKind.LOCAL: "landline",
    NumberKind.MOBILE: "mobile",
    NumberKind.TOLL_FREE: "tollFree",
    NumberKind.PREMIUM: "premium",
    NumberKind.SHARED_COST: "sharedCost",
    NumberKind.VOIP: "nonFixedVoip",
    NumberKind.PERSONAL: "personal",
    NumberKind.PAGER: "pager",
    NumberKind.UAN: "uan",
    NumberKind.VOICEMAIL: "voicemail",
}


def planned_type(e164: str) -> LineType:
    """The type by the plan; `unknown` where the plan leaves it open."""
    return _TYPES.get(Number(e164, "001").kind, "unknown")
