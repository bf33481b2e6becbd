import pytest

from ringfence.domain.sealing import hkdf

# RFC 5869 appendix A, SHA-256 cases; ours is the first hash length of their output.
CASES = [
    (
        "0b" * 22,
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
    ),
    (
        "0b" * 22,
        "",
        "",
        "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
    ),
]


@pytest.mark.parametrize(("material", "salt", "info", "middle", "output"), CASES)
def test_the_vectors_of_rfc_5869(material: str, salt: str, info: str, middle: str, output: str) -> None:
    key = hkdf.extract(bytes.fromhex(salt), bytes.fromhex(material))
    assert key.hex() == middle
    assert hkdf.expand(key, bytes.fromhex(info)).hex() == output
    assert hkdf.derive(bytes.fromhex(material), bytes.fromhex(salt), bytes.fromhex(info)).hex() == output
