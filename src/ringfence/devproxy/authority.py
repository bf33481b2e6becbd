"""A certificate authority for twilio.com and nothing else, trusted by one command on this machine.

It is name-constrained: a client that follows RFC 5280 (section 4.2.1.10) accepts no other name from it, so that its
key, should it leak, opens no other connection. The key lies outside the data folder, mode 0600.
"""

import contextlib
import datetime
import fcntl
import ipaddress
import os
import ssl
import tempfile
from collections import OrderedDict
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ringfence.devproxy.hosts import DOMAIN, is_ours
from ringfence.roles.run_dir import make_private

FILE_NAME = "authority.pem"
VALID_DAYS = 365
RENEWED_DAYS_BEFORE = 35
MAX_CONTEXTS = 128
_CLOCK_SKEW = datetime.timedelta(days=1)
_KEY_USES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")


class Authority:
    """Signs certificates for names below twilio.com, and keeps a TLS context for each name that was asked for."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: OrderedDict[str, ssl.SSLContext] = OrderedDict()

    @property
    def certificate_pem(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def context(self, host: str) -> ssl.SSLContext:
        """What a server that calls itself `host` presents. ValueError for a host outside twilio.com."""
        name = host.lower().removesuffix(".")
        found = self._contexts.get(name)
        if found is None:
            found = self._contexts[name] = self._new_context(name)
            if len(self._contexts) > MAX_CONTEXTS:
                self._contexts.popitem(last=False)
        return found

    def _new_context(self, host: str) -> ssl.SSLContext:
        leaf = self.sign(host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        # The ssl module takes keys from files only.
        with tempfile.NamedTemporaryFile(prefix="ringfence-") as file:
            file.write(_pem_of(self._leaf_key) + leaf.public_bytes(serialization.Encoding.PEM))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def sign(self, host: str) -> x509.Certificate:
        """A certificate of `host`. ValueError for a host outside twilio.com, or that is no name."""
        if not is_ours(host):
            raise ValueError(f"not below {DOMAIN}")
        public = self._leaf_key.public_key()
        return (
            _begun(self._certificate.subject, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]))
            .public_key(public)
            .not_valid_after(self._certificate.not_valid_after_utc)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage("digital_signature"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def open_authority(folder: Path) -> Authority:
    """The authority kept in `folder`, mode 0700; made now where there is none, or where it ends soon."""
    make_private(folder)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return _kept(folder / FILE_NAME) or _made(folder / FILE_NAME)
    finally:
        os.close(descriptor)


def _kept(path: Path) -> Authority | None:
    with contextlib.suppress(FileNotFoundError, ValueError):
        pem = path.read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        certificate = x509.load_pem_x509_certificate(pem)
        left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
        if isinstance(key, ec.EllipticCurvePrivateKey) and left.days >= RENEWED_DAYS_BEFORE:
            path.chmod(0o600)
            return Authority(key, certificate)
    return None


def _made(path: Path) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ringfence development authority")])
    every_address = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
    only_ours = x509.NameConstraints([x509.DNSName(DOMAIN)], [x509.IPAddress(network) for network in every_address])
    certificate = (
        _begun(name, name)
        .public_key(key.public_key())
        .not_valid_after(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(only_ours, critical=True)
        .add_extension(_key_usage("key_cert_sign"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_pem_of(key) + certificate.public_bytes(serialization.Encoding.PEM))
    beside.replace(path)
    return Authority(key, certificate)


def _begun(issuer: x509.Name, subject: x509.Name) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime.now(datetime.UTC) - _CLOCK_SKEW)
    )


def _key_usage(use: str) -> x509.KeyUsage:
    uses = dict.fromkeys((*_KEY_USES, "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(**(uses | {use: True}))


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
