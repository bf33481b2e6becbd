import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.domain.sealing import hmac_states, libcrypto_states
from ringfence.domain.sealing.libcrypto_states import EngineMissingError, resumer
from ringfence.domain.sealing.sha_states import SHA1, SHA256, Sha

# RFC 2202 and RFC 4231: key, data, HMAC-SHA1, HMAC-SHA256.
ANSWERS = [
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        b"\xaa" * 20,
        b"\xdd" * 50,
        "125d7342b9ac11cd91a39af48aa17b4f63f175d3",
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ),
]


@pytest.fixture
def python_only(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def missing(sha: Sha) -> libcrypto_states.Resume:
        raise EngineMissingError("not here")

    hmac_states._resume.cache_clear()
    monkeypatch.setattr(hmac_states, "resumer", missing)
    yield
    hmac_states._resume.cache_clear()


@pytest.mark.parametrize(("key", "data", "sha1", "sha256"), ANSWERS)
def test_the_published_answers(key: bytes, data: bytes, sha1: str, sha256: str) -> None:
    states = hmac_states.states_of(key)
    assert hmac_states.sign_sha1(states, data).hex() == sha1
    assert hmac_states.sign_sha256(states, data).hex() == sha256


@settings(max_examples=80)
@given(st.binary(max_size=140), st.binary(max_size=3_000))
def test_the_states_sign_as_the_secret_does(secret: bytes, message: bytes) -> None:
    states = hmac_states.states_of(secret)
    assert hmac_states.sign_sha1(states, message) == hmac.digest(secret, message, "sha1")
    assert hmac_states.sign_sha256(states, message) == hmac.digest(secret, message, "sha256")


@pytest.mark.usefixtures("python_only")
@pytest.mark.parametrize("length", [0, 32, 63, 64, 65, 200])
def test_plain_python_signs_the_same(length: int) -> None:
    assert hmac_states.engine("sha1") == hmac_states.engine("sha256") == "python"
    states = hmac_states.states_of(b"k" * length)
    assert hmac_states.sign_sha1(states, b"message") == hmac.digest(b"k" * length, b"message", "sha1")
    assert hmac_states.sign_sha256(states, b"message") == hmac.digest(b"k" * length, b"message", "sha256")


def test_the_layout_of_the_104_bytes() -> None:
    states = hmac_states.states_of(b"secret")
    padded = b"secret".ljust(64, b"\0")
    inner, outer = bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)
    assert states == (
        SHA1.after(SHA1.initial, inner)
        + SHA1.after(SHA1.initial, outer)
        + SHA256.after(SHA256.initial, inner)
        + SHA256.after(SHA256.initial, outer)
    )
    assert len(states) == hmac_states.STATES_BYTES == 104


def test_the_secret_cannot_be_found_in_its_states() -> None:
    secret = b"0123456789abcdef0123456789abcdef"
    states = hmac_states.states_of(secret)
    assert all(secret[at : at + 4] not in states for at in range(28))


@pytest.mark.parametrize("length", [0, 39, 103])
def test_what_are_no_states_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="states"):
        hmac_states.sign_sha256(hmac_states.states_of(b"s")[:length], b"m")
    with pytest.raises(ValueError, match="states"):
        hmac_states.sign_sha1(hmac_states.states_of(b"s")[: min(length, 39)], b"m")


def test_libcrypto_is_used_where_it_can_be() -> None:
    for sha in (SHA1, SHA256):
        try:
            quick = resumer(sha)
        except EngineMissingError:
            expected = "python"
        else:
            expected = "libcrypto"
            assert quick(sha.initial, b"").hex() != ""
        assert hmac_states.engine(sha.name) == expected


@pytest.mark.parametrize("sha", [SHA1, SHA256], ids=["sha1", "sha256"])
def test_libcrypto_resumes_as_plain_python_does(sha: Sha) -> None:
    try:
        quick = resumer(sha)
    except EngineMissingError:
        pytest.skip("this Python's libcrypto is out of reach")
    state = sha.after(sha.initial, b"b" * 64)
    for length in (0, 1, 55, 56, 63, 64, 65, 127, 128, 5_000):
        message = bytes(length % 251 for length in range(length))
        assert quick(state, message) == hashlib.new(sha.name, b"b" * 64 + message).digest()


@pytest.mark.parametrize("sha", [SHA1, SHA256], ids=["sha1", "sha256"])
def test_an_engine_with_one_wrong_answer_is_not_used(sha: Sha, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong_when_long(state: bytes, message: bytes) -> bytes:
        return sha.resume(state, message if len(message) < 500 else message[:-1])

    def refusing(state: bytes, message: bytes) -> bytes:
        raise EngineMissingError("refused")

    assert hmac_states.passes(sha, sha.resume)
    assert not hmac_states.passes(sha, wrong_when_long)
    assert not hmac_states.passes(sha, refusing)
    monkeypatch.setattr(hmac_states, "resumer", lambda _: wrong_when_long)
    hmac_states._resume.cache_clear()
    try:
        assert hmac_states.engine(sha.name) == "python"
    finally:
        hmac_states._resume.cache_clear()


class Library(dict):  # type: ignore[type-arg]
    """What ctypes would give, with some names missing."""

    def __getitem__(self, name: str) -> object:
        raise AttributeError(name)


@pytest.mark.parametrize("fips", [None, 0, 1])
def test_a_libcrypto_in_fips_mode_or_without_contexts_is_not_used(
    monkeypatch: pytest.MonkeyPatch, fips: int | None
) -> None:
    library = Library()
    if fips is not None:
        library.FIPS_mode = lambda: fips  # type: ignore[attr-defined]
    monkeypatch.setattr(libcrypto_states, "_library", lambda: library)
    with pytest.raises(EngineMissingError, match="FIPS mode" if fips else "contexts"):
        resumer(SHA1)


def test_a_python_without_a_shared_hashlib_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import _hashlib

    monkeypatch.delattr(_hashlib, "__file__")
    with pytest.raises(EngineMissingError, match="built into"):
        resumer(SHA1)
    monkeypatch.setitem(__import__("sys").modules, "_hashlib", None)
    with pytest.raises(EngineMissingError, match="no _hashlib"):
        resumer(SHA1)
