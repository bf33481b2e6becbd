"""Which hosts are answered here, and what a program's NO_PROXY may then still say."""

DOMAIN = "twilio.com"
LOCAL = ("localhost", "127.0.0.1", "::1")


def is_ours(host: str) -> bool:
    """True for twilio.com and every name below it, in any case, with or without the root's dot."""
    name = host.lower().removesuffix(".")
    return name == DOMAIN or name.endswith(f".{DOMAIN}")


def split_authority(authority: str, default_port: int) -> tuple[str, int]:
    """Host and port of `host[:port]` or `[address][:port]` (RFC 3986, section 3.2). ValueError for anything else."""
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, str(default_port)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError("an address without its brackets")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("no host and port")
    return host, int(port)


def no_proxy(before: str) -> str:
    """NO_PROXY for the program: what it was, this machine, and nothing that would let twilio.com past the proxy.

    Programs read an entry as a suffix, some even of a label: so `com` goes, as `*` does.
    """
    entries = [entry.strip() for entry in before.replace(" ", ",").split(",")]
    kept = [entry for entry in entries if entry and not _lets_past(entry)]
    return ",".join(dict.fromkeys([*kept, *LOCAL]))


def _lets_past(entry: str) -> bool:
    name, colon, port = entry.lower().rpartition(":")
    if not colon or not port.isdecimal():
        name = entry.lower()
    name = name.lstrip("*.")
    return DOMAIN.endswith(name) or is_ours(name)
