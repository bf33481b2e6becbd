from typing import Any

import cbor2
import pytest

from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal
from ringfence.ports.passkeys import AttestationPolicy, AuthenticatorWish
from ringfence.webauthn.passkeys import WebauthnPasskeys
from software_authenticator import Maker, SoftwareAuthenticator, Wrong, none_attestation, self_attestation
from webauthn_ceremonies import MODEL, MODEL_UUID, NOW_MS, USER, ceremony, register


@pytest.fixture(scope="module")
def authenticator() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data + b"\x00", id="a byte more"),
        pytest.param(lambda data: data[:-1], id="a byte less"),
        pytest.param(lambda _: b"\x80", id="a list"),
        pytest.param(lambda data: cbor2.dumps(cbor2.loads(data) | {"more": 1}), id="a name more"),
        pytest.param(lambda data: cbor2.dumps({**none_attestation()}), id="a name less"),
        pytest.param(lambda data: cbor2.dumps(cbor2.loads(data) | {"authData": "text"}), id="data as text"),
        pytest.param(lambda data: cbor2.dumps(cbor2.loads(data) | {"authData": "x" * 200}), id="data as long text"),
        pytest.param(lambda data: cbor2.dumps(cbor2.loads(data) | {"authData": 7}), id="data as a number"),
        pytest.param(lambda data: cbor2.dumps(cbor2.loads(data) | {"authData": bytes(36)}), id="short data"),
        pytest.param(lambda data: cbor2.dumps(cbor2.loads(data) | {"attStmt": []}), id="a statement that is a list"),
        pytest.param(lambda data: cbor2.dumps(cbor2.CBORTag(55799, cbor2.loads(data))), id="a tag"),
    ],
)
def test_an_attestation_object_of_another_form_is_refused(change: Any, authenticator: SoftwareAuthenticator) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        register(authenticator, Wrong(attestation_object=change))
    assert refused.value.why is Refusal.MALFORMED


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param({"fmt": "none", "attStmt": {"sig": b""}}, id="none with something"),
        pytest.param({"fmt": "fido-u2f", "attStmt": {}}, id="U2F"),
        pytest.param({"fmt": "android-safetynet", "attStmt": {"ver": "1", "response": b""}}, id="SafetyNet"),
        pytest.param({"fmt": "apple", "attStmt": {"x5c": []}}, id="Apple"),
        pytest.param({"fmt": 7, "attStmt": {}}, id="a number"),
        pytest.param({"fmt": "packed", "attStmt": {}}, id="packed, empty"),
        pytest.param({"fmt": "packed", "attStmt": {"alg": -35, "sig": b"x"}}, id="packed, another algorithm"),
        pytest.param({"fmt": "packed", "attStmt": {"alg": -7, "sig": "x"}}, id="packed, signature as text"),
        pytest.param({"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x", "more": 1}}, id="packed, with more"),
        pytest.param({"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x", "x5c": []}}, id="packed, no certificate"),
        pytest.param({"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x", "x5c": b"x"}}, id="packed, no list"),
        pytest.param({"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x", "x5c": [b"x"]}}, id="packed, no DER"),
        pytest.param({"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x", "x5c": ["x"]}}, id="packed, text"),
        pytest.param({"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x", "x5c": 7}}, id="packed, a number"),
    ],
)
def test_an_attestation_that_is_not_taken_is_refused(
    statement: dict[str, Any], authenticator: SoftwareAuthenticator
) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        register(authenticator, Wrong(attestation=lambda *_: statement))
    assert refused.value.why is Refusal.ATTESTATION


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "RS256"])
def test_a_key_that_signs_for_itself_is_taken_and_vouched_for_by_nobody(kind: str) -> None:
    authenticator = SoftwareAuthenticator(kind)
    made = register(authenticator, Wrong(attestation=self_attestation))
    assert not made.passkey.attested
    other = SoftwareAuthenticator(kind)
    with pytest.raises(PasskeyRefusedError) as refused:
        register(authenticator, Wrong(attestation=lambda _, *signed: self_attestation(other, *signed)))
    assert refused.value.why is Refusal.SIGNATURE


def test_a_maker_whom_nobody_trusts_vouches_for_nothing() -> None:
    made = register(SoftwareAuthenticator(aaguid=MODEL), Wrong(attestation=Maker(MODEL)))
    assert (made.passkey.aaguid, made.passkey.attested) == (MODEL_UUID, False)


def test_where_makers_are_asked_a_model_of_theirs_is_taken() -> None:
    maker = Maker(MODEL)
    passkeys = WebauthnPasskeys(AttestationPolicy(roots=(maker.root,), aaguids=frozenset({MODEL_UUID})))
    options = passkeys.registration_options(ceremony(), USER, NOW_MS, wish=AuthenticatorWish())
    assert options["attestation"] == "direct"
    made = register(SoftwareAuthenticator(aaguid=MODEL), Wrong(attestation=maker), passkeys=passkeys)
    assert made.passkey.attested


@pytest.mark.parametrize("attestation", [None, self_attestation], ids=["none", "self"])
def test_where_makers_are_asked_one_that_nobody_vouches_for_is_refused(attestation: Any) -> None:
    passkeys = WebauthnPasskeys(AttestationPolicy(roots=(Maker(MODEL).root,)))
    with pytest.raises(PasskeyRefusedError) as refused:
        register(SoftwareAuthenticator(aaguid=MODEL), Wrong(attestation=attestation), passkeys=passkeys)
    assert refused.value.why is Refusal.ATTESTATION


def test_another_model_of_the_same_maker_is_refused() -> None:
    other = bytes(reversed(MODEL))
    maker = Maker(other)
    passkeys = WebauthnPasskeys(AttestationPolicy(roots=(maker.root,), aaguids=frozenset({MODEL_UUID})))
    with pytest.raises(PasskeyRefusedError) as refused:
        register(SoftwareAuthenticator(aaguid=other), Wrong(attestation=maker), passkeys=passkeys)
    assert refused.value.why is Refusal.AAGUID


@pytest.mark.parametrize(
    "maker",
    [
        pytest.param({"unit": "Marketing"}, id="another unit"),
        pytest.param({"authority": True}, id="an authority"),
        pytest.param({"country": False}, id="no country"),
        pytest.param({"told_model": bytes(16)}, id="of another model"),
    ],
)
def test_a_certificate_that_is_none_of_an_authenticator_is_refused(maker: dict[str, Any]) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        register(SoftwareAuthenticator(aaguid=MODEL), Wrong(attestation=Maker(MODEL, **maker)))
    assert refused.value.why is Refusal.ATTESTATION


def test_a_chain_that_ends_nowhere_or_is_over_is_refused() -> None:
    maker = Maker(MODEL)
    strangers = WebauthnPasskeys(AttestationPolicy(roots=(Maker(MODEL).root,)))
    over = Maker(MODEL, days=-1)
    for passkeys, signer in ((strangers, maker), (WebauthnPasskeys(AttestationPolicy(roots=(over.root,))), over)):
        with pytest.raises(PasskeyRefusedError) as refused:
            register(SoftwareAuthenticator(aaguid=MODEL), Wrong(attestation=signer), passkeys=passkeys)
        assert refused.value.why is Refusal.SIGNATURE


def test_models_without_roots_are_no_policy() -> None:
    with pytest.raises(ValueError, match="claims"):
        AttestationPolicy(aaguids=frozenset({MODEL_UUID}))
