"""The operator of the authenticator's server as an attacker: his own keys, and every row of the database."""

import base64
import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.browser.authenticator import Site

SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def unb64(written: str) -> bytes:
    return base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))


def labelled(label: str, *parts: bytes) -> bytes:
    return f"ringfence-authenticator/{label}/1\n".encode() + b"".join(parts)


class Operator:
    """Makes a device of his own, entries that look right, and reads what was sealed to him, if anything was."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.signing = ec.generate_private_key(ec.SECP256R1())
        self.sealing = ec.generate_private_key(ec.SECP256R1())
        sign, seal = (
            key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            for key in (self.signing, self.sealing)
        )
        ident = base64.b32encode(hashlib.sha256(labelled("device", sign, seal)).digest()[:10]).decode()
        self.device = {"id": ident, "name": "Ada's tablet", "sign": b64(sign), "seal": b64(seal)}

    def entries(self) -> list[dict[str, str]]:
        return [json.loads(row[0]) for row in self.site.rows("SELECT entry FROM entry ORDER BY seq")]

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(entry["body"]) for entry in self.entries()]

    def sign(self, message: bytes) -> str:
        r, s = decode_dss_signature(self.signing.sign(message, ec.ECDSA(SHA256())))
        return b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def entry(self, said: dict[str, Any]) -> dict[str, str]:
        body = json.dumps(said)
        return {"body": body, "signature": self.sign(labelled("log", body.encode()))}

    def append(self, kind: str, by: str, **fields: Any) -> None:
        """Write the next entry of the only account's log, signed by the operator's key, into the database."""
        last = self.entries()[-1]
        said = json.loads(last["body"])
        previous = b64(hashlib.sha256(labelled("log", last["body"].encode())).digest())
        made = {"seq": said["seq"] + 1, "previous": previous, "by": by, "kind": kind, "at_ms": self.site.now_ms()}
        account = self.site.rows("SELECT account FROM entry")[0][0]
        values = account, made["seq"], json.dumps(self.entry(made | fields))
        self.site.rows("INSERT INTO entry VALUES (?, ?, ?)", *values)

    def stolen(self, account: str) -> list[dict[str, Any]] | None:
        """The accounts of the list, if anything in the log was sealed to the operator's key; else None."""
        record = json.loads(self.site.rows("SELECT record FROM list")[0][0])
        for said in self.said():
            sealed = said.get("sealed", {})
            for value in sealed.values() if isinstance(sealed, dict) else [sealed]:
                for name in ("", account):
                    info = labelled("account-key", f"{name}\n{self.device['id']}\n{record['epoch']}".encode())
                    try:
                        key = SUITE.decrypt(unb64(value), self.sealing, info=info)
                    except (InvalidTag, ValueError):
                        continue
                    label = labelled("list", f"{account}\n{record['epoch']}\n{record['version']}".encode())
                    opened = AESGCM(key).decrypt(unb64(record["nonce"]), unb64(record["sealed"]), label)
                    return json.loads(opened)["entries"]
        return None
