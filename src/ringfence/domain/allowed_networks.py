"""From which addresses a credential may be used."""

import ipaddress

MAX_NETWORKS = 50
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_networks(text: str) -> str:
    """Networks in CIDR form or single addresses, separated by spaces or commas, as they are kept.

    ValueError for anything else, for host bits that are set, and for more than 50.
    """
    words = text.replace(",", " ").split()
    if len(words) > MAX_NETWORKS:
        raise ValueError(f"expected at most {MAX_NETWORKS} networks")
    try:
        return " ".join(str(_network(word)) for word in words)
    except ValueError:
        raise ValueError("expected networks such as 192.0.2.0/24 or 2001:db8::/32") from None


def _network(word: str) -> Network:
    network = ipaddress.ip_network(word)
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        return ipaddress.ip_network((int(mapped or 0), network.prefixlen - 96))
    return network


def admits(networks: str, address: str) -> bool:
    """True where `address` lies in one of the kept `networks`, or where there are none. An unreadable one does not."""
    if not networks:
        return True
    try:
        asked = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(asked, ipaddress.IPv6Address) and asked.ipv4_mapped is not None:
        asked = asked.ipv4_mapped
    return any(asked in ipaddress.ip_network(network) for network in networks.split())
