"""The environment of a program that is to find the proxy and trust it, whatever it is written in.

Sources: requests, "SSL Cert Verification" and "Proxies"; Node.js, "Command-line API"; Go, net/http
`ProxyFromEnvironment`; OpenJDK, "Networking properties"; PHP, "Scan directories"; curl(1); OpenSSL, SSL_CERT_FILE.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from ringfence.devproxy.hosts import no_proxy
from ringfence.devproxy.trust import TRUSTSTORE_PASSWORD, java_truststore, merged, write_private

SHIM = Path(__file__).with_name("shim")
_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


def environment_for(
    before: Mapping[str, str], *, proxy_url: str, port: int, authority_pem: bytes, folder: Path
) -> dict[str, str]:
    """`before`, with what leads a program to the proxy at `port` of 127.0.0.1. Files that it names go to `folder`.

    `proxy_url` is the same with what the proxy asks for.
    """
    bundle_pem = merged(before, authority_pem)
    bundle = str(write_private(folder / "trusted.pem", bundle_pem))
    beside = no_proxy(",".join(filter(None, (before.get("NO_PROXY"), before.get("no_proxy")))))
    given = dict(before)
    given |= dict.fromkeys(_BUNDLE_VARIABLES, bundle)
    given |= dict.fromkeys(_PROXY_VARIABLES, proxy_url)
    given |= {"NO_PROXY": beside, "no_proxy": beside, "NODE_USE_ENV_PROXY": "1"}
    given["PHP_INI_SCAN_DIR"] = f"{before.get('PHP_INI_SCAN_DIR', '')}:{_php(folder, bundle)}"
    given["PYTHONPATH"] = ":".join(filter(None, (str(SHIM), before.get("PYTHONPATH"))))
    if before.get("JAVA_HOME") or shutil.which("java", path=before.get("PATH")):
        truststore = write_private(folder / "trusted.p12", java_truststore(bundle_pem))
        given["JAVA_TOOL_OPTIONS"] = " ".join(filter(None, (before.get("JAVA_TOOL_OPTIONS"), _java(port, truststore))))
    return given


def _php(folder: Path, bundle: str) -> Path:
    """A folder of settings beside PHP's own, since its curl takes no variable for what it trusts."""
    scanned = folder / "php"
    scanned.mkdir(mode=0o700)
    settings = f'curl.cainfo = "{bundle}"\nopenssl.cafile = "{bundle}"\n'
    write_private(scanned / "trusted.ini", settings.encode())
    return scanned


def _java(port: int, truststore: Path) -> str:
    properties = {
        "https.proxyHost": "127.0.0.1",
        "https.proxyPort": port,
        "http.proxyHost": "127.0.0.1",
        "http.proxyPort": port,
        "http.nonProxyHosts": "localhost|127.*|[::1]",
        "javax.net.ssl.trustStore": truststore,
        "javax.net.ssl.trustStoreType": "PKCS12",
        "javax.net.ssl.trustStorePassword": TRUSTSTORE_PASSWORD,
    }
    return " ".join(f"-D{name}={value}" for name, value in properties.items())
