"""A thief who has the whole disk, yesterday's backup and every key file, and who knows our code.

He tries every key he finds on every slot, epoch, residue, standing record and message. What he opens he keeps as
bytes; whether he reached somebody is for the canary scan to say. One day he has a quantum computer: an oracle that
tells the private half of each X25519 key stands for it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from ringfence.domain.sealing import aead
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.blind_index import blind_index
from ringfence.domain.sealing.bundle import EPOCHS, open_bundle
from ringfence.domain.sealing.content import FIELD
from ringfence.domain.sealing.delivery import DayKey
from ringfence.domain.sealing.epoch import open_epoch_key
from ringfence.domain.sealing.hpke import PUBLIC_BYTES, Recipient, is_hybrid, x25519_half
from ringfence.domain.sealing.record import EpochRecords, open_field
from ringfence.domain.sealing.slots import ContentKey
from ringfence.domain.sealing.standing import StandingSealer, table_key
from ringfence.domain.standing import hmac_states_record, number_record, service_record

KEY_BYTES = 32


class Loot(msgspec.Struct, kw_only=True):
    """Plaintext the thief holds, by what it was: history, what is still in flight, standing configuration."""

    history: list[bytes] = msgspec.field(default_factory=list)
    in_flight: list[bytes] = msgspec.field(default_factory=list)
    standing: list[bytes] = msgspec.field(default_factory=list)
    keys_tried: int = 0

    def __repr__(self) -> str:
        return f"Loot({len(self.history)}, {len(self.in_flight)}, {len(self.standing)})"


class Thief:
    """`stolen` holds the installation's folder; `backups` are folders with older copies of its databases."""

    def __init__(self, stolen: Path, backups: list[Path]) -> None:
        self._now = _Databases(stolen)
        self._then = [_Databases(folder) for folder in backups]
        self._keys = [data for data in self._now.files if len(data) == KEY_BYTES]

    @property
    def keys(self) -> list[bytes]:
        """Every file that may be a key."""
        return list(self._keys)

    def hours(self, account: str) -> dict[int, list[bytes]]:
        """The account's epoch keys that the stolen key files open: those that the dispatcher has at that time."""
        return self._delivery_keys(account, self._now)

    def disk(self) -> Iterator[bytes]:
        """Every byte stolen, file by file."""
        for databases in (self._now, *self._then):
            yield from databases.files

    def close(self) -> None:
        """Let go of the copies."""
        for databases in (self._now, *self._then):
            databases.close()

    def open_everything(self) -> Loot:
        """Whatever opens, opened."""
        loot = Loot(keys_tried=len(self._keys))
        for account in self._accounts():
            self._open_account(account, loot, [*self._keys, *self._small_values(account)])
        self._open_standing(loot)
        return loot

    def open_by_discrete_logarithms(self, logarithm: Callable[[bytes], bytes | None]) -> Loot:
        """What opens once every X25519 key falls: `logarithm` gives the private half of a public one that it knows."""
        loot = Loot()
        for account in self._accounts():
            publics = {x25519_half(public) for public in self._publics(account)}
            self._open_account(account, loot, [private for each in publics if (private := logarithm(each)) is not None])
        return loot

    def confirm_numbers(self, guesses: dict[str, list[tuple[str, str]]]) -> int:
        """How many guessed (own number, subscriber) pairs the key service's table key confirms as opted out."""
        known = {bytes(pair) for (pair,) in self._now.main("SELECT pair FROM opt_out WHERE opted_out = 1")}
        return sum(
            any(blind_index(table_key(key, account), f"{own}|{number}", "opt_out") in known for key in self._keys)
            for account, pairs in guesses.items()
            for own, number in pairs
        )

    def _accounts(self) -> list[str]:
        return sorted({account for (account,) in self._now.main("SELECT sid FROM account")})

    def _open_account(self, account: str, loot: Loot, secrets: list[bytes]) -> None:
        live = self._delivery_keys(account, self._now)
        # What a slot opens is history, wherever it lies; so is what the dispatcher had yesterday.
        past = self._epoch_keys(account, secrets, self._now)
        for databases in self._then:
            for found in (self._delivery_keys(account, databases), self._epoch_keys(account, secrets, databases)):
                for epoch, keys in found.items():
                    past.setdefault(epoch, []).extend(keys)
        residue = self._residue_keys(account)
        query = "SELECT sid, epoch, content FROM message WHERE account = ?"
        for sid, epoch, content in self._now.main(query, account):
            place = aead.place(account, sid, FIELD)
            if sid in residue:
                _keep(loot.in_flight, residue[sid], account, sid, content)
                continue
            for key in live.get(epoch, ()):
                _keep(loot.in_flight, EpochRecords(key).key(sid), account, sid, content)
            for key in past.get(epoch, ()):
                _keep(loot.history, EpochRecords(key).key(sid), account, sid, content)
            for secret in secrets:
                _keep(loot.history, EpochRecords(secret).key(sid), account, sid, content)
                _keep(loot.history, secret, account, sid, content)
                with suppress(UnsealError):
                    loot.history.append(aead.unseal(secret, content, place))

    def _small_values(self, account: str) -> list[bytes]:
        """All 32-byte values that either database holds for an account."""
        return [
            bytes(value)
            for row in self._now.rows_of(account)
            for value in row
            if isinstance(value, bytes) and len(value) == KEY_BYTES
        ]

    def _publics(self, account: str) -> list[bytes]:
        """All public keys that the key service's database has of an account, of slots and of content keys."""
        rows = [
            *self._now.kms("SELECT public FROM slot", account),
            *self._now.kms("SELECT public FROM content_key", account),
        ]
        return [public for (public,) in rows if len(public) == PUBLIC_BYTES or is_hybrid(public)]

    def _delivery_keys(self, account: str, databases: "_Databases") -> dict[int, list[bytes]]:
        found: dict[int, list[bytes]] = {}
        for epoch, day, sealed in databases.kms("SELECT epoch, key_day, sealed FROM delivery_epoch", account):
            for secret in self._keys:
                with suppress(UnsealError):
                    found.setdefault(epoch, []).append(DayKey(day, secret).open_epoch(account, epoch, sealed))
        return found

    def _epoch_keys(self, account: str, secrets: list[bytes], databases: "_Databases") -> dict[int, list[bytes]]:
        found: dict[int, list[bytes]] = {}
        kinds = {is_hybrid(public) for public in self._publics(account)}
        recipients = [Recipient(secret, hybrid=hybrid) for secret in secrets for hybrid in {False, *kinds}]
        content_keys = list(_content_keys(account, recipients, databases))
        for epoch, sealed in databases.kms("SELECT epoch, sealed FROM epoch", account):
            for recipient in [*recipients, *(key.recipient for key in content_keys)]:
                with suppress(UnsealError):
                    found.setdefault(epoch, []).append(open_epoch_key(sealed, recipient, account, epoch))
        for kind, span, sealed in databases.kms("SELECT kind, span, sealed FROM bundle", account):
            for bundle_key in [*secrets, *(key.bundle_key() for key in content_keys)]:
                with suppress(UnsealError):
                    opened = open_bundle(bundle_key, account, kind, span, sealed)
                    for epoch, key in opened.items() if kind == EPOCHS else ():
                        found.setdefault(epoch, []).append(key)
        return found

    def _residue_keys(self, account: str) -> dict[str, bytes]:
        found = {}
        for epoch, sid, day, sealed in self._now.kms("SELECT epoch, sid, key_day, sealed FROM residue", account):
            for secret in self._keys:
                with suppress(UnsealError):
                    found[sid] = DayKey(day, secret).open_residue(account, epoch, sid, sealed)
        return found

    def _open_standing(self, loot: Loot) -> None:
        numbers = self._now.main("SELECT account, sid, standing FROM number")
        states = self._now.main("SELECT account, sid, hmac_states FROM credential")
        records = [(account, number_record(sid), sealed) for account, sid, sealed in numbers]
        services = self._now.main("SELECT account, sid, standing FROM messaging_service")
        records += [(account, service_record(sid), sealed) for account, sid, sealed in services]
        records += [(account, hmac_states_record(sid), sealed) for account, sid, sealed in states]
        for account, name, sealed in records:
            for key in self._keys:
                with suppress(UnsealError):
                    loot.standing.append(StandingSealer(key, account).open(name, sealed))


class _Databases:
    """The two databases of one copy, read only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Bytes are read before: opening a database with a write-ahead log tidies it.
        self.files = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
        self._main = sqlite3.connect(folder / "ringfence.db")
        kms = folder / "kms" / "kms.db"
        self._kms = sqlite3.connect(kms) if kms.exists() else None
        self._by_account = [
            (database, table)
            for database in (self._main, self._kms)
            if database is not None
            for (table,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            if "account" in [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        ]

    def main(self, query: str, *arguments: str) -> list[Any]:
        return self._main.execute(query, arguments).fetchall()

    def kms(self, query: str, account: str) -> list[Any]:
        return [] if self._kms is None else self._kms.execute(f"{query} WHERE account = ?", (account,)).fetchall()

    def rows_of(self, account: str) -> Iterator[tuple[Any, ...]]:
        for database, table in self._by_account:
            yield from database.execute(f"SELECT * FROM {table} WHERE account = ?", (account,))  # noqa: S608

    def close(self) -> None:
        for database in (self._main, self._kms):
            if database is not None:
                database.close()


def _content_keys(account: str, recipients: list[Recipient], databases: _Databases) -> Iterator[ContentKey]:
    for credential, generation, sealed in databases.kms("SELECT credential, generation, sealed FROM slot", account):
        for recipient in recipients:
            with suppress(UnsealError):
                yield ContentKey.from_slot(account, generation, sealed, recipient, credential)


def _keep(kept: list[bytes], record_key: bytes, account: str, sid: str, content: bytes) -> None:
    with suppress(UnsealError):
        kept.append(open_field(record_key, account, sid, FIELD, content))
