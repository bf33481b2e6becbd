"""What the program is to trust: all it trusted before, and our authority, in the forms that languages read."""

import contextlib
import importlib.util
import os
import ssl
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore
from cryptography.utils import CryptographyDeprecationWarning

# Where a program may have been told already what to trust, the most particular first.
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
_BEGIN = b"-----BEGIN CERTIFICATE-----"
_END = b"-----END CERTIFICATE-----"
TRUSTSTORE_PASSWORD = "changeit"  # noqa: S105 - the JDK's own, and there is nothing secret in a list of authorities


def merged(environment: Mapping[str, str], authority_pem: bytes) -> bytes:
    """PEM of every authority trusted by `environment`, certifi (where it is installed) and the system, then ours."""
    files = [Path(environment[name]) for name in VARIABLES if environment.get(name)]
    spec = importlib.util.find_spec("certifi")
    if spec is not None and spec.origin:
        files.append(Path(spec.origin).with_name("cacert.pem"))
    if system := ssl.get_default_verify_paths().cafile:
        files.append(Path(system))
    found = dict.fromkeys(each for path in files for each in _certificates(path))
    if not found:
        found = dict.fromkeys(
            ssl.DER_cert_to_PEM_cert(each).encode()
            for each in ssl.create_default_context().get_ca_certs(binary_form=True)
        )
    return b"".join([*found, authority_pem])


def java_truststore(bundle_pem: bytes) -> bytes:
    """The same as a PKCS #12 file that the JVM reads as a list of trusted authorities, but for what cannot be read."""
    entries = [PKCS12Certificate(each, f"{number}".encode()) for number, each in enumerate(_readable(bundle_pem))]
    return serialize_java_truststore(entries, BestAvailableEncryption(TRUSTSTORE_PASSWORD.encode()))


def _readable(bundle_pem: bytes) -> Iterator[x509.Certificate]:
    for pem in split(bundle_pem):
        # Systems hold old authorities whose serial numbers break RFC 5280: those stay out, or pass, without a word.
        with warnings.catch_warnings(), contextlib.suppress(ValueError):
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            yield x509.load_pem_x509_certificate(pem)


def split(pem: bytes) -> list[bytes]:
    """The certificates in a PEM text, without what stands between them."""
    parts = pem.replace(b"\r\n", b"\n").split(_BEGIN)[1:]
    return [_BEGIN + part.partition(_END)[0] + _END + b"\n" for part in parts if _END in part]


def _certificates(path: Path) -> list[bytes]:
    """The certificates in a file; none in one that cannot be read."""
    try:
        return split(path.read_bytes())
    except OSError:
        return []


def write_private(path: Path, content: bytes) -> Path:
    """A new file of mode 0600."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return path
