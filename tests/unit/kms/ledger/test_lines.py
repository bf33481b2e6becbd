"""A line says what it holds, and no other line holds for its place."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.kms.ledger.keys import LedgerKeys
from ringfence.kms.ledger.lines import line_of, read_line
from ringfence.ports.ledger import AccessEntry

KEYS = LedgerKeys(bytes(range(32)))
entries = st.builds(
    AccessEntry,
    at_ms=st.integers(0, 2**50),
    account=st.text(max_size=40),
    actor=st.text(max_size=40),
    verb=st.text(max_size=20),
    scope=st.lists(st.text(max_size=20), max_size=5).map(tuple),
)
numbers = st.integers(0, 2**62)


@given(entries, numbers)
def test_a_line_reads_back(entry: AccessEntry, n: int) -> None:
    line, leaf = line_of(KEYS, entry, n)
    for expected in (n, None):
        read = read_line(KEYS, line, expected)
        assert read is not None
        assert (read.n, read.entry, read.leaf) == (n, entry, leaf)


@given(entries, numbers, st.data())
def test_any_change_is_seen(entry: AccessEntry, n: int, data: st.DataObject) -> None:
    line, _ = line_of(KEYS, entry, n)
    at = data.draw(st.integers(0, len(line) - 1))
    flipped = line[:at] + bytes((line[at] ^ 1 << data.draw(st.integers(0, 7)),)) + line[at + 1 :]
    # Capital hex digits say the same.
    if flipped.lower() != line.lower() or at > 64:
        assert read_line(KEYS, flipped, n) is None
    for changed in (line[1:], line[:-1], line[:65] + b" " + line[65:], line[:at]):
        assert read_line(KEYS, changed, n) is None


@given(entries, numbers)
def test_a_line_holds_for_its_place_and_its_ledger_only(entry: AccessEntry, n: int) -> None:
    line, _ = line_of(KEYS, entry, n)
    assert read_line(KEYS, line, n + 1) is None
    assert read_line(LedgerKeys(bytes(32)), line, n) is None


@given(entries, numbers)
def test_equal_entries_have_leaves_that_tell_nothing(entry: AccessEntry, n: int) -> None:
    assert line_of(KEYS, entry, n)[1] != line_of(KEYS, entry, n + 1)[1]


def test_garbage_is_no_line() -> None:
    for garbage in (b"", b"\n", b"x" * 70 + b"\n", b"0" * 64 + b" {}\n", b"0" * 64 + b" []\n", b"\xff" * 64 + b" {}\n"):
        assert read_line(KEYS, garbage, 0) is None


def test_keys_follow_from_the_key_and_are_not_shown() -> None:
    again = LedgerKeys(bytes(range(32)))
    assert again.signer.verifier == KEYS.signer.verifier
    assert again.salt("AC1", 5) == KEYS.salt("AC1", 5) != KEYS.salt("AC2", 5)
    assert KEYS.salt("AC1", 5) != KEYS.salt("AC1", 6)
    assert repr(KEYS) == f"LedgerKeys({KEYS.signer.verifier.name})"
    assert KEYS.signer.verifier.name.startswith("ringfence-ledger-")


def test_many_accounts_do_not_fill_the_memory() -> None:
    keys = LedgerKeys(bytes(32))
    first = keys.salt("AC0", 1)
    for number in range(10_001):
        keys.salt(f"AC{number}", 1)
    assert len(keys._accounts) <= 10_000
    assert keys.salt("AC0", 1) == first
