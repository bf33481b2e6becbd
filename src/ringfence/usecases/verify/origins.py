"""What a start came from, as far as the program said: an address, its network, a device. Only blind indexes are kept.

Source: Twilio, Verify v2, "Start new verification": `DeviceIp`, and `Tags`, of which `device_id` is read here.
"""

import ipaddress
import json

from ringfence.domain.fraud_guard.blocks import ADDRESS, DEVICE, NETWORK
from ringfence.domain.fraud_guard.networks import Network
from ringfence.ports.keys import TenantKeys

TABLE = "verify_origin"
DEVICE_TAG = "device_id"
HOME_PREFIX = 64


async def origins_of(
    keys: TenantKeys, account: str, device_ip: str, tags: str, network: Network | None = None
) -> tuple[str, ...]:
    """Names of what is counted beside the blocks of a number; none where the program did not say."""
    said = {}
    if device_ip:
        said[ADDRESS] = _home(device_ip)
    if network is not None:
        said[NETWORK] = str(network.number)
    if tags and (device := json.loads(tags).get(DEVICE_TAG)):
        said[DEVICE] = device
    if not said:
        return ()
    indexes = await keys.blind(account, TABLE, [f"{kind}{value}" for kind, value in said.items()])
    return tuple(f"{kind}{index.hex()}" for kind, index in zip(said, indexes, strict=True))


def _home(device_ip: str) -> str:
    """An IPv4 address; of IPv6 the network of one home, whose devices choose their addresses themselves."""
    address = ipaddress.ip_address(device_ip)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(address), HOME_PREFIX), strict=False))
    return str(address)
