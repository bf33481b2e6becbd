"""The key origin's cryptography, in Chromium, against the RFC's vectors and against Python's."""

import hashlib
import os
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, Page
from tests.browser.key_origin import key_origin

from ringfence.domain.allowed_networks import admits, read_networks
from ringfence.domain.ledger.checkpoint import Checkpoint
from ringfence.domain.ledger.merkle import Subtree, leaf_hash, node_hash
from ringfence.domain.ledger.note import Signer, join_note
from ringfence.domain.ledger.proof import consistency_proof, inclusion_proof, root_of
from ringfence.domain.message import Content
from ringfence.domain.recovery_kit import (
    WrittenWrongError,
    new_recovery_secret,
    read_recovery_secret,
    recovery_credential,
    write_recovery_secret,
)
from ringfence.domain.sealing import aead, epoch, hpke
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.hmac_states import states_of
from ringfence.domain.sealing.record import EpochRecords, RecordSealer
from ringfence.domain.sealing.slot_proof import ProofKey, new_slot
from ringfence.domain.sealing.slots import ContentKey, slot_public, slot_seed

pytestmark = pytest.mark.browser

AC, PK, SM = "AC" + "a" * 32, "PK" + "1" * 32, "SM" + "d" * 32


class LeafHashes:
    """The hashes of a small tree."""

    def __init__(self, leaves: list[bytes]) -> None:
        self._leaves = leaves

    def subtree(self, subtree: Subtree) -> bytes:
        width = 1 << subtree.height
        row = self._leaves[subtree.n * width : (subtree.n + 1) * width]
        while len(row) > 1:
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
        return row[0]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with key_origin("http://console.localhost") as origin:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{origin}/installation.json")
        yield page
        context.close()


def run(page: Page, body: str, **given: Any) -> Any:
    """The value of an async function body over the modules. Bytes go in and come out as hex."""
    prelude = """
        const { hex } = await import("/bundle/crypto/bytes.js");
        const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
        const hpke = await import("/bundle/crypto/hpke.js");
        const slots = await import("/bundle/crypto/slots.js");
        const { pairOf } = await import("/bundle/crypto/x25519.js");
        const records = await import("/bundle/crypto/records.js");
        const msgpack = await import("/bundle/crypto/msgpack.js");
    """
    given = {name: value.hex() if isinstance(value, bytes) else value for name, value in given.items()}
    return page.evaluate(f"async (given) => {{ {prelude} {body} }}", given)


def test_hpke_of_the_published_vector(page: Page) -> None:
    """The HPKE working group's vectors, mode 0, suite 0x0020 0x0001 0x0002, sequence 0."""
    sealed = bytes.fromhex(
        "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256"
        "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a"
    )
    private = bytes.fromhex("497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d")
    body = """
        const pair = await pairOf(bytes(given.private));
        const opened = await hpke.unseal(pair, bytes(given.sealed), bytes(given.info), { data: bytes(given.data) });
        return [hex(pair.publicBytes), hex(opened)];
    """
    public, opened = run(page, body, private=private, sealed=sealed, info=b"Ode on a Grecian Urn", data=b"Count-0")
    assert public == "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c"
    assert bytes.fromhex(opened) == b"Beauty is truth, truth beauty"


def test_what_chromium_seals_python_opens_and_the_other_way_round(page: Page) -> None:
    private, key = os.urandom(32), os.urandom(32)
    pair = hpke.Recipient(private)
    sealed = run(
        page,
        "return hex(await hpke.seal(bytes(given.public), bytes(given.key), bytes(given.info)));",
        public=pair.public,
        key=key,
        info=b"here",
    )
    assert pair.unseal(bytes.fromhex(sealed), b"here") == key
    body = """
        const pair = await pairOf(bytes(given.private));
        return hex(await hpke.unseal(pair, bytes(given.sealed), bytes(given.info)));
    """
    assert run(page, body, private=private, sealed=hpke.seal(pair.public, key, b"here"), info=b"here") == key.hex()


def test_a_hundred_keys_that_python_sealed_all_open(page: Page) -> None:
    private = os.urandom(32)
    public = hpke.Recipient(private).public
    keys = [os.urandom(n) for n in range(100)]
    body = """
        const pair = await pairOf(bytes(given.private));
        const opened = (one, n) => hpke.unseal(pair, bytes(one), bytes("0".repeat(2 * n)));
        return (await Promise.all(given.sealed.map(opened))).map(hex);
    """
    sealed = [hpke.seal(public, key, bytes(n)).hex() for n, key in enumerate(keys)]
    assert run(page, body, private=private, sealed=sealed) == [key.hex() for key in keys]


@pytest.mark.parametrize("spoiled", ["info", "ciphertext", "encapsulated", "short", "empty"])
def test_what_was_altered_does_not_open(page: Page, spoiled: str) -> None:
    private = os.urandom(32)
    sealed = bytearray(hpke.seal(hpke.Recipient(private).public, b"a key", b"here"))
    if spoiled in ("ciphertext", "encapsulated"):
        sealed[-1 if spoiled == "ciphertext" else 20] ^= 1
    kept = {"short": sealed[:-1], "empty": b""}.get(spoiled, sealed)
    body = """
        const pair = await pairOf(bytes(given.private));
        const opening = hpke.unseal(pair, bytes(given.sealed), bytes(given.info));
        return opening.then(() => "opened", (problem) => problem.code);
    """
    info = b"there" if spoiled == "info" else b"here"
    assert run(page, body, private=private, sealed=bytes(kept), info=info) in ("sealed", "key")


def test_a_slot_of_a_secret_is_pythons(page: Page) -> None:
    body = "return hex((await slots.slotOf(given.secret, given.credential)).classical.publicBytes);"
    assert run(page, body, secret="s3cret ü", credential=AC) == slot_public(slot_seed("s3cret ü", AC)).hex()
    output = os.urandom(32)
    body = "return hex((await slots.slotOfPasskey(bytes(given.output), given.credential)).classical.publicBytes);"
    from ringfence.domain.base64url import encode_base64url

    expected = slot_public(slot_seed(encode_base64url(output), PK)).hex()
    assert run(page, body, output=output, credential=PK) == expected
    credential_id = os.urandom(48)
    name = run(page, "return slots.passkeySlot(bytes(given.id));", id=credential_id)
    assert name == "PK" + hashlib.sha256(credential_id).hexdigest()[:32]


@pytest.mark.parametrize("hybrid", [False, True])
def test_content_keys_go_from_slot_to_slot_with_a_proof(page: Page, hybrid: bool) -> None:
    """What a browser does to let a passkey in, with Python as the key service."""
    seed, output, proof_key = slot_seed("token", AC), os.urandom(32), ProofKey()
    content = [ContentKey.new(AC, generation, hybrid=hybrid) for generation in (0, 3)]
    stranger = ContentKey.new(AC, 7).seal_to_slot(slot_public(os.urandom(32), hybrid=hybrid), AC)
    boxes = [[key.generation, key.seal_to_slot(slot_public(seed, hybrid=hybrid), AC).hex()] for key in content]
    body = """
        const slot = await slots.slotOf("token", given.account);
        const boxes = given.boxes.map(([generation, sealed]) => [generation, bytes(sealed)]);
        const keys = await slots.openContentKeys(slot, given.account, given.account, boxes);
        const { generation, bytes: written } = keys.at(-1);
        const present = await slots.contentPair(written);
        const mine = slots.pairFor(await slots.slotOfPasskey(bytes(given.output), given.credential), present);
        const made = await slots.sealContentKeys(keys, given.account, given.credential, mine.publicBytes);
        const proof = await slots.proveSlot(present, bytes(given.proof_key), {
            account: given.account, credential: given.credential, generation,
            publicBytes: mine.publicBytes, boxes: made,
        });
        return [hex(mine.publicBytes), made.map(([generation, sealed]) => [generation, hex(sealed)]), hex(proof)];
    """
    public, made, proof = run(
        page,
        body,
        account=AC,
        credential=PK,
        boxes=[*boxes, [7, stranger.hex()]],
        output=output,
        proof_key=proof_key.public,
    )
    sealed = [(generation, bytes.fromhex(box)) for generation, box in made]
    from ringfence.domain.base64url import encode_base64url

    slot = hpke.Recipient(slot_seed(encode_base64url(output), PK), hybrid=hybrid)
    assert bytes.fromhex(public) == slot.public
    assert [ContentKey.from_slot(AC, generation, box, slot, PK).public for generation, box in sealed] == [
        key.public for key in content
    ]
    what = new_slot(AC, PK, 3, bytes.fromhex(public), sealed)
    assert proof_key.holds(bytes.fromhex(proof), content[1].public, what)
    assert not proof_key.holds(bytes.fromhex(proof), content[0].public, what)


def _opened(page: Page, account: str, sid: str, field: str, epoch_number: int, **given: bytes) -> Any:
    body = """
        const pair = await pairOf(bytes(given.content));
        try {
            const key = await records.openEpoch(pair, given.account, given.epoch, bytes(given.sealed_epoch));
            const one = await records.recordKey(key, given.sid);
            const plain = await records.openField(one, given.account, given.sid, given.field, bytes(given.sealed));
            return [msgpack.decode(plain), hex(await records.recordKeyBytes(key, given.sid))];
        } catch (problem) { return problem.code; }
    """
    return run(page, body, account=account, sid=sid, field=field, epoch=epoch_number, **given)


def test_a_text_that_python_sealed_is_read_and_only_in_its_place(page: Page) -> None:
    content_key, number, key = ContentKey.new(AC, 0), 123_456_789, epoch.new_key()
    text = Content(remote="+12025550177", body="Haircut Tue 15:00 – ✂️ " + "x" * 300, media_urls=("https://a/b",))
    given = {
        "content": content_key._private,
        "sealed_epoch": epoch.seal_epoch_key(key, content_key.public, AC, number),
        "sealed": seal_content(RecordSealer(key, AC), SM, text),
    }
    value, record_key = _opened(page, AC, SM, "content", number, **given)
    assert value == [text.remote, text.body, None, ["https://a/b"], None]
    assert record_key == EpochRecords(key).key(SM).hex()
    for account, sid, field, at in (
        ("AC" + "b" * 32, SM, "content", number),
        (AC, "SM" + "e" * 32, "content", number),
        (AC, SM, "order", number),
        (AC, SM, "content", number + 1),
    ):
        assert _opened(page, account, sid, field, at, **given) == "sealed"
    assert _opened(page, f"{AC}|", SM, "content", number, **given) == "place"
    given["sealed"] = aead.seal(EpochRecords(key).key(SM), b"\xc1", aead.place(AC, SM, "content"))
    assert _opened(page, AC, SM, "content", number, **given) == "record"


def test_a_recovery_kit_is_read_as_python_wrote_it(page: Page) -> None:
    kits = [new_recovery_secret() for _ in range(20)] + [bytes(32), b"\xff" * 32]
    body = """
        const { readKit, slotOfKit, kitOf } = await import("/bundle/recovery_kit.js");
        const account = given.account;
        return Promise.all(given.written.map(async (written) =>
            [kitOf(account), hex(readKit(written)), hex((await slotOfKit(written, account)).classical.publicBytes)]));
    """
    written = [" ".join(write_recovery_secret(secret)) for secret in kits]
    written[1] = written[1].lower().replace(" ", "-").replace("0", "o").replace("1", "l")
    name = recovery_credential(AC)
    publics = [slot_public(slot_seed(secret.hex(), name)).hex() for secret in kits]
    found = run(page, body, written=written, account=AC)
    assert found == [[name, secret.hex(), public] for secret, public in zip(kits, publics, strict=True)]


def test_a_recovery_kit_that_was_typed_wrong_tells_which_group(page: Page) -> None:
    body = """
        const { readKit } = await import("/bundle/recovery_kit.js");
        try { return hex(readKit(given.written)); } catch (problem) { return [problem.code, problem.message]; }
    """
    groups = write_recovery_secret(new_recovery_secret())
    other = "B" if groups[6][0] != "B" else "C"
    wrong = [*groups[:6], other + groups[6][1:], *groups[7:]]
    for written in (wrong, [*groups[:6], groups[6][:4] + "U", *groups[7:]]):
        with pytest.raises(WrittenWrongError) as said:
            read_recovery_secret(" ".join(written))
        code, words = run(page, body, written=" ".join(written))
        assert (code, words.lower()) == ("kit", f"{said.value}.")
    assert run(page, body, written="".join(groups)[:-1]) == ["kit", "A kit has 65 characters, and these are 64."]
    moved = [groups[2], *groups[1:2], groups[0], *groups[3:]]
    assert run(page, body, written=" ".join(moved))[0] == "kit"


def test_proofs_of_a_tree_hold_as_pythons_and_no_others(page: Page) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(20)]
    body = """
        const tree = await import("/bundle/crypto/tree.js");
        const all = (hashes) => hashes.map(bytes);
        const included = await Promise.all(given.included.map(([index, size, leaf, proof, root]) =>
            tree.isIncluded(index, size, bytes(leaf), all(proof), bytes(root))));
        const begins = await Promise.all(given.begins.map(([old, oldRoot, size, root, proof]) =>
            tree.isBeginning(old, bytes(oldRoot), size, bytes(root), all(proof))));
        return [included, begins, hex(await tree.leafHash(bytes("07")))];
    """
    hashes, included, begins = LeafHashes(leaves), [], []
    for size in range(1, 21):
        root = root_of(hashes, size).hex()
        for index in range(size):
            proof = [step.hex() for step in inclusion_proof(hashes, index, size)]
            included.append((index, size, leaves[index].hex(), proof, root))
        for old in range(1, size + 1):
            proof = [step.hex() for step in consistency_proof(hashes, old, size)]
            begins.append((old, root_of(hashes, old).hex(), size, root, proof))
    told, began, seventh = run(page, body, included=included, begins=begins)
    assert set(told) == set(began) == {True}
    assert seventh == leaves[7].hex()
    other = leaf_hash(b"other").hex()
    wrong = [(i, s, other, p, r) for i, s, _, p, r in included] + [(s, s, h, p, r) for _, s, h, p, r in included]
    wrong += [(i, s, h, [*p, other], r) for i, s, h, p, r in included]
    wrong += [(i, s, h, p[:-1], r) for i, s, h, p, r in included if p]
    changed = [(o, other, s, r, p) for o, _, s, r, p in begins] + [(o, h, s, other, p) for o, h, s, _, p in begins]
    changed += [(o, h, s, r, [*p, other]) for o, h, s, r, p in begins]
    told, began, _ = run(page, body, included=wrong, begins=changed)
    assert set(told) == set(began) == {False}


def test_a_checkpoint_is_its_signers(page: Page) -> None:
    signer = Signer("log.example", Ed25519PrivateKey.generate())
    text = Checkpoint("log.example", 7, leaf_hash(b"root")).text()
    note = join_note(text, [signer.sign(text)])
    body = """
        const { openCheckpoint } = await import("/bundle/crypto/checkpoint.js");
        return openCheckpoint(given.note, given.key).then(({ origin, size, root }) => [origin, size, hex(root)],
            (problem) => problem.code);
    """
    key = signer.verifier.encode()
    assert run(page, body, note=note, key=key) == ["log.example", 7, leaf_hash(b"root").hex()]
    other = Signer("log.example", Ed25519PrivateKey.generate()).verifier.encode()
    for wrong, by in ((note.replace("7", "8", 1), key), (note, other), (note, key[:-4]), (text, key), ("", key)):
        assert run(page, body, note=wrong, key=by) == "checkpoint"


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**32, 2**53 - 1),
        *(-1, -32, -33, -128, -129, -32_769, -(2**40), 1.5, "", "é✂️", "x" * 40, "x" * 300, "x" * 70_000),
        [1, ["a", [None]], {"k": [1]}],
        list(range(40)),
    ],
)
def test_messagepack_is_read_as_python_wrote_it(page: Page, value: Any) -> None:
    body = """
        const plain = (value) => value instanceof Map ? Object.fromEntries([...value].map(([k, v]) => [k, plain(v)]))
            : Array.isArray(value) ? value.map(plain) : value;
        return plain(msgpack.decode(bytes(given.packed)));
    """
    assert run(page, body, packed=msgspec.msgpack.encode(value)) == value


@pytest.mark.parametrize(
    "packed", ["", "92c0", "c1", "a5616263", "d9ff", "c0c0", "cfffffffffffffffff", "dd7fffffff", "a2c328"]
)
def test_what_is_no_messagepack_is_refused(page: Page, packed: str) -> None:
    body = """
        try { return [msgpack.decode(bytes(given.packed))]; } catch (problem) { return problem.code ?? problem.name; }
    """
    assert run(page, body, packed=packed) == "record"


def test_hmac_states_of_a_new_secret_are_pythons(page: Page) -> None:
    secrets = [b"", b"k" * 32, *(os.urandom(length) for length in (1, 31, 55, 56, 63, 64))]
    states = run(
        page,
        """
        const { statesOf } = await import("/bundle/crypto/hmac_states.js");
        return given.secrets.map((secret) => hex(statesOf(bytes(secret))));
        """,
        secrets=[secret.hex() for secret in secrets],
    )
    assert states == [states_of(secret).hex() for secret in secrets]


def test_networks_are_read_and_asked_as_python_does(page: Page) -> None:
    texts = [
        *("", "192.0.2.0/24, 2001:db8::/32 ::1", "10.0.0.1", "0.0.0.0/0", "::/0", "::ffff:192.0.2.1", "2001:db8::/33"),
        *("10.0.0.1/8", "192.0.2.0/33", "1.2.3", "01.2.3.4", "256.1.1.1", "2001:db8::1/32", "::/129", "::1::", "a/b/c"),
        *("1.2.3.4/", " ".join(["10.0.0.1"] * 51), "x" * 50, "1.2.3.4/-1", "http://[::1]/"),
    ]
    addresses = ["192.0.2.9", "192.0.3.1", "2001:db8::9", "::1", "10.0.0.1", "::ffff:192.0.2.9", "fe80::1%eth0", "here"]
    found = run(
        page,
        """
        const { holds, readNetworks } = await import("/bundle/networks.js");
        return given.texts.map((text) => {
          try {
            const networks = readNetworks(text);
            return given.addresses.map((address) => holds(networks, address));
          } catch (problem) {
            return problem.code;
          }
        });
        """,
        texts=texts,
        addresses=addresses,
    )
    for text, answer in zip(texts, found, strict=True):
        try:
            kept = read_networks(text)
        except ValueError:
            assert answer == "networks", text
            continue
        # A mapped network is one of IPv4 to Python; here it only misses a warning.
        if "ffff" not in text:
            assert answer == [bool(text) and admits(kept, address) for address in addresses], text
