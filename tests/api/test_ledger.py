"""The ledger over HTTP: for an account its own entries with proofs, for anybody the tree, and nothing of others."""

import base64
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from ringfence.cli.ledger_witness import witness
from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.merkle import leaf_hash
from ringfence.domain.ledger.note import open_note, parse_verifier
from ringfence.domain.ledger.proof import check_inclusion
from ringfence.domain.ledger.tile import tile_path, tiles_of
from ringfence.kms.key_files import LEDGER, KeyFiles
from ringfence.kms.ledger.keys import LedgerKeys
from ringfence.kms.ledger.lines import line_of
from ringfence.kms.ledger.reading import LedgerReader, read_ledger
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry
from ringfence.roles.refusal import RefusalError


def until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline_s, "it never came"
        time.sleep(0.05)


def own(tenant: Any, **query: Any) -> requests.Response:
    url = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}/Ledger"
    return requests.get(url, params=query, auth=(tenant.sid, tenant.token), timeout=10)


def signed(tenant: Any, n: int) -> Any:
    """The account's entries, once the `n`th of the ledger is under the checkpoint."""
    found: dict[str, Any] = {}

    def is_signed() -> bool:
        found.update(own(tenant, Limit=1_000).json())
        return checkpoint_of(found).size > n

    until(is_signed)
    return found


def checkpoint_of(found: Any) -> Checkpoint:
    if not found["checkpoint"]:
        return Checkpoint("", 0, b"")
    text, _ = open_note(found["checkpoint"], [parse_verifier(found["key"])])
    return parse_checkpoint(text)


def test_an_account_reads_what_was_opened_of_it_with_proofs(tenant: Any) -> None:
    tenant.client().messages.list()
    tenant.client().messages.create(to="+12025550177", from_=tenant.number(), body="hello")
    last = len(read_ledger(tenant.installation.key_folder)) - 1
    found = signed(tenant, last)
    under = checkpoint_of(found)
    assert "sealing_key" in {entry["verb"] for entry in found["entries"]}
    for entry in found["entries"]:
        leaf = hashlib.sha256(base64.b64decode(entry["salt"]) + entry["body"].encode()).digest()
        proof = [base64.b64decode(step) for step in entry["proof"]]
        check_inclusion(entry["n"], under.size, leaf_hash(leaf), proof, under.root)
    every = read_ledger(tenant.installation.key_folder)
    mine = [n for n, entry in enumerate(every) if entry.account == tenant.sid and n < under.size]
    assert [entry["n"] for entry in found["entries"]] == mine


def test_pages_follow_each_other(tenant: Any) -> None:
    for _ in range(3):
        tenant.client().messages.list()
    every = signed(tenant, len(read_ledger(tenant.installation.key_folder)) - 1)["entries"]
    first = own(tenant, Limit=2).json()
    second = own(tenant, Limit=2, After=first["after"]).json()
    assert [one["n"] for one in (*first["entries"], *second["entries"])] == [one["n"] for one in every[:4]]
    assert own(tenant, After=10**9).json()["entries"] == []


def test_bad_bounds_are_told(tenant: Any) -> None:
    for query in ({"Limit": 0}, {"Limit": 1_001}, {"Limit": "x"}, {"After": "-1"}, {"After": "9" * 30}):
        answer = own(tenant, **query)
        assert (answer.status_code, answer.json()["code"]) == (400, 20001), query


def test_others_entries_are_nobodys_business(tenant: Any) -> None:
    stranger = tenant.installation.new_tenant()
    url = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}/Ledger"
    assert requests.get(url, auth=(stranger.sid, stranger.token), timeout=10).status_code in (401, 403, 404)
    assert requests.get(url, timeout=10).status_code == 401


def test_anybody_may_watch_the_tree_and_learns_no_more(tenant: Any, tmp_path: Path) -> None:
    base = tenant.installation.url
    until(lambda: requests.get(f"{base}/ledger/checkpoint", timeout=10).status_code == 200)
    key = requests.get(f"{base}/ledger/key", timeout=10).text.strip()
    assert key == LedgerReader(tenant.installation.key_folder).verifier.encode()
    size = int(requests.get(f"{base}/ledger/checkpoint", timeout=10).text.splitlines()[1])
    last = [tile for tile in tiles_of(size) if tile.level is None][-1]
    tile = requests.get(f"{base}/ledger/{tile_path(last)}", timeout=10)
    assert (tile.status_code, len(tile.content)) == (200, last.width * 34)
    assert "immutable" in tile.headers["cache-control"]
    for path in ("tile/0/999", "tile/0/000.p/0", "tile/0/../../keys/ledger.key", "tile/x", "entries", "index.db"):
        assert requests.get(f"{base}/ledger/{path}", timeout=10).status_code == 404, path
    assert requests.get(f"{base}/ledger/cosigned", timeout=10).status_code == 404
    witness(base, tmp_path / "seen", key=key, name="neighbour")

    def everybody_sees_who_signed() -> bool:
        witness(base, tmp_path / "seen", key=None, name="neighbour")
        signed = (tmp_path / "seen/checkpoint").read_text()
        tenant.installation.run(tenant.installation.deps.records.keep_cosigned(signed))
        until(lambda: requests.get(f"{base}/ledger/cosigned", timeout=10).text == signed)
        return requests.get(f"{base}/ledger/checkpoint", timeout=10).text == signed

    until(everybody_sees_who_signed)
    tenant.client().messages.list()
    until(lambda: int(requests.get(f"{base}/ledger/checkpoint", timeout=10).text.splitlines()[1]) > size)
    witness(base, tmp_path / "seen", key=None, name="neighbour")
    assert "neighbour" in (tmp_path / "seen/checkpoint").read_text()


class Rewritten:
    """A ledger that its owner, with every key, writes anew from some entry on."""

    def __init__(self, directory: Path, run: Any) -> None:
        self.directory = directory
        self._run = run

    def write(self, *verbs: str) -> None:
        async def scene() -> None:
            ledger = LedgerWriter(self.directory)
            await ledger.open(at_ms=0)
            await ledger.append([AccessEntry(at_ms=1, account="AC1", actor="SK1", verb=verb) for verb in verbs])
            await ledger.close()

        self._run(scene())

    def rewrite(self, at: int, more: tuple[str, ...] = ("more", "and more")) -> None:
        keys = LedgerKeys(KeyFiles(self.directory / "keys").load(LEDGER))
        entries = read_ledger(self.directory)
        changed = type(entries[at])(at_ms=1, account="AC1", actor="SK2", verb="open_epochs")
        entries[at] = changed
        for path in (self.directory / "ledger").iterdir():
            path.unlink()
        lines = [line_of(keys, entry, n)[0] for n, entry in enumerate(entries)]
        (self.directory / "ledger/entries").write_bytes(b"".join(lines))
        self.write(*more)


@pytest.fixture
def rewritten(tmp_path: Path, run: Any) -> Rewritten:
    (tmp_path / "kms").mkdir()
    return Rewritten(tmp_path / "kms", run)


def test_a_witness_catches_whoever_rewrites_history_with_every_key(rewritten: Rewritten, tmp_path: Path) -> None:
    served, seen = tmp_path / "served", tmp_path / "seen"
    rewritten.write(*["open_epochs"] * 300)
    LedgerReader(rewritten.directory).export(served)
    key = LedgerReader(rewritten.directory).verifier.encode()
    witness(str(served), seen, key=key, name="w")
    good = (seen / "checkpoint").read_text()

    rewritten.rewrite(17)
    assert LedgerReader(rewritten.directory).check().entries == 303  # sound in itself
    LedgerReader(rewritten.directory).export(tmp_path / "again")
    with pytest.raises(RefusalError, match="was changed: the later tree does not begin with the older one"):
        witness(str(tmp_path / "again"), seen, key=None, name="w")
    assert (seen / "checkpoint").read_text() == good
    (evidence,) = seen.glob("fork-*")
    first = (tmp_path / "again/checkpoint").read_text()
    assert evidence.read_text() == first

    # It goes on, and is looked at again: still one fork.
    rewritten.write("later")
    LedgerReader(rewritten.directory).export(tmp_path / "again")
    with pytest.raises(RefusalError, match=evidence.name):
        witness(str(tmp_path / "again"), seen, key=None, name="w")
    assert [path.read_text() for path in seen.glob("fork-*")] == [first]

    rewritten.rewrite(40)
    LedgerReader(rewritten.directory).export(tmp_path / "another")
    with pytest.raises(RefusalError, match="was changed"):
        witness(str(tmp_path / "another"), seen, key=None, name="w")
    assert len(list(seen.glob("fork-*"))) == 2


@pytest.mark.parametrize(
    ("more", "what"),
    [((), "together they prove it"), (("three",), "must show how the longer one begins with the shorter")],
)
def test_a_witness_says_what_its_evidence_proves(
    rewritten: Rewritten, tmp_path: Path, more: tuple[str, ...], what: str
) -> None:
    rewritten.write("one", "two")
    LedgerReader(rewritten.directory).export(tmp_path / "before")
    key = LedgerReader(rewritten.directory).verifier.encode()
    witness(str(tmp_path / "before"), tmp_path / "seen", key=key, name="w")
    rewritten.rewrite(1, more)
    LedgerReader(rewritten.directory).export(tmp_path / "after")
    with pytest.raises(RefusalError, match=what):
        witness(str(tmp_path / "after"), tmp_path / "seen", key=None, name="w")


def test_a_tile_that_is_cut_off_is_no_proof_of_anything(rewritten: Rewritten, tmp_path: Path) -> None:
    rewritten.write("one")
    LedgerReader(rewritten.directory).export(tmp_path / "short")
    key = LedgerReader(rewritten.directory).verifier.encode()
    rewritten.write("two")
    LedgerReader(rewritten.directory).export(tmp_path / "long")
    witness(str(tmp_path / "short"), tmp_path / "seen", key=key, name="w")
    for tile in (tmp_path / "long/tile/0/000.p").iterdir():
        tile.write_bytes(tile.read_bytes()[:-1])
    with pytest.raises(RefusalError, match="does not show that it goes on from entry 2"):
        witness(str(tmp_path / "long"), tmp_path / "seen", key=None, name="w")
    assert not list((tmp_path / "seen").glob("fork-*"))


def test_a_witness_catches_a_ledger_that_was_cut_off(rewritten: Rewritten, tmp_path: Path) -> None:
    rewritten.write("one", "two")
    LedgerReader(rewritten.directory).export(tmp_path / "short")
    key = LedgerReader(rewritten.directory).verifier.encode()
    rewritten.write("three")
    LedgerReader(rewritten.directory).export(tmp_path / "long")
    witness(str(tmp_path / "long"), tmp_path / "seen", key=key, name="w")
    with pytest.raises(RefusalError, match="became shorter"):
        witness(str(tmp_path / "short"), tmp_path / "seen", key=None, name="w")


def test_a_witness_believes_one_key(rewritten: Rewritten, tmp_path: Path, run: Any) -> None:
    (tmp_path / "other").mkdir()
    other = Rewritten(tmp_path / "other", run)
    for one, name in ((rewritten, "a"), (other, "b")):
        one.write("one")
        LedgerReader(one.directory).export(tmp_path / name)
    key = LedgerReader(rewritten.directory).verifier.encode()
    with pytest.raises(RefusalError, match="not known yet"):
        witness(str(tmp_path / "a"), tmp_path / "seen", key=None, name="w")
    with pytest.raises(RefusalError, match="--key"):
        witness(str(tmp_path / "a"), tmp_path / "seen", key="no+key+here", name="w")
    witness(str(tmp_path / "a"), tmp_path / "seen", key=key, name="w")
    with pytest.raises(RefusalError, match="nobody known signed"):
        witness(str(tmp_path / "b"), tmp_path / "seen", key=None, name="w")
    with pytest.raises(RefusalError, match="holds another key"):
        witness(str(tmp_path / "b"), tmp_path / "seen", key=LedgerReader(other.directory).verifier.encode(), name="w")
    with pytest.raises(RefusalError, match="cannot be read"):
        witness(str(tmp_path / "nowhere"), tmp_path / "seen", key=None, name="w")
    with pytest.raises(RefusalError, match="does not answer"):
        witness("http://127.0.0.1:9", tmp_path / "seen", key=None, name="w")
    with pytest.raises(RefusalError, match="is no address"):
        witness("ftp://127.0.0.1", tmp_path / "seen", key=None, name="w")
