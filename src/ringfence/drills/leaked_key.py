"""D27: an account's secret lies in a repository. Where its clients sign their requests, it is not enough."""

import asyncio
import base64
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringfence.domain.base64url import encode_base64url
from ringfence.domain.client_validation import HEADER, LIFE_MAX_S, ClientRequest, request_hash
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.key_process import apart
from ringfence.drills.plain_http import Answer, ask
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy, Tenant

DRILL = "D27"
TITLE = "an account's secret found in a repository"
_SIGNED = ("authorization", "host")


class _Signer:
    """A private key, and what it signs as the SDK's `ValidationClient` does."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self.public_key = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def token(
        self, account: str, kid: str, port: int, path: str, form: dict[str, str], secret: str, *, past_s: int = 0
    ) -> str:
        """A JWT for a POST of `form`."""
        basic = base64.b64encode(f"{account}:{secret}".encode())
        request = ClientRequest(
            method="POST",
            path=path.encode(),
            query=b"",
            headers=((b"authorization", b"Basic " + basic), (b"host", f"localhost:{port}".encode())),
            body=urlencode(form).encode(),
        )
        header = {"cty": "twilio-pkrv;v=1", "typ": "JWT", "alg": "RS256", "kid": kid}
        claims = {
            "iss": account,
            "sub": account,
            "exp": int(time.time()) + LIFE_MAX_S - 1 - past_s,
            "hrh": ";".join(_SIGNED),
            "rqh": request_hash(request, _SIGNED),
        }
        signed = ".".join(encode_base64url(msgspec.json.encode(part)) for part in (header, claims))
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), SHA256())
        return f"{signed}.{encode_base64url(signature)}"


def leaked_key(design: Design, tenants: int, database: str = "") -> Finding:
    """Each tenant's own client sends a text; then whoever found the secret tries to, and to read it.

    `database` is not used: the store is not what is attacked.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        reached, tries, own = asyncio.run(_attack(Path(folder), design, tenants))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=reached,
        seconds=time.monotonic() - started,
        proves=own == tenants,
        rows=(("tries of the attacker", f"{tries}"), ("texts of tenants' own clients, taken", f"{own} of {tenants}")),
    )


async def _attack(folder: Path, design: Design, tenants: int) -> tuple[int, int, int]:
    client, attacker = _Signer(), _Signer()
    reached, tries, own = 0, 0, 0
    async with apart(folder, design, roles=("kms", "api")) as (copy, _, settings):
        await copy.add_tenants(tenants)
        for tenant in copy.tenants:
            kid = await copy.let_clients_sign(tenant, client.public_key)
            sent, seen = await _own_text(copy, tenant, settings.port, client, kid)
            own += sent
            answers = await _thefts(copy, tenant, settings.port, client, attacker, kid, seen)
            tries += len(answers)
            reached += any(answer.status < 300 for answer in answers)
    return reached, tries, own


async def _own_text(copy: SeededCopy, tenant: Tenant, port: int, client: _Signer, kid: str) -> tuple[bool, str]:
    """Whether it was taken, and the signature that the attacker saw."""
    path, form, secret = _path(tenant), _form(tenant, "Your table is ready"), _secret(copy, tenant)
    token = client.token(tenant.sid, kid, port, path, form, secret)
    return (await _post(tenant, port, path, form, secret, token)).status == 201, token


async def _thefts(
    copy: SeededCopy, tenant: Tenant, port: int, client: _Signer, attacker: _Signer, kid: str, seen: str
) -> list[Answer]:
    secret, path, lure = _secret(copy, tenant), _path(tenant), _form(tenant, "Your account is locked")
    late = client.token(tenant.sid, kid, port, path, lure, secret, past_s=2 * LIFE_MAX_S)
    own = attacker.token(tenant.sid, kid, port, path, lure, secret)
    parts = seen.split(".")
    unsigned = ".".join((encode_base64url(msgspec.json.encode({"alg": "none"})), parts[1], ""))
    answers = [await _post(tenant, port, path, lure, secret, token) for token in ("", own, seen, late, unsigned)]
    calls = path.replace("Messages", "Calls")
    answers.append(await _post(tenant, port, calls, _form(tenant, "x"), secret, seen))
    for token in ("", seen):
        answers.append(await ask(port, "GET", path, basic=(tenant.sid, secret), headers=_header(token)))
    return answers


async def _post(tenant: Tenant, port: int, path: str, form: dict[str, str], secret: str, token: str) -> Answer:
    return await ask(port, "POST", path, form=form, basic=(tenant.sid, secret), headers=_header(token))


def _header(token: str) -> tuple[tuple[str, str], ...]:
    return ((HEADER.decode(), token),) if token else ()


def _path(tenant: Tenant) -> str:
    return f"/2010-04-01/Accounts/{tenant.sid}/Messages.json"


def _secret(copy: SeededCopy, tenant: Tenant) -> str:
    return copy.canaries.mark(tenant.sid, "API secret")


def _form(tenant: Tenant, text: str) -> dict[str, str]:
    return {"To": tenant.customer, "From": tenant.number, "Body": text}


DRILLS = (Drill(name=DRILL, title=TITLE, play=leaked_key, tenants=100),)
