"""Digest authentication: RFC 7616's own examples, and nonces that are good once."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.carriers.sip.digest import (
    NONCE_LIFE_MS,
    Answer,
    Challenge,
    Nonces,
    answer_challenge,
    hashed_secret,
    parse_answer,
    parse_challenge,
    strongest,
    verify_answer,
)
from ringfence.carriers.sip.grammar import MalformedError

NOW_MS = 1_700_000_000_000
WORDS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)


def example(algorithm: str) -> Answer:
    challenge = Challenge(
        realm="http-auth@example.org",
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        algorithm=algorithm,
        opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    )
    return answer_challenge(
        challenge,
        username="Mufasa",
        password="Circle of Life",
        method="GET",
        uri="/dir/index.html",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )


def test_the_examples_of_rfc_7616() -> None:
    assert example("MD5").response == "8ca523f5e9506fed4657c9700eebdbec"
    assert example("SHA-256").response == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"


def test_the_example_of_rfc_2617_without_quality() -> None:
    """RFC 2069's form, as old phones answer: no count and no nonce of their own."""
    challenge = Challenge(
        realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", algorithm="MD5", qop=()
    )
    answer = answer_challenge(
        challenge, username="Mufasa", password="CircleOfLife", method="GET", uri="/dir/index.html", cnonce="unused"
    )
    assert (answer.cnonce, answer.count, answer.qop) == (None, None, None)
    assert answer.response == "1949323746fe6a43ef61f9606e7febea"


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_an_answer_verifies_against_the_stored_hash_alone(algorithm: str) -> None:
    answer = example(algorithm)
    secret = hashed_secret(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life")
    assert verify_answer(answer, method="GET", secret=secret)
    assert not verify_answer(answer, method="PUT", secret=secret)
    assert not verify_answer(answer, method="GET", secret=hashed_secret(algorithm, "Mufasa", "other", "Circle of Life"))
    assert not verify_answer(msgspec.structs.replace(answer, uri="/other"), method="GET", secret=secret)
    assert not verify_answer(msgspec.structs.replace(answer, count="00000002"), method="GET", secret=secret)


@given(username=WORDS, realm=WORDS, nonce=WORDS, opaque=st.none() | WORDS, qop=st.sampled_from([(), ("auth",)]))
def test_challenge_and_answer_read_back(
    username: str, realm: str, nonce: str, opaque: str | None, qop: tuple[str, ...]
) -> None:
    challenge = Challenge(realm=realm, nonce=nonce, opaque=opaque, qop=qop, stale=bool(qop))
    assert parse_challenge(str(challenge)) == challenge
    answer = answer_challenge(
        challenge, username=username, password="x", method="REGISTER", uri="sip:a", cnonce="c", count=255
    )
    assert parse_answer(str(answer)) == answer
    assert answer.count == ("000000ff" if qop else None)


def test_another_scheme_algorithm_or_quality_is_passed_over() -> None:
    assert parse_challenge('Basic realm="x"') is None
    assert parse_challenge('Digest realm="x", nonce="n", algorithm=SHA-512-256') is None
    assert parse_challenge('Digest realm="x", nonce="n", qop="auth-int"') is None
    assert parse_answer("NoOneKnowsThisScheme opaque-data=here") is None
    assert parse_answer('Digest username="u", realm="r", nonce="n", uri="x", response="y", algorithm=MD5-sess') is None


def test_an_algorithm_that_is_not_named_is_md5_and_names_have_no_case() -> None:
    challenge = parse_challenge('DIGEST Realm="x", NONCE="n", Algorithm=sha-256, stale=TRUE, qop="auth-int,auth"')
    assert challenge == Challenge(realm="x", nonce="n", algorithm="SHA-256", stale=True, qop=("auth-int", "auth"))
    plain = parse_challenge('Digest realm="x",nonce="n"')
    assert plain is not None
    assert (plain.algorithm, plain.qop, plain.stale) == ("MD5", (), False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Digest",
        'Digest realm="x"',
        'Digest realm="x", nonce',
        'Digest realm="x", realm="y", nonce="n"',
        'Digest realm="x, nonce="n"',
        'Digest username="u", realm="r", nonce="n", uri="x", response="y", qop=auth',
        'Digest username="u", realm="r", nonce="n", uri="x", response="y", qop=auth, cnonce="c", nc=1',
        'Digest username="u", realm="r", nonce="n", uri="x", response="y", qop=auth-int, cnonce="c", nc=00000001',
    ],
)
def test_a_crooked_header_is_refused(text: str) -> None:
    parse = parse_answer if "username" in text else parse_challenge
    with pytest.raises(MalformedError):
        parse(text)


def test_the_strongest_challenge_is_answered() -> None:
    md5, sha = Challenge(realm="x", nonce="1", algorithm="MD5"), Challenge(realm="x", nonce="2")
    assert strongest([md5, sha]) == sha
    assert strongest([md5]) == md5
    assert strongest([]) is None


def used(nonce: str, count: int | None = 1) -> Answer:
    return msgspec.structs.replace(example("SHA-256"), nonce=nonce, count=None if count is None else f"{count:08x}")


def test_a_nonce_is_good_for_each_count_once_and_for_its_life() -> None:
    nonces = Nonces(b"k" * 32)
    nonce = nonces.make(NOW_MS, b"12345678")
    assert nonces.check(used(nonce, 1), NOW_MS) == "good"
    assert nonces.check(used(nonce, 1), NOW_MS) == "stale"
    assert nonces.check(used(nonce, 3), NOW_MS + NONCE_LIFE_MS) == "good"
    assert nonces.check(used(nonce, 2), NOW_MS) == "stale"
    assert nonces.check(used(nonce, 4), NOW_MS + NONCE_LIFE_MS + 1) == "stale"


def test_a_nonce_without_counts_is_good_once() -> None:
    nonces = Nonces(b"k" * 32)
    nonce = nonces.make(NOW_MS, b"12345678")
    assert [nonces.check(used(nonce, None), NOW_MS) for _ in range(2)] == ["good", "stale"]


@pytest.mark.parametrize("nonce", ["", "x", "18bcfe56800-3132333435363738-00", "-", "--"])
def test_a_nonce_that_we_did_not_make_is_forged(nonce: str) -> None:
    assert Nonces(b"k" * 32).check(used(nonce), NOW_MS) == "forged"


def test_another_key_made_it() -> None:
    nonce = Nonces(b"a" * 32).make(NOW_MS, b"12345678")
    assert Nonces(b"k" * 32).check(used(nonce), NOW_MS) == "forged"


def test_a_forgotten_nonce_is_not_good_again() -> None:
    nonces = Nonces(b"k" * 32, most=2)
    made = [nonces.make(NOW_MS + index, b"12345678") for index in range(4)]
    assert [nonces.check(used(nonce), NOW_MS + 9) for nonce in made[:3]] == ["good"] * 3
    assert nonces.check(used(made[0]), NOW_MS + 9) == "stale"
    assert nonces.check(used(made[1], 2), NOW_MS + 9) == "good"
    assert nonces.check(used(made[3]), NOW_MS + 9) == "good"


def test_no_repr_shows_who_or_what_proves_it() -> None:
    assert repr(example("MD5")) == "Answer(…)"


def test_challenges_and_answers_are_written_letter_by_letter() -> None:
    """Some phones read no other order, case or quotes than those of the RFC's examples."""
    challenge = Challenge(realm="r", nonce="n", algorithm="SHA-256", opaque="o", qop=("auth", "auth-int"), stale=True)
    assert str(challenge) == (
        'Digest realm="r", nonce="n", algorithm=SHA-256, opaque="o", qop="auth,auth-int", stale=true'
    )
    answer = Answer(
        username="u",
        realm="r",
        nonce="n",
        uri="sip:b",
        response="00",
        algorithm="SHA-256",
        cnonce="c",
        opaque="o",
        qop="auth",
        count="00000001",
    )
    assert str(answer) == (
        'Digest username="u", realm="r", nonce="n", uri="sip:b", response="00", algorithm=SHA-256, cnonce="c", '
        'opaque="o", qop=auth, nc=00000001'
    )


def test_a_nonces_tag_is_128_bits() -> None:
    time_, salt, tag = Nonces(b"k" * 32).make(255, b"\1" * 8).split("-")
    assert (time_, salt, len(tag)) == ("ff", "01" * 8, 32)
