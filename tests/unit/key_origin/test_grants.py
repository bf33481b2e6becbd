"""The bundle's grants, against the known one that Python made, and what they are never sealed to."""

import json
from pathlib import Path
from typing import Any

from tests.unit.key_origin.bundle_modules import evaluated

from ringfence.domain.base64url import encode_base64url
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.grant import open_grant, unseal_lid
from unit.domain.sealing.test_grant import BINDING, KEEPER, SESSION, SM1, SealedGrant

VECTOR: dict[str, str] = json.loads((Path(__file__).parents[2] / "vectors" / "grant.json").read_text())
SESSION_SEED = bytes(range(32))
KEY = b"\x01" * 32


def grant(public: bytes) -> dict[str, Any]:
    """As the server writes it."""
    return {
        "sid": BINDING.grant,
        "account": BINDING.account,
        "staff": BINDING.staff,
        "session": BINDING.session,
        "public": encode_base64url(public),
        "expires_ms": BINDING.expires_ms,
    }


def test_the_known_grant_opens_in_the_sessions_frame_and_one_that_is_made_there_opens_here() -> None:
    lid = unseal_lid(BINDING, bytes.fromhex(VECTOR["lid"]), KEEPER)
    body = """
        const pair = await xwing.pairOf(bytes(given.seed));
        const opened = await grants.openGrant(given.grant, pair, bytes(given.lid), [[given.name, bytes(given.box)]]);
        const made = await grants.sealGrant(given.grant, [[given.name, bytes(given.key)]], bytes(given.keeper));
        return [hex(opened.get(given.name)), hex(made.lid), hex(made.boxes[0][1])];
    """
    given = {"grant": grant(SESSION.public), "name": SM1, "key": KEY, "keeper": KEEPER.public}
    opened, made, box = evaluated(body, "xwing", "grants", seed=SESSION_SEED, lid=lid, box=VECTOR["box"], **given)
    assert opened == KEY.hex()
    sealed = SealedGrant(lid=unseal_lid(BINDING, bytes.fromhex(made), KEEPER), boxes={SM1: bytes.fromhex(box)})
    assert open_grant(BINDING, sealed, SESSION) == {SM1: KEY}


def test_nothing_is_sealed_to_a_key_of_x25519_alone() -> None:
    classical = hpke.Recipient(SESSION_SEED).public
    body = """
        const sealed = ([grant, keeper]) => refusal(() => grants.sealGrant(grant, [], bytes(keeper)));
        return Promise.all(given.asked.map(sealed));
    """
    asked = [(grant(classical), KEEPER.public), (grant(SESSION.public), classical), (grant(b""), KEEPER.public)]
    assert evaluated(body, "grants", asked=asked) == ["key"] * 3
