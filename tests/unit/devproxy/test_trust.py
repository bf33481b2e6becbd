"""What the program is to trust: all it trusted before, and the authority."""

import ssl
import subprocess
from pathlib import Path

import certifi
import pytest

from ringfence.devproxy.authority import open_authority
from ringfence.devproxy.environment import SHIM, environment_for
from ringfence.devproxy.trust import java_truststore, merged, split

PROXY_URL = "http://ringfence:secret@127.0.0.1:4444"


@pytest.fixture(scope="module")
def authority_pem(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return open_authority(tmp_path_factory.mktemp("authority")).certificate_pem


@pytest.fixture(scope="module")
def corporate_pem(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return open_authority(tmp_path_factory.mktemp("corporate")).certificate_pem


def test_nothing_that_was_trusted_is_lost(authority_pem: bytes, corporate_pem: bytes, tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_bytes(b"# ours\r\n" + corporate_pem.replace(b"\n", b"\r\n") + b"trailing")
    bundle = merged({"SSL_CERT_FILE": str(own), "CURL_CA_BUNDLE": "/nowhere"}, authority_pem)
    assert set(split(Path(certifi.where()).read_bytes())) <= set(split(bundle))
    assert corporate_pem in split(bundle)
    assert split(bundle)[-1] == authority_pem
    assert len(split(bundle)) == len(set(split(bundle)))
    context = ssl.create_default_context(cadata=bundle.decode())
    assert len(context.get_ca_certs()) > 50


def test_half_a_certificate_is_none() -> None:
    assert split(b"-----BEGIN CERTIFICATE-----\nAAAA") == []
    assert split(b"") == []


def test_the_jvm_reads_the_truststore(authority_pem: bytes, tmp_path: Path) -> None:
    store = java_truststore(authority_pem + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "trusted.p12").write_bytes(store)
    try:
        listed = subprocess.run(
            ["keytool", "-list", "-keystore", "trusted.p12", "-storepass", "changeit"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except FileNotFoundError:
        pytest.skip("no JDK is installed")
    assert "trustedCertEntry" in listed.stdout


def test_the_environment_leads_every_language_to_the_proxy(authority_pem: bytes, tmp_path: Path) -> None:
    before = {
        "PATH": "/nowhere",
        "HTTPS_PROXY": "http://corp:3128",
        "NO_PROXY": "*",
        "no_proxy": "corp.example",
        "PYTHONPATH": "mine",
    }
    given = environment_for(before, proxy_url=PROXY_URL, port=4444, authority_pem=authority_pem, folder=tmp_path)
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        assert given[name] == PROXY_URL
    assert given["NO_PROXY"] == given["no_proxy"] == "corp.example,localhost,127.0.0.1,::1"
    bundle = tmp_path / "trusted.pem"
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        assert given[name] == str(bundle)
    assert bundle.stat().st_mode & 0o777 == 0o600
    assert authority_pem in bundle.read_bytes()
    assert given["PYTHONPATH"] == f"{SHIM}:mine"
    assert given["PATH"] == "/nowhere"
    assert "JAVA_TOOL_OPTIONS" not in given
    assert before["NO_PROXY"] == "*"


def test_a_jvm_gets_its_properties_after_those_it_had(authority_pem: bytes, tmp_path: Path) -> None:
    before = {"JAVA_HOME": "/jdk", "JAVA_TOOL_OPTIONS": "-Xmx64m"}
    options = environment_for(before, proxy_url=PROXY_URL, port=4444, authority_pem=authority_pem, folder=tmp_path)[
        "JAVA_TOOL_OPTIONS"
    ]
    assert options.startswith("-Xmx64m -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=4444 ")
    assert f"-Djavax.net.ssl.trustStore={tmp_path / 'trusted.p12'} " in options
    assert (tmp_path / "trusted.p12").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("before", "kept"), [({}, ""), ({"PHP_INI_SCAN_DIR": "/a:/b"}, "/a:/b")])
def test_php_trusts_the_same_and_keeps_the_settings_it_had(
    authority_pem: bytes, tmp_path: Path, before: dict[str, str], kept: str
) -> None:
    given = environment_for(before, proxy_url=PROXY_URL, port=4444, authority_pem=authority_pem, folder=tmp_path)
    assert given["PHP_INI_SCAN_DIR"] == f"{kept}:{tmp_path / 'php'}"
    bundle = tmp_path / "trusted.pem"
    assert (tmp_path / "php" / "trusted.ini").read_text().splitlines() == [
        f'curl.cainfo = "{bundle}"',
        f'openssl.cafile = "{bundle}"',
    ]
