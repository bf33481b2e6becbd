from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.usecases.accounts.credential import credential_of, new_api_secret, new_auth_token


def test_an_auth_token_is_32_hex_digits() -> None:
    token = new_auth_token()
    assert len(token) == 32
    assert set(token) <= set("0123456789abcdef")
    assert token != new_auth_token()


def test_an_api_secret_is_32_letters_and_digits() -> None:
    secret = new_api_secret()
    assert len(secret) == 32
    assert secret.isalnum()
    assert secret.isascii()
    assert secret != new_api_secret()


def test_the_slot_is_the_public_half_of_the_seed_its_secret_gives() -> None:
    credential = credential_of("SK1", "secret")
    assert credential.slot.credential == "SK1"
    assert credential.slot.public == slot_public(slot_seed("secret", "SK1"))


def test_the_same_secret_under_another_name_is_another_slot() -> None:
    assert credential_of("SK1", "secret").slot.public != credential_of("SK2", "secret").slot.public


def test_its_repr_hides_the_secret() -> None:
    assert "s3cret" not in repr(credential_of("SK1", "s3cret"))
