"""The scanner finds a canary in whatever form it leaks, and nothing where there is none."""

import base64
import gzip
import json
import os
import urllib.parse
import zlib
from collections.abc import Callable

import pytest

from ringfence.drills.canary import Canaries

FORMS: dict[str, Callable[[bytes], bytes]] = {
    "raw": lambda text: text,
    "hex": lambda text: text.hex().encode(),
    "hex, capitals": lambda text: text.hex().upper().encode(),
    "base64": base64.b64encode,
    "base64, one in": lambda text: base64.b64encode(b"x" + text),
    "base64, two in": lambda text: base64.b64encode(b"xy" + text),
    "base64url without padding": lambda text: base64.urlsafe_b64encode(text).rstrip(b"="),
    "percent": lambda text: "".join(f"%{byte:02X}" for byte in text).encode(),
    "form": lambda text: urllib.parse.urlencode({"Body": text.decode()}).encode(),
    "JSON": lambda text: json.dumps({"body": text.decode()}).encode(),
    "JSON escapes": lambda text: "".join(f"\\u{byte:04x}" for byte in text).encode(),
    "UTF-16 LE": lambda text: text.decode().encode("utf-16-le"),
    "UTF-16 BE, odd offset": lambda text: b"\x07" + text.decode().encode("utf-16-be"),
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "gzip in base64": lambda text: base64.b64encode(gzip.compress(text)),
    "base64 in JSON in gzip": lambda text: gzip.compress(json.dumps({"b": base64.b64encode(text).decode()}).encode()),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["mark", "number"])
def test_a_canary_is_found_in_every_form(form: str, kind: str) -> None:
    canaries = Canaries(bytes(range(32)))
    secret = canaries.mark("AC1", "body") if kind == "mark" else canaries.number("AC1", "to", 7)
    text = f"Hello, your word is {secret}, keep it.".encode()
    blob = os.urandom(999) + b" " + FORMS[form](text) + b" " + os.urandom(500)
    assert {tenant for tenant, _ in canaries.found_in(blob)} == {"AC1"}


def test_what_was_never_written_is_not_found() -> None:
    canaries = Canaries(bytes(32))
    canaries.mark("AC1", "body")
    canaries.number("AC1", "to", 3)
    other = Canaries(b"\x01" * 32)
    noise = os.urandom(200_000) + other.mark("AC1", "body").encode() + b"+12122000004 1763990400000"
    assert canaries.found_in(noise) == set()


def test_each_tenant_and_kind_has_a_mark_of_its_own() -> None:
    canaries = Canaries(b"k" * 32)
    marks = {canaries.mark(f"AC{i}", kind) for i in range(100) for kind in ("body", "url")}
    assert len(marks) == 200
    assert canaries.mark("AC5", "url") == canaries.mark("AC5", "url")
    assert canaries.found_in(" ".join(marks).encode()) == {(f"AC{i}", k) for i in range(100) for k in ("body", "url")}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_that_was_learned_is_found_in_every_form(form: str) -> None:
    canaries = Canaries(bytes(32))
    secret = b"Zk3+p8/qW0sB7nUe2cXy9RtQ5mLd"
    canaries.learn_secret(secret, "AC1", "password")
    blob = os.urandom(99) + b" " + FORMS[form](secret) + b" " + os.urandom(50)
    assert canaries.found_in(blob) == {("AC1", "password")}
    assert canaries.found_in(secret[1:] + b" " + secret[:-1]) == set()


def test_a_key_of_any_bytes_is_found_and_what_is_too_short_is_no_secret() -> None:
    canaries = Canaries(bytes(32))
    canaries.learn_secret(bytes(range(228, 256)), "AC1", "key")
    for form in ("raw", "hex", "hex, capitals", "base64", "base64, one in", "gzip"):
        assert canaries.found_in(b"key: " + FORMS[form](bytes(range(228, 256)))) == {("AC1", "key")}
    with pytest.raises(ValueError, match="eight bytes"):
        canaries.learn_secret(b"seven b", "AC1", "key")


def test_digits_that_were_learned_are_found_and_keep_their_first_kind() -> None:
    canaries = Canaries(b"k" * 32)
    code = canaries.code("AC1", "program's own code", 1)
    canaries.learn(code, "AC1", "one-time code")
    canaries.learn("0123456789", "AC2", "one-time code")
    assert canaries.found_in(f"code {code}.".encode()) == {("AC1", "program's own code")}
    assert canaries.found_in(b"x0123456789") == {("AC2", "one-time code")}
    with pytest.raises(ValueError, match="ten digits"):
        canaries.learn("123456", "AC1", "one-time code")


def test_marks_in_memory_are_found_wherever_they_lie() -> None:
    canaries = Canaries(b"memory")
    one, two = canaries.mark("AC1", "body").encode(), canaries.mark("AC2", "body").encode()
    assert canaries.marks_lying_in(b"\0abc" + one + two + b"\xff") == {("AC1", "body"), ("AC2", "body")}
    assert canaries.marks_lying_in(one[:-1] + b"\0" + two[1:] + b"0" * 40) == set()
