"""What is done about a key that shows itself where it should not: a canary, or one from a network that is new for it.

A network is what one owner is commonly given: 24 bits of an IPv4 address, 48 of an IPv6 address.
"""

import ipaddress
from functools import lru_cache
from typing import Final, Literal

Reaction = Literal["alarm", "freeze-key", "freeze-account"]
ALARM: Final = "alarm"
FREEZE_ACCOUNT: Final = "freeze-account"

# What one key's known networks may take: about a hundred. What comes after that stays new.
KNOWN_CHARACTERS: Final = 2_000
_BITS: Final = {4: 24, 6: 48}


# Each request asks for that of its client, and to read an address costs a sixth of a check of a code.
@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """The network that an address lies in, in CIDR form; "" for what is no address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(ipaddress.ip_interface(f"{found}/{_BITS[found.version]}").network)
