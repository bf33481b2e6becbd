"""Codes of authenticator apps: RFC 6238's own, each step once, whatever the app's clock says within bounds."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.totp import (
    NEVER,
    TotpShape,
    code_at,
    followed_drift,
    is_code,
    key_uri,
    matching_step,
    new_secret,
    read_secret,
    step_at,
    step_in_other_shape,
    write_secret,
)

# RFC 6238, appendix B: seconds, then the code under each hash; the secrets are as long as the hash.
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]
SECRET = b"12345678901234567890"
SHAPE = TotpShape()
secrets_ = st.binary(min_size=10, max_size=64)
steps = st.integers(10, 10**9)


@pytest.mark.parametrize(("at_s", "sha1", "sha256", "sha512"), VECTORS)
def test_the_codes_of_the_rfc(at_s, sha1, sha256, sha512):
    digits = b"1234567890" * 7
    for alg, length, code in (("sha1", 20, sha1), ("sha256", 32, sha256), ("sha512", 64, sha512)):
        shape = TotpShape(alg=alg, code_length=8)
        assert code_at(digits[:length], step_at(at_s * 1_000, shape), shape) == code


@pytest.mark.parametrize("length", range(3, 9))
def test_a_code_is_the_last_digits(length):
    step = step_at(1111111109_000, SHAPE)
    assert code_at(SECRET, step, TotpShape(code_length=length)) == "07081804"[-length:]


def test_a_step_lasts_as_long_as_it_is_set():
    assert [step_at(ms, TotpShape(time_step=20)) for ms in (0, 19_999, 20_000)] == [0, 0, 1]


@given(secrets_, steps, st.integers(0, 2), st.integers(-4, 4), st.integers(-9, 9))
def test_a_code_matches_within_the_skew_around_the_drift(secret, step, skew, drift, off):
    shape = TotpShape(skew=skew, code_length=8)
    matched = matching_step(secret, shape, code_at(secret, step + off, shape), step, drift, NEVER)
    if abs(off - drift) <= skew:
        assert matched is not None
        assert code_at(secret, matched, shape) == code_at(secret, step + off, shape)
    else:
        assert matched is None or code_at(secret, matched, shape) == code_at(secret, step + off, shape)


@given(secrets_, steps, st.integers(-1, 1))
def test_a_used_step_matches_no_more_nor_any_before_it(secret, step, off):
    shape = TotpShape(code_length=8)
    matched = matching_step(secret, shape, code_at(secret, step + off, shape), step, 0, NEVER)
    assert matched is not None
    assert matching_step(secret, shape, code_at(secret, step + off, shape), step, 0, matched) is None


@pytest.mark.parametrize("guess", ["", "12345", "1234567", "\u0663" * 6, "abcdef"])
def test_what_is_no_code_of_this_length_matches_nothing(guess):
    assert matching_step(SECRET, SHAPE, guess, 1, 0, NEVER) is None


@pytest.mark.parametrize("text", ["123", "000000", "12345678"])
def test_a_code_is_three_to_eight_digits(text):
    assert is_code(text)


@pytest.mark.parametrize(
    "text", ["", "12", "123456789", "12 456", "123456\n", "+12345", "\u0661\u0662\u0663", "\uff11\uff12\uff13"]
)
def test_no_other_digits_are_a_code(text):
    assert not is_code(text)


def test_the_drift_is_followed_so_far():
    assert [followed_drift(100 + off, 100) for off in (-9, -1, 0, 2, 9)] == [
        -4,
        -1,
        0,
        2,
        4,
    ]


@given(st.integers(0, 10**9), st.integers(20, 60), st.integers(20, 60))
def test_no_moment_that_was_used_is_good_again_in_another_shape(last, before_s, after_s):
    before, after = TotpShape(time_step=before_s), TotpShape(time_step=after_s)
    ended_ms = (last + 1) * before_s * 1_000 - 1
    assert step_in_other_shape(last, before, after) == step_at(ended_ms, after)


def test_what_was_never_used_is_so_in_every_shape():
    assert step_in_other_shape(NEVER, TotpShape(time_step=20), TotpShape(time_step=60)) == NEVER


@pytest.mark.parametrize(("alg", "length"), [("sha1", 20), ("sha256", 32), ("sha512", 64)])
def test_a_new_secret_has_the_length_of_the_hash(alg, length):
    assert len(new_secret(alg)) == length
    assert new_secret(alg) != new_secret(alg)


@given(secrets_)
def test_a_secret_is_read_as_it_was_written(secret):
    text = write_secret(secret)
    assert "=" not in text
    assert read_secret(text) == read_secret(f" {text[:4].lower()} {text[4:]}==") == secret


@pytest.mark.parametrize("text", ["", "GEZDGNBVGY3TQO", "not base32!", "1" * 32, "A" * 104, "GEZDGNBVGY3TQOJ\u0663"])
def test_what_is_no_secret_is_refused_without_being_repeated(text):
    with pytest.raises(ValueError, match=r"^expected") as refused:
        read_secret(text)
    assert not text or text not in str(refused.value)


def test_a_key_uri_says_all_that_an_app_needs():
    uri = urlsplit(key_uri(SECRET, "Fade & Co", "alice@home: 1", TotpShape(alg="sha256", time_step=60, code_length=8)))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/Fade & Co:alice@home: 1"
    assert uri.path.count(":") == 1
    assert parse_qs(uri.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Fade & Co"],
        "algorithm": ["SHA256"],
        "digits": ["8"],
        "period": ["60"],
    }
    assert "+" not in uri.query
