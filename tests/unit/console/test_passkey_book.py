"""Passkeys as they are kept: of one person of one kind, found by their name and by whose they are."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.console.test_session_rows import room

from ringfence.console.passkey_book import KeptPasskey, keep_passkey, passkey_of, passkeys_of
from ringfence.domain.passkeys.passkey import Passkey


def kept(name: bytes, **changed: Any) -> KeptPasskey:
    passkey = Passkey(
        credential_id=name,
        public_key=b"key",
        user_handle=b"handle",
        sign_count=7,
        backup_eligible=True,
        backed_up=False,
        aaguid="00010203-0405-0607-0809-0a0b0c0d0e0f",
        transports=("usb",),
        attested=True,
    )
    made = KeptPasskey(kind="member", person="MB1", account="AC1", passkey=passkey, made_ms=1, used_ms=2)
    return msgspec.structs.replace(made, **changed)


def test_a_passkey_is_found_by_its_name_as_it_was_kept_last(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with room(tmp_path) as it:
            used = kept(b"\x00one", used_ms=3)
            for each in (kept(b"\x00one"), kept(b"two"), used):
                await it.storage.run(lambda db, each=each: keep_passkey(db, each))
            assert await it.storage.run(lambda db: passkey_of(db, b"\x00one")) == used
            assert await it.storage.run(lambda db: passkey_of(db, b"two")) == kept(b"two")
            assert await it.storage.run(lambda db: passkey_of(db, b"three")) is None

    run(scene())


def test_a_persons_passkeys_are_listed_the_oldest_first_and_nobody_elses(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with room(tmp_path) as it:
            own = [kept(b"b", made_ms=1), kept(b"c", made_ms=1), kept(b"a", made_ms=2)]
            for each in (own[2], own[1], own[0], kept(b"d", person="MB2"), kept(b"e", kind="staff")):
                await it.storage.run(lambda db, each=each: keep_passkey(db, each))
            assert await it.storage.run(lambda db: passkeys_of(db, "member", "MB1")) == own
            assert await it.storage.run(lambda db: passkeys_of(db, "member", "MB3")) == []

    run(scene())


@pytest.mark.parametrize("other", [{"person": "MB2"}, {"kind": "staff"}])
def test_a_passkey_is_never_kept_for_somebody_else_too(run: Any, tmp_path: Path, other: dict[str, Any]) -> None:
    async def scene() -> None:
        async with room(tmp_path) as it:
            await it.storage.run(lambda db: keep_passkey(db, kept(b"one")))
            with pytest.raises(ValueError, match=r"^another person's passkey$"):
                await it.storage.run(lambda db: keep_passkey(db, kept(b"one", **other)))
            assert await it.storage.run(lambda db: passkey_of(db, b"one")) == kept(b"one")

    run(scene())
