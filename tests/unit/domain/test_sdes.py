"""Keys in a description: read where we can follow them, refused where we cannot, and written as they are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sdes import (
    MAX_LINE_CHARACTERS,
    SUITES,
    Crypto,
    InvalidCryptoError,
    answered_crypto,
    choose_crypto,
    parse_crypto,
    write_crypto,
)

# RFC 4568, section 6.1, and the same without padding in the next ones.
KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
DATA = b"YS___semctl () {\t220;}\n}\nunles"
LINE = f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"

cryptos = st.sampled_from(sorted(SUITES)).flatmap(
    lambda suite: st.builds(
        Crypto,
        tag=st.integers(0, 999_999_999),
        suite=st.just(suite),
        key=st.binary(min_size=SUITES[suite], max_size=SUITES[suite]),
    )
)


@given(crypto=cryptos)
def test_what_is_written_reads_back(crypto: Crypto) -> None:
    assert parse_crypto(write_crypto(crypto)) == crypto


def test_a_line_of_the_rfc() -> None:
    assert parse_crypto(LINE) == Crypto(tag=1, suite="AES_CM_128_HMAC_SHA1_80", key=DATA)
    assert write_crypto(parse_crypto(LINE)) == LINE


@pytest.mark.parametrize(
    "line",
    [
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1048576",
        f"1 aes_cm_128_hmac_sha1_80 INLINE:{KEY}",
        f"  1\tAES_CM_128_HMAC_SHA1_80  inline:{KEY}  WSH=64 ",
    ],
)
def test_what_phones_add_is_passed_over(line: str) -> None:
    assert parse_crypto(line) == parse_crypto(LINE)


def test_padding_may_be_absent() -> None:
    crypto = Crypto(tag=3, suite="AEAD_AES_128_GCM", key=bytes(range(28)))
    assert write_crypto(crypto).endswith("==")
    assert parse_crypto(write_crypto(crypto).rstrip("=")) == crypto


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1",
        "1 AES_CM_128_HMAC_SHA1_80",
        f"AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        f"1234567890 AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        f"-1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 F8_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 NULL_HMAC_SHA1_80 inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 uri:{KEY}",
        "1 AES_CM_128_HMAC_SHA1_80 inline:",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY[:-1]}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}AAAA",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY[:-1]}!",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}=",
        f"1 AEAD_AES_128_GCM inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^1000",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|x",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4|5",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY};inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNAUTHENTICATED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=1",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} WSH=64 FEC_ORDER=FEC_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\na=x",
        LINE + " " * MAX_LINE_CHARACTERS + "WSH=64",
    ],
)
def test_what_we_cannot_follow_is_refused(line: str) -> None:
    with pytest.raises(InvalidCryptoError) as refused:
        parse_crypto(line)
    assert KEY not in str(refused.value)


@given(line=st.text(max_size=120))
def test_garbage_is_refused(line: str) -> None:
    with pytest.raises(InvalidCryptoError):
        parse_crypto(line)


@pytest.mark.parametrize(("suite", "length"), [("AES_CM_128_HMAC_SHA1_80", 28), ("AEAD_AES_128_GCM", 30), ("X", 30)])
def test_no_line_is_written_that_could_not_be_read(suite: str, length: int) -> None:
    with pytest.raises(ValueError):
        write_crypto(Crypto(tag=1, suite=suite, key=bytes(length)))


def test_the_first_that_we_can_follow_is_chosen() -> None:
    gcm = write_crypto(Crypto(tag=3, suite="AEAD_AES_128_GCM", key=bytes(28)))
    offered = [f"1 F8_128_HMAC_SHA1_80 inline:{KEY}", f"{LINE}|2^20|1:4", f"2{LINE[1:]}", gcm]
    assert choose_crypto(offered) == Crypto(tag=2, suite="AES_CM_128_HMAC_SHA1_80", key=DATA)
    assert choose_crypto(offered, ["AEAD_AES_128_GCM"]) == parse_crypto(gcm)
    assert choose_crypto(offered[:2]) is None
    assert choose_crypto([]) is None


def test_an_answer_is_to_what_was_offered() -> None:
    offered = [
        Crypto(tag=1, suite="AEAD_AES_128_GCM", key=bytes(28)),
        Crypto(tag=2, suite="AES_CM_128_HMAC_SHA1_80", key=bytes(30)),
    ]
    answer = f"2{LINE[1:]}"
    assert answered_crypto(offered, answer).key == DATA
    for wrong in (LINE, f"3{LINE[1:]}", "nothing"):
        with pytest.raises(InvalidCryptoError):
            answered_crypto(offered, wrong)


def test_no_repr_shows_a_key() -> None:
    assert repr(parse_crypto(LINE)) == "Crypto(1, AES_CM_128_HMAC_SHA1_80)"
