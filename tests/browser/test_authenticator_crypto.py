"""The authenticator's own cryptography, in Chromium, against the vectors of the RFCs and against Python's."""

import base64
import hashlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page
from tests.browser.authenticator import serving

pytestmark = pytest.mark.browser

SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with serving(tmp_path_factory.mktemp("authenticator") / "kept.db") as site:
        context = browser.new_context()
        page = context.new_page()
        page.goto(site.url)
        yield page
        context.close()


def run(page: Page, body: str, **given: Any) -> Any:
    """The value of an async function body over the app's modules; hex of bytes by `hex`, bytes of hex by `bytes`."""
    prelude = """
        const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
        const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    """
    return page.evaluate(f"async (given) => {{ {prelude} {body} }}", given)


# RFC 7693, appendix A, and Python's own BLAKE2b around the borders of blocks.
@pytest.mark.parametrize("message", [b"abc", b"", b"a" * 127, b"a" * 128, b"a" * 129, b"a" * 1000])
@pytest.mark.parametrize("length", [64, 32, 4])
def test_blake2b(page: Page, message: bytes, length: int) -> None:
    body = """
        const { blake2b } = await import("/crypto/blake2b.js");
        return hex(blake2b(bytes(given.message), given.length));
    """
    assert (
        run(page, body, message=message.hex(), length=length)
        == hashlib.blake2b(message, digest_size=length).hexdigest()
    )


ARGON2 = """
    const { argon2id } = await import("/crypto/argon2id.js");
    for (const name of ["password", "salt", "secret", "data"]) given[name] = bytes(given[name] ?? "");
    return hex(argon2id(given));
"""


def test_argon2id_of_rfc_9106_section_5_3(page: Page) -> None:
    given = {"password": "01" * 32, "salt": "02" * 16, "secret": "03" * 8, "data": "04" * 12}
    tag = run(page, ARGON2, **given, memory_KiB=32, passes=3, lanes=4)
    assert tag == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"


@pytest.mark.parametrize(
    ("memory_KiB", "passes", "lanes", "length"),
    [(8, 1, 1, 32), (19_456, 2, 1, 32), (33, 1, 2, 16), (1_000, 3, 3, 65), (600, 2, 1, 128)],
)
def test_argon2id_is_pythons(page: Page, memory_KiB: int, passes: int, lanes: int, length: int) -> None:
    password, salt = os.urandom(20), os.urandom(16)
    cost = {"memory_KiB": memory_KiB, "passes": passes, "lanes": lanes, "length": length}
    made = run(page, ARGON2, password=password.hex(), salt=salt.hex(), **cost)
    theirs = Argon2id(salt=salt, length=length, iterations=passes, lanes=lanes, memory_cost=memory_KiB).derive(password)
    assert made == theirs.hex()


def jwk(private: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    numbers = private.private_numbers()
    written = {
        "x": numbers.public_numbers.x,
        "y": numbers.public_numbers.y,
        "d": numbers.private_value,
    }
    texts = {
        name: base64.urlsafe_b64encode(value.to_bytes(32, "big")).decode().rstrip("=")
        for name, value in written.items()
    }
    return {"kty": "EC", "crv": "P-256", "ext": True, **texts}


PAIR = """
    const hpke = await import("/crypto/hpke.js");
    const curve = { name: "ECDH", namedCurve: "P-256" };
    const pairOf = async ({ d, ...open }) => ({
        privateKey: await crypto.subtle.importKey("jwk", { d, ...open }, curve, true, ["deriveBits"]),
        publicKey: await crypto.subtle.importKey("jwk", open, curve, true, []),
    });
"""


def test_hpke_of_rfc_9180_appendix_a_3(page: Page) -> None:
    recipient, ephemeral = (
        ec.derive_private_key(int(number, 16), ec.SECP256R1())
        for number in (
            "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
            "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
        )
    )
    body = (
        PAIR
        + """
        const recipient = await pairOf(given.recipient);
        const options = { data: bytes(given.data), aead: hpke.AES_128_GCM };
        const fixed = { ...options, ephemeral: await pairOf(given.ephemeral) };
        const to = await hpke.exportPublic(recipient.publicKey);
        const sealed = await hpke.seal(to, bytes(given.plaintext), bytes(given.info), fixed);
        return [hex(sealed), hex(await hpke.unseal(recipient, sealed, bytes(given.info), options))];
        """
    )
    plaintext = b"Beauty is truth, truth beauty".hex()
    sealed, opened = run(
        page,
        body,
        recipient=jwk(recipient),
        ephemeral=jwk(ephemeral),
        plaintext=plaintext,
        info=b"Ode on a Grecian Urn".hex(),
        data=b"Count-0".hex(),
    )
    assert sealed == (
        "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"
        "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434"
    )
    assert opened == plaintext


def test_what_chromium_seals_python_opens_and_the_other_way_round(page: Page) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    body = PAIR + "return hex(await hpke.seal(bytes(given.public), bytes(given.plaintext), bytes(given.info)));"
    sealed = bytes.fromhex(run(page, body, public=public.hex(), plaintext=b"a key".hex(), info=b"here".hex()))
    assert SUITE.decrypt(sealed, private, info=b"here") == b"a key"
    with pytest.raises(InvalidTag):
        SUITE.decrypt(sealed, private, info=b"there")
    body = PAIR + "return hex(await hpke.unseal(await pairOf(given.pair), bytes(given.sealed), bytes(given.info)));"
    back = SUITE.encrypt(b"another", private.public_key(), info=b"here")
    assert bytes.fromhex(run(page, body, pair=jwk(private), sealed=back.hex(), info=b"here".hex())) == b"another"


@pytest.mark.parametrize("spoiled", ["info", "ciphertext", "encapsulated"])
def test_what_was_altered_does_not_open(page: Page, spoiled: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    sealed = bytearray(SUITE.encrypt(b"a key", private.public_key(), info=b"here"))
    if spoiled != "info":
        sealed[-1 if spoiled == "ciphertext" else 20] ^= 1
    body = (
        PAIR
        + "return hpke.unseal(await pairOf(given.pair), bytes(given.sealed), bytes(given.info)).catch((e) => e.code);"
    )
    info = b"there" if spoiled == "info" else b"here"
    code = run(page, body, pair=jwk(private), sealed=bytes(sealed).hex(), info=info.hex())
    assert code in ("sealed", "key")


# RFC 6238, appendix B: the three secrets are ASCII digits, as long as the hash.
@pytest.mark.parametrize(
    ("seconds", "algorithm", "code"),
    [
        (59, "SHA1", "94287082"),
        (59, "SHA256", "46119246"),
        (59, "SHA512", "90693936"),
        (1111111109, "SHA1", "07081804"),
        (1111111109, "SHA256", "68084774"),
        (1111111109, "SHA512", "25091201"),
        (1111111111, "SHA1", "14050471"),
        (1234567890, "SHA512", "93441116"),
        (2000000000, "SHA256", "90698825"),
        (20000000000, "SHA1", "65353130"),
        (20000000000, "SHA256", "77737706"),
        (20000000000, "SHA512", "47863826"),
    ],
)
def test_totp_of_rfc_6238(page: Page, seconds: int, algorithm: str, code: str) -> None:
    length = {"SHA1": 20, "SHA256": 32, "SHA512": 64}[algorithm]
    secret = (b"1234567890" * 7)[:length]
    body = """
        const { codeAt, remainingMs } = await import("/otp/totp.js");
        const account = { secret: bytes(given.secret), algorithm: given.algorithm, digits: 8, period_s: 30 };
        const now_ms = given.seconds * 1000;
        const codes = [await codeAt(account, now_ms), await codeAt({ ...account, digits: 6 }, now_ms)];
        return [...codes, remainingMs(account, now_ms)];
    """
    remaining_ms = (30 - seconds % 30) * 1000
    assert run(page, body, secret=secret.hex(), algorithm=algorithm, seconds=seconds) == [code, code[2:], remaining_ms]


def test_base32_is_rfc_4648s_and_forgives_typing(page: Page) -> None:
    body = """
        const { fromBase32, toBase32 } = await import("/crypto/bytes.js");
        return [toBase32(bytes(given.raw)), hex(fromBase32(given.typed))];
    """
    for raw in [b"", b"f", b"fo", b"foo", b"foob", b"fooba", b"foobar", os.urandom(33)]:
        written = base64.b32encode(raw).decode()
        typed = "-".join(written.lower()[at : at + 4] for at in range(0, len(written), 4))
        assert run(page, body, raw=raw.hex(), typed=typed) == [written.rstrip("="), raw.hex()]


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("", "uri"),
        ("https://example.com/totp/a?secret=GEZDGNBVGY3TQOJQ", "uri"),
        ("otpauth://hotp/a?secret=GEZDGNBVGY3TQOJQ&counter=1", "kind"),
        ("otpauth://totp/a?secret=GEZDGNBV1", "base32"),
        ("otpauth://totp/a?secret=GEZDGNBVA", "base32"),
        ("otpauth://totp/a?secret=", "secret"),
        ("otpauth://totp/a?secret=GEZDGNBV", "secret"),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&algorithm=MD5", "algorithm"),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&digits=9", "digits"),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&digits=٦", "digits"),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&period=0", "period"),
        ("otpauth://totp/?secret=GEZDGNBVGY3TQOJQ", "name"),
        ("otpauth://totp/%E0%A4%A?secret=GEZDGNBVGY3TQOJQ", "uri"),
    ],
)
def test_what_is_no_account_is_refused_with_its_reason(page: Page, uri: str, code: str) -> None:
    body = """
        const { parseOtpauth } = await import("/otp/otpauth.js");
        try { return parseOtpauth(given.uri); } catch (problem) { return problem.code; }
    """
    assert run(page, body, uri=uri) == code


@pytest.mark.parametrize(
    "uri",
    [
        "otpauth://totp/Octo%20Forge:ada%40example.com?secret=GEZDGNBVGY3TQOJQ&issuer=Octo%20Forge&algorithm=SHA1&digits=6&period=30",
        "otpauth://totp/ada?secret=GEZDGNBVGY3TQOJQ&algorithm=SHA512&digits=8&period=60",
    ],
)
def test_an_account_leaves_as_the_address_that_it_came_by(page: Page, uri: str) -> None:
    body = """
        const { parseOtpauth, toOtpauth } = await import("/otp/otpauth.js");
        return toOtpauth(parseOtpauth(given.uri));
    """
    assert run(page, body, uri=uri) == uri


def test_lists_that_two_devices_changed_become_one_whichever_is_first(page: Page) -> None:
    body = """
        const { merged, withRemoved } = await import("/vault.js");
        const one = [{ id: "a", name: "old", updated_ms: 1 }, { id: "b", name: "kept", updated_ms: 1 }];
        const other = [{ id: "a", name: "new", updated_ms: 2 }, { id: "c", name: "mine", updated_ms: 1 }];
        const gone = withRemoved(one, "b", 1);
        return [merged(one, other), merged(other, one), merged(other, gone), merged(gone, one)];
    """
    new, kept, mine = (
        {"id": i, "name": n, "updated_ms": t} for i, n, t in (("a", "new", 2), ("b", "kept", 1), ("c", "mine", 1))
    )
    removed = {"id": "b", "removed": True, "updated_ms": 2}
    assert run(page, body) == [
        [new, kept, mine],
        [new, kept, mine],
        [new, removed, mine],
        [{"id": "a", "name": "old", "updated_ms": 1}, removed],
    ]
