"""The operator's table of networks, read once as the process begins."""

import gzip
from pathlib import Path

from ringfence.domain.fraud_guard.networks import Networks, read_networks
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

CURE = "give it the layout of IPtoASN's tables: first, last, AS number, country and name, with tabs between"


def asn_networks(settings: Settings) -> Networks | None:
    """The table of `asn_file`, which may be packed (.gz); None without one. RefusalError names file and line."""
    if not settings.asn_file:
        return None
    path = Path(settings.asn_file).expanduser()
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            return read_networks(lines)
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or "no whole .gz file"
        raise RefusalError(f"asn_file: {path}: {why}", "name a file that can be read") from None
    except ValueError as error:
        raise RefusalError(f"asn_file: {path}: {error}", CURE, exit_code=2) from None
