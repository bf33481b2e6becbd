"""What absolute URLs begin with: the address at which the caller reached a product, so that one leads back to it."""

import re
from urllib.parse import urlsplit

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


def root_of(base_url: str, scheme: str, host: str, prefix: str) -> str:
    """Scheme, host and the product's path prefix. A host below twilio.com was asked for by https, whatever is between.

    `base_url` is the installation's own address: it says the scheme at its host, and stands in for a host that is none.
    """
    own = urlsplit(base_url)
    if _HOST.fullmatch(host) is None:
        return f"{own.scheme}://{own.netloc}{prefix}"
    if host.lower().partition(":")[0].endswith(".twilio.com"):
        scheme = "https"
    elif host.lower() == own.netloc.lower():
        scheme = own.scheme
    return f"{scheme}://{host}{prefix}"
