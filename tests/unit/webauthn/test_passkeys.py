import json
import os
from typing import Any

import cbor2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.passkeys.answers import parse_authentication
from ringfence.domain.passkeys.passkey import Passkey
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal
from ringfence.ports.passkeys import NewPasskey, PasskeyUse
from ringfence.webauthn.passkeys import WebauthnPasskeys
from software_authenticator import (
    AT,
    BE,
    BS,
    UP,
    UV,
    SoftwareAuthenticator,
    Wrong,
    b64,
    cose_of,
    new_key,
    self_attestation,
)
from webauthn_ceremonies import MODEL, MODEL_UUID, NOW_MS, ORIGIN, PARTY, USER, authenticate, ceremony, register


@pytest.fixture(scope="module")
def authenticator() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "RS256"])
def test_a_passkey_of_each_algorithm_is_made_and_used(kind: str) -> None:
    authenticator = SoftwareAuthenticator(kind, aaguid=MODEL)
    made = register(authenticator)
    assert made == NewPasskey(
        passkey=Passkey(
            credential_id=authenticator.credential_id,
            public_key=cbor2.dumps(cose_of(authenticator.key)),
            user_handle=USER.handle,
            sign_count=1,
            backup_eligible=False,
            backed_up=False,
            aaguid=MODEL_UUID,
            transports=("hybrid", "internal"),
            attested=False,
        ),
        user_verified=True,
    )
    used = authenticate(authenticator, made.passkey)
    assert used == PasskeyUse(passkey=msgspec.structs.replace(made.passkey, sign_count=2), user_verified=True)


@pytest.mark.parametrize("origin", PARTY.origins)
def test_any_page_of_the_party_may_ask(origin: str, authenticator: SoftwareAuthenticator) -> None:
    made = register(authenticator, origin=origin)
    assert authenticate(authenticator, made.passkey, origin=origin).user_verified


WRONG_PAGES = [
    pytest.param({"origin": "https://shop.example.evil.example"}, Refusal.ORIGIN, id="lookalike"),
    pytest.param({"origin": "http://shop.example"}, Refusal.ORIGIN, id="not encrypted"),
    pytest.param({"origin": "https://shop.example:8443"}, Refusal.ORIGIN, id="other port"),
    pytest.param({"origin": "https://shop.example/"}, Refusal.ORIGIN, id="with a slash"),
    pytest.param({"origin": "https://www.shop.example"}, Refusal.ORIGIN, id="a page that is not listed"),
    pytest.param({"origin": "HTTPS://SHOP.EXAMPLE"}, Refusal.ORIGIN, id="capitals"),
    pytest.param({"challenge": os.urandom(32)}, Refusal.CHALLENGE, id="another challenge"),
    pytest.param({"client_data": {"challenge": ""}}, Refusal.CHALLENGE, id="no challenge"),
    pytest.param({"client_data": {"challenge": "=="}}, Refusal.MALFORMED, id="a challenge with padding"),
    pytest.param({"client_data": {"crossOrigin": True}}, Refusal.CROSS_ORIGIN, id="in a frame"),
    pytest.param({"client_data": {"topOrigin": ORIGIN}}, Refusal.CROSS_ORIGIN, id="with a page above"),
    pytest.param({"client_data": {"crossOrigin": "false"}}, Refusal.MALFORMED, id="in a frame, as text"),
    pytest.param({"client_data": {"tokenBinding": {"status": "not-supported"}}}, Refusal.MALFORMED, id="token binding"),
    pytest.param({"client_data": {"tokenBinding": {}}}, Refusal.MALFORMED, id="token binding without a status"),
    pytest.param({"client_data": {"origin": [ORIGIN]}}, Refusal.MALFORMED, id="origin in a list"),
    pytest.param({"client_data": {"type": None}}, Refusal.MALFORMED, id="no type"),
    pytest.param({"client_json": b"[]"}, Refusal.MALFORMED, id="a list"),
    pytest.param({"client_json": b"{}"}, Refusal.MALFORMED, id="an empty object"),
    pytest.param({"client_json": b"\xff{}"}, Refusal.MALFORMED, id="not UTF-8"),
    pytest.param({"client_json": b"[" * 4000}, Refusal.MALFORMED, id="nested"),
    pytest.param({"client_data": {"more": "x" * 5000}}, Refusal.MALFORMED, id="long"),
    pytest.param({"rp_id": "evil.example"}, Refusal.RP_ID, id="another party"),
    pytest.param({"rp_id": "login.shop.example"}, Refusal.RP_ID, id="a part of the party"),
    pytest.param({"flags": UV}, Refusal.USER_PRESENCE, id="nobody there"),
    pytest.param({"flags": UP}, Refusal.USER_VERIFICATION, id="somebody there"),
    pytest.param({"flags": UP | UV | BS}, Refusal.BACKUP, id="a copy of what has none"),
    pytest.param({"tail": b"\x00"}, Refusal.MALFORMED, id="a byte more"),
    pytest.param({"tail": cbor2.dumps({})}, Refusal.MALFORMED, id="a map more"),
    pytest.param({"extensions": b"\x80"}, Refusal.MALFORMED, id="extensions that are a list"),
    pytest.param({"extensions": b"\xa1"}, Refusal.MALFORMED, id="extensions that end early"),
    pytest.param({"named_id": bytes(32)}, Refusal.CREDENTIAL, id="another credential"),
]


@pytest.mark.parametrize(("wrong", "why"), WRONG_PAGES)
def test_what_is_wrong_with_a_registration_is_refused(
    wrong: dict[str, Any], why: Refusal, authenticator: SoftwareAuthenticator
) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        register(authenticator, Wrong(**wrong))
    assert refused.value.why is why


@pytest.mark.parametrize(("wrong", "why"), WRONG_PAGES)
def test_what_is_wrong_with_an_authentication_is_refused(
    wrong: dict[str, Any], why: Refusal, authenticator: SoftwareAuthenticator
) -> None:
    made = register(authenticator)
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(authenticator, made.passkey, Wrong(**wrong))
    assert refused.value.why is why


def test_a_party_may_say_in_whose_pages_its_own_may_stand(authenticator: SoftwareAuthenticator) -> None:
    made = register(authenticator)
    party = msgspec.structs.replace(PARTY, framed_by=("https://console.example",))
    asked = msgspec.structs.replace(ceremony(), party=party)
    framed = Wrong(client_data={"crossOrigin": True, "topOrigin": "https://console.example"})
    assert authenticate(authenticator, made.passkey, framed, asked=asked).user_verified
    for other in (
        {"crossOrigin": True, "topOrigin": "https://evil.example"},
        {"crossOrigin": True, "topOrigin": "https://console.example.evil.example"},
        {"crossOrigin": True, "topOrigin": ""},
        {"crossOrigin": True},
        {"topOrigin": None},
    ):
        with pytest.raises(PasskeyRefusedError) as refused:
            authenticate(authenticator, made.passkey, Wrong(client_data=other), asked=asked)
        assert refused.value.why is Refusal.CROSS_ORIGIN


def test_the_answer_to_one_question_is_none_to_the_other(authenticator: SoftwareAuthenticator) -> None:
    made = register(authenticator)
    with pytest.raises(PasskeyRefusedError) as refused:
        register(authenticator, Wrong(type="webauthn.get"))
    assert refused.value.why is Refusal.TYPE
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(authenticator, made.passkey, Wrong(type="webauthn.create"))
    assert refused.value.why is Refusal.TYPE


def test_a_name_that_comes_twice_is_refused_whichever_is_right(authenticator: SoftwareAuthenticator) -> None:
    asked = ceremony()
    said = {"type": "webauthn.create", "challenge": b64(asked.challenge), "origin": ORIGIN}
    twice = json.dumps(said).replace('"origin"', '"origin": "https://evil.example", "origin"').encode()
    with pytest.raises(PasskeyRefusedError) as refused:
        register(authenticator, Wrong(client_json=twice), asked=asked)
    assert refused.value.why is Refusal.MALFORMED


@pytest.mark.parametrize("binding", [{"status": "present", "id": "x"}, {"status": "supported"}, "unused", None])
def test_token_binding_and_what_is_not_known_are_left_alone(binding: Any, authenticator: SoftwareAuthenticator) -> None:
    more = {"tokenBinding": binding, "other_keys_can_be_added_here": "do not compare with a template"}
    made = register(authenticator, Wrong(client_data=more, extensions=cbor2.dumps({"credProtect": 2})))
    assert authenticate(authenticator, made.passkey, Wrong(client_data=more)).user_verified


def test_it_is_too_late_once_its_time_is_up(authenticator: SoftwareAuthenticator) -> None:
    asked = ceremony()
    made = register(authenticator, asked=asked, now_ms=asked.until_ms - 1)
    for late_ms in (asked.until_ms, asked.until_ms + 1):
        with pytest.raises(PasskeyRefusedError) as refused:
            register(authenticator, asked=asked, now_ms=late_ms)
        assert refused.value.why is Refusal.EXPIRED
        with pytest.raises(PasskeyRefusedError) as refused:
            authenticate(authenticator, made.passkey, asked=asked, now_ms=late_ms)
        assert refused.value.why is Refusal.EXPIRED


@pytest.mark.parametrize("wish", ["preferred", "discouraged"])
def test_a_user_who_does_not_show_himself_is_told_where_that_is_not_required(wish: str) -> None:
    authenticator = SoftwareAuthenticator(flags=UP)
    made = register(authenticator, asked=ceremony(wish))
    assert not made.user_verified
    assert not authenticate(authenticator, made.passkey, asked=ceremony(wish)).user_verified


# --- the public key


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({3: -35}, Refusal.ALGORITHM, id="ES384"),
        pytest.param({3: -257}, Refusal.MALFORMED, id="RS256 on a curve"),
        pytest.param({3: -8}, Refusal.MALFORMED, id="EdDSA on P-256"),
        pytest.param({3: -65535}, Refusal.ALGORITHM, id="RSA with SHA-1"),
        pytest.param({3: "ES256"}, Refusal.ALGORITHM, id="by name"),
        pytest.param({-1: 2}, Refusal.MALFORMED, id="P-384"),
        pytest.param({-1: True}, Refusal.MALFORMED, id="a curve that is true"),
        pytest.param({1: 1}, Refusal.MALFORMED, id="OKP"),
        pytest.param({1: None}, Refusal.MALFORMED, id="of no kind"),
        pytest.param({-2: bytes(31)}, Refusal.MALFORMED, id="short x"),
        pytest.param({-3: bytes(33)}, Refusal.MALFORMED, id="long y"),
        pytest.param({-3: True}, Refusal.MALFORMED, id="compressed y"),
        pytest.param({-4: b"private"}, Refusal.MALFORMED, id="with more"),
    ],
)
def test_a_key_of_another_form_is_refused(
    change: dict[int, Any], why: Refusal, authenticator: SoftwareAuthenticator
) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        register(authenticator, Wrong(cose=cose_of(authenticator.key) | change))
    assert refused.value.why is why


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({-2: b"\x01"}, id="exponent 1"),
        pytest.param({-2: b"\x03"}, id="exponent 3"),
        pytest.param({-1: b"\xff" * 128}, id="1024 bits"),
        pytest.param({-1: b"\x7f" + b"\xff" * 255}, id="2047 bits"),
        pytest.param({-1: b"\xff" * 513}, id="over 4096 bits"),
        pytest.param({-1: 65537}, id="a number"),
        pytest.param({1: 2}, id="of a curve"),
        pytest.param({-3: b""}, id="with more"),
    ],
)
def test_an_rsa_key_that_protects_nothing_is_refused(change: dict[int, Any]) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        register(SoftwareAuthenticator("RS256"), Wrong(cose=cose_of(new_key("RS256")) | change))
    assert refused.value.why is Refusal.MALFORMED


@pytest.mark.parametrize("change", [{-2: bytes(31)}, {-1: 7}, {1: 2}, {-3: b""}])
def test_an_ed25519_key_of_another_form_is_refused(change: dict[int, Any]) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        register(SoftwareAuthenticator("EdDSA"), Wrong(cose=cose_of(new_key("EdDSA")) | change))
    assert refused.value.why is Refusal.MALFORMED


@pytest.mark.parametrize("cose", [b"\x80", b"\xa1", b"", b"\x04" + bytes(64)])
def test_a_key_that_is_no_map_is_refused(cose: bytes, authenticator: SoftwareAuthenticator) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        register(authenticator, Wrong(cose=cose))
    assert refused.value.why is Refusal.MALFORMED


def test_a_key_that_is_no_point_of_its_curve_cannot_be_used(authenticator: SoftwareAuthenticator) -> None:
    cose = cose_of(authenticator.key) | {-3: bytes(32)}
    passkey = register(authenticator).passkey
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(authenticator, msgspec.structs.replace(passkey, public_key=cbor2.dumps(cose)))
    assert refused.value.why is Refusal.SIGNATURE
    with pytest.raises(PasskeyRefusedError) as refused:
        register(authenticator, Wrong(cose=cose, attestation=self_attestation))
    assert refused.value.why is Refusal.SIGNATURE


@pytest.mark.parametrize("length", [0, 15, 1024])
def test_a_credential_id_has_a_length_that_can_be_told_apart(length: int, authenticator: SoftwareAuthenticator) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        register(authenticator, Wrong(credential_id=bytes(length), named_id=bytes(32)))
    assert refused.value.why is Refusal.MALFORMED


@pytest.mark.parametrize("length", [16, 1023])
def test_the_shortest_and_the_longest_credential_id_are_taken(
    length: int, authenticator: SoftwareAuthenticator
) -> None:
    assert register(authenticator, Wrong(credential_id=bytes(length))).passkey.credential_id == bytes(length)


def test_a_registration_without_a_credential_is_refused(authenticator: SoftwareAuthenticator) -> None:
    def without(data: bytes) -> bytes:
        sent = cbor2.loads(data)
        auth_data = sent["authData"]
        flags = bytes([auth_data[32] & ~AT])
        return cbor2.dumps(sent | {"authData": auth_data[:32] + flags + auth_data[33:37]})

    with pytest.raises(PasskeyRefusedError) as refused:
        register(authenticator, Wrong(attestation_object=without))
    assert refused.value.why is Refusal.MALFORMED


def test_an_authentication_with_a_new_credential_is_refused(authenticator: SoftwareAuthenticator) -> None:
    made = register(authenticator)
    more = bytes(16) + b"\x00\x10" + bytes(16) + cbor2.dumps(cose_of(authenticator.key))
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(authenticator, made.passkey, Wrong(flags=UP | UV | AT, tail=more))
    assert refused.value.why is Refusal.MALFORMED


# --- signatures, and whose


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "RS256"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda signature: signature[:-1], id="a byte less"),
        pytest.param(lambda signature: signature + b"\x00", id="a byte more"),
        pytest.param(lambda signature: bytes(len(signature)), id="zeros"),
        pytest.param(lambda signature: signature[:-1] + bytes([signature[-1] ^ 1]), id="a bit"),
        pytest.param(lambda _: b"\x30\x06\x02\x01\x00\x02\x01\x00", id="r and s are nothing"),
        pytest.param(lambda _: b"\x30\x80", id="DER of no length"),
    ],
)
def test_a_signature_that_is_not_right_is_refused(kind: str, change: Any) -> None:
    authenticator = SoftwareAuthenticator(kind)
    made = register(authenticator)
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(authenticator, made.passkey, Wrong(signature=change))
    assert refused.value.why is Refusal.SIGNATURE


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "RS256"])
def test_the_signature_of_another_key_is_refused(kind: str, authenticator: SoftwareAuthenticator) -> None:
    made = register(authenticator)
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(authenticator, made.passkey, Wrong(signing_key=new_key(kind)))
    assert refused.value.why is Refusal.SIGNATURE


def test_one_byte_of_what_was_signed_cannot_be_changed(authenticator: SoftwareAuthenticator) -> None:
    made, asked, passkeys = register(authenticator), ceremony("preferred"), WebauthnPasskeys()
    answer = authenticator.get(passkeys.authentication_options(asked, NOW_MS), ORIGIN, Wrong(flags=UP))
    read = parse_authentication(json.dumps(answer).encode())
    flags = bytes([read.authenticator_data[32] | UV])
    forged = msgspec.structs.replace(
        read, authenticator_data=read.authenticator_data[:32] + flags + read.authenticator_data[33:]
    )
    assert not passkeys.check_authentication(read, asked, made.passkey, NOW_MS).user_verified
    with pytest.raises(PasskeyRefusedError) as refused:
        passkeys.check_authentication(forged, asked, made.passkey, NOW_MS)
    assert refused.value.why is Refusal.SIGNATURE


def test_the_answer_of_another_user_is_refused(authenticator: SoftwareAuthenticator) -> None:
    made, other = register(authenticator), SoftwareAuthenticator()
    register(other)
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(other, made.passkey)
    assert refused.value.why is Refusal.CREDENTIAL
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(authenticator, made.passkey, Wrong(user_handle=b"somebody else"))
    assert refused.value.why is Refusal.USER_HANDLE


def test_an_authenticator_may_leave_out_whose_it_is(authenticator: SoftwareAuthenticator) -> None:
    made = register(authenticator)
    assert authenticate(authenticator, made.passkey, Wrong(user_handle=b"")).passkey.user_handle == USER.handle


def test_an_answer_serves_its_own_question_alone(authenticator: SoftwareAuthenticator) -> None:
    made, passkeys, asked = register(authenticator), WebauthnPasskeys(), ceremony()
    answer = authenticator.get(passkeys.authentication_options(asked, NOW_MS), ORIGIN)
    read = parse_authentication(json.dumps(answer).encode())
    passkeys.check_authentication(read, asked, made.passkey, NOW_MS)
    with pytest.raises(PasskeyRefusedError) as refused:
        passkeys.check_authentication(read, ceremony(), made.passkey, NOW_MS)
    assert refused.value.why is Refusal.CHALLENGE


# --- copies


@pytest.mark.parametrize(("kept", "said"), [(5, 5), (5, 4), (5, 0), (1, 1), (1, 0)])
def test_a_count_that_does_not_rise_is_refused(kept: int, said: int, authenticator: SoftwareAuthenticator) -> None:
    passkey = msgspec.structs.replace(register(authenticator).passkey, sign_count=kept)
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(authenticator, passkey, Wrong(sign_count=said))
    assert refused.value.why is Refusal.COUNTER


def test_a_wrong_signature_does_not_make_a_passkey_look_copied(authenticator: SoftwareAuthenticator) -> None:
    passkey = msgspec.structs.replace(register(authenticator).passkey, sign_count=5)
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(authenticator, passkey, Wrong(sign_count=4, signing_key=new_key()))
    assert refused.value.why is Refusal.SIGNATURE


@pytest.mark.parametrize(("kept", "said"), [(0, 0), (0, 1), (5, 6), (5, 2**32 - 1)])
def test_a_count_that_rises_or_is_none_is_kept(kept: int, said: int, authenticator: SoftwareAuthenticator) -> None:
    passkey = msgspec.structs.replace(register(authenticator).passkey, sign_count=kept)
    assert authenticate(authenticator, passkey, Wrong(sign_count=said)).passkey.sign_count == said


def test_a_passkey_is_copied_by_its_user_alone_and_only_where_it_said_so() -> None:
    synced = SoftwareAuthenticator(flags=UP | UV | BE, counts=False)
    made = register(synced)
    assert (made.passkey.backup_eligible, made.passkey.backed_up) == (True, False)
    used = authenticate(synced, made.passkey, Wrong(flags=UP | UV | BE | BS))
    assert used.passkey.backed_up
    assert not authenticate(synced, used.passkey).passkey.backed_up
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(synced, made.passkey, Wrong(flags=UP | UV))
    assert refused.value.why is Refusal.BACKUP
    bound = SoftwareAuthenticator()
    made = register(bound)
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(bound, made.passkey, Wrong(flags=UP | UV | BE))
    assert refused.value.why is Refusal.BACKUP


# --- garbage


@given(garbage=st.binary(max_size=400))
def test_garbage_for_an_attestation_is_refused(garbage: bytes) -> None:
    with pytest.raises(PasskeyRefusedError):
        register(SoftwareAuthenticator(), Wrong(attestation_object=lambda _: garbage or b"\x00"))


CBOR = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=80) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.integers(-5, 5) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    fmt=st.sampled_from(["none", "packed"]) | CBOR,
    statement=st.fixed_dictionaries({"alg": CBOR, "sig": CBOR}, optional={"x5c": CBOR}) | CBOR,
    auth_data=st.binary(max_size=200) | CBOR,
)
def test_an_attestation_of_any_values_is_refused(fmt: Any, statement: Any, auth_data: Any) -> None:
    sent = cbor2.dumps({"fmt": fmt, "attStmt": statement, "authData": auth_data})
    with pytest.raises(PasskeyRefusedError):
        register(SoftwareAuthenticator(), Wrong(attestation_object=lambda _: sent))


@given(change=st.dictionaries(st.sampled_from([1, 3, -1, -2, -3]), CBOR, min_size=1))
def test_a_key_of_any_values_is_taken_only_where_it_can_be_used(change: dict[int, Any]) -> None:
    authenticator = SoftwareAuthenticator()
    cose = cose_of(authenticator.key) | change
    if cose == cose_of(authenticator.key):
        return
    try:
        made = register(authenticator, Wrong(cose=cose))
    except PasskeyRefusedError:
        return
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(authenticator, made.passkey)
    assert refused.value.why is Refusal.SIGNATURE


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7), part=st.sampled_from(["auth", "client", "signature"]))
def test_no_bit_of_an_authentication_can_be_turned(at: int, bit: int, part: str) -> None:
    authenticator, passkeys, asked = SoftwareAuthenticator(), WebauthnPasskeys(), ceremony()
    made = register(authenticator)
    answer = authenticator.get(passkeys.authentication_options(asked, NOW_MS), ORIGIN)
    read = parse_authentication(json.dumps(answer).encode())
    name = {"auth": "authenticator_data", "client": "client_data", "signature": "signature"}[part]
    data = bytearray(getattr(read, name))
    data[at % len(data)] ^= 1 << bit
    with pytest.raises(PasskeyRefusedError):
        passkeys.check_authentication(msgspec.structs.replace(read, **{name: bytes(data)}), asked, made.passkey, NOW_MS)


def test_nothing_of_an_answer_is_told_by_its_error_or_by_its_repr(authenticator: SoftwareAuthenticator) -> None:
    made = register(authenticator)
    answer = authenticator.get(WebauthnPasskeys().authentication_options(ceremony(), NOW_MS), ORIGIN)
    shown = f"{made!r} {parse_authentication(json.dumps(answer).encode())!r} {ceremony()!r} {USER!r}"
    assert all(secret not in shown for secret in ("ann", b64(made.passkey.credential_id)[:8], "YE0"))
    with pytest.raises(PasskeyRefusedError) as refused:
        authenticate(authenticator, made.passkey, Wrong(origin="https://evil.example"))
    assert str(refused.value) == "refused: origin"
    assert refused.value.__cause__ is None
