"""A SIP Domain with one phone, alice, for the telephones of others: what they share in their tests."""

import ssl
from pathlib import Path

import pytest
from tests.clients.bare import certificate
from tests.unit.carriers.sip.desk import ACCOUNT, DOMAIN, SID, Access, Site, phones_domain
from tests.unit.carriers.sip.wire import HOST

from ringfence.carriers.sip.listen import Kind, Listen
from ringfence.carriers.sip.serve import serve
from ringfence.ports.line import Destination, IncomingLine

SHOP = "+12025550123"
PASSWORD = "secret"
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "QUJD" * 10 + "\r\n"
ALICE = Destination(account=ACCOUNT, kind="sip", address=f"sip:alice@{DOMAIN}")
RECORD = f"domain {SID} alice"
ways = pytest.mark.parametrize(("kind", "secure"), [("udp", False), ("tcp", False), ("tls", True)])


def description(*, secure: bool) -> bytes:
    """Our side of a session, which nobody listens to."""
    profile, crypto = ("RTP/SAVP", CRYPTO) if secure else ("RTP/AVP", "")
    head = f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio 9 {profile} 0\r\n"
    return f"{head}a=rtpmap:0 PCMU/8000\r\n{crypto}a=sendrecv\r\n".encode()


async def served(kind: Kind, folder: Path, answer: bytes) -> tuple[Site, int]:
    """A site that answers every call so, open one more way; and that way's port."""

    def picks_up(line: IncomingLine) -> None:
        line.ring()
        line.answer(answer)

    site = await Site(picks_up, access=Access(phones_domain(), {"alice": PASSWORD})).open()
    tls = None
    if kind == "tls":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate(folder))
    (listen,) = await serve(site.lines, [Listen(kind, HOST, 0)], tls=tls)
    return site, listen.port
