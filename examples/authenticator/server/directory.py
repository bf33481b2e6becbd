"""What the server keeps of an account: a log that it cannot write, a list and a backup that it cannot read.

It believes nothing itself: devices check the log. What it decides is only who may ask for what, by tokens of which it
keeps the hashes, and how long a recovery waits.
"""

import hashlib
import hmac
import json
import secrets
import sqlite3
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

JOIN_TTL_MS = 3_600_000
MAX_JOINS = 3
MAX_RECOVERIES = 3
PROOF_WINDOW_MS = 3_600_000
MAX_WRONG_PROOFS = 5

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (account TEXT, seq INTEGER, entry TEXT, PRIMARY KEY (account, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (
  hash TEXT PRIMARY KEY, account TEXT, device TEXT, role TEXT, asked TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS list (account TEXT PRIMARY KEY, version INTEGER, record TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS backup (
  account TEXT PRIMARY KEY, number INTEGER, head TEXT, proof_hash TEXT, envelope TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS joining (
  id TEXT PRIMARY KEY, account TEXT, name TEXT, commitment TEXT, answer TEXT, reveal TEXT, asked_ms INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recovery (
  id TEXT PRIMARY KEY, account TEXT, name TEXT, device TEXT, asked_ms INTEGER, release_ms INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wrong_proof (account TEXT, at_ms INTEGER);
"""


class RefusalError(Exception):
    """A request is refused: an HTTP status, a code for the app, and words for a person."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class Caller:
    """Whose token came with a request: a member, or somebody who asks to become one (`asked` is the id of that)."""

    def __init__(self, account: str, device: str, role: str, asked: str) -> None:
        self.account, self.device, self.role, self.asked = account, device, role, asked


class Directory:
    """All accounts in one SQLite file. `now_ms` is the server's clock; a recovery waits `recovery_delay_ms`."""

    def __init__(self, path: str, now_ms: Callable[[], int], recovery_delay_ms: int) -> None:
        self._now_ms = now_ms
        self._recovery_delay_ms = recovery_delay_ms
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.row_factory = sqlite3.Row
        with self._lock, self._database:
            self._database.executescript(_SCHEMA)

    def close(self) -> None:
        self._database.close()

    def caller(self, account: str, token: str) -> Caller:
        """Who asks. 401 for a token of nobody, or of another account."""
        row = self._one("SELECT * FROM token WHERE hash = ? AND account = ?", hashed(token.encode()), account)
        if row is None:
            raise RefusalError(401, "token", "This device is not known here any more.")
        return Caller(account, row["device"], row["role"], row["asked"])

    def create(self, account: str, device: str, entry: dict[str, str], token_hash: str) -> None:
        """An account with its first entry."""
        with self._lock, self._database:
            if self._head(account) >= 0:
                raise RefusalError(409, "exists", "This account is there already.")
            self._insert_entry(account, 0, entry)
            self._insert_token(token_hash, account, device, "member", "")

    def entries(self, account: str) -> list[dict[str, str]]:
        rows = self._all("SELECT entry FROM entry WHERE account = ? ORDER BY seq", account)
        return [json.loads(row["entry"]) for row in rows]

    def append(self, caller: Caller, seq: int, entry: dict[str, str]) -> None:
        """The next entry of the log. What it says decides whose tokens count from now on."""
        said = json.loads(entry["body"])
        kind, account = said.get("kind"), caller.account
        with self._lock, self._database:
            if kind == "recover":
                self._released(caller)
                if said["device"]["id"] != caller.device:
                    raise RefusalError(403, "role", "Only the device itself may do this.")
            elif caller.role != "member":
                raise RefusalError(403, "role", "Only a device of the account may do this.")
            if seq != self._head(account) + 1 or said.get("seq") != seq:
                raise RefusalError(409, "behind", "Another device was faster. Try again.")
            self._insert_entry(account, seq, entry)
            if kind == "admit":
                self._admit(account, self._announced(account, said["announced"]))
            elif kind == "recover":
                self._admit(account, caller.device)
            elif kind == "remove":
                self._run("DELETE FROM token WHERE account = ? AND device = ?", account, said["device"])
            elif kind == "cancel":
                self._forget(account, self._announced(account, said["announced"]))

    def record(self, account: str) -> dict[str, Any] | None:
        row = self._one("SELECT record FROM list WHERE account = ?", account)
        return json.loads(row["record"]) if row else None

    def put_record(self, account: str, record: dict[str, Any]) -> None:
        """The next version of the list; 409 where another device wrote it first."""
        with self._lock, self._database:
            row = self._one("SELECT version FROM list WHERE account = ?", account)
            if record["version"] != (row["version"] if row else 0) + 1:
                raise RefusalError(409, "behind", "Another device was faster. Try again.")
            self._run("REPLACE INTO list VALUES (?, ?, ?)", account, record["version"], json.dumps(record))

    def backup_head(self, account: str) -> dict[str, Any]:
        """Salt and cost, for whoever must prove to know the passphrase."""
        row = self._one("SELECT head FROM backup WHERE account = ?", account)
        if row is None:
            raise RefusalError(404, "backup", "There is no backup of such an account.")
        return json.loads(row["head"])

    def backup(self, caller: Caller) -> str | None:
        """The envelope, for members, and for a recovery when its time has come."""
        if caller.role != "member":
            self._released(caller)
        row = self._one("SELECT envelope FROM backup WHERE account = ?", caller.account)
        return row["envelope"] if row else None

    def put_backup(self, account: str, number: int, head: dict[str, Any], proof_hash: str, envelope: str) -> None:
        with self._lock, self._database:
            row = self._one("SELECT number FROM backup WHERE account = ?", account)
            if number != (row["number"] if row else 0) + 1:
                raise RefusalError(409, "behind", "Another device was faster. Try again.")
            self._run(
                "REPLACE INTO backup VALUES (?, ?, ?, ?, ?)", account, number, json.dumps(head), proof_hash, envelope
            )

    def ask_recovery(self, account: str, device: str, name: str, proof: str, token_hash: str) -> dict[str, Any]:
        """A recovery that waits from now on, for whoever knows the passphrase. Five wrong proofs an hour."""
        now_ms = self._now_ms()
        with self._lock, self._database:
            since_ms = now_ms - PROOF_WINDOW_MS
            self._run("DELETE FROM wrong_proof WHERE at_ms <= ?", since_ms)
            wrong = self._one("SELECT count(*) AS n FROM wrong_proof WHERE account = ?", account)
            if wrong is not None and wrong["n"] >= MAX_WRONG_PROOFS:
                raise RefusalError(429, "wait", "Too many wrong passphrases. Try again in an hour.")
            row = self._one("SELECT proof_hash FROM backup WHERE account = ?", account)
            right = row is not None and hmac.compare_digest(row["proof_hash"], hashed(_bytes(proof)))
            if right:
                pending = self._one("SELECT count(*) AS n FROM recovery WHERE account = ?", account)
                if pending is not None and pending["n"] >= MAX_RECOVERIES:
                    raise RefusalError(429, "wait", "Several recoveries are waiting already.")
                asked = {"id": secrets.token_hex(12), "release_ms": now_ms + self._recovery_delay_ms}
                self._run(
                    "INSERT INTO recovery VALUES (?, ?, ?, ?, ?, ?)",
                    asked["id"], account, name, device, now_ms, asked["release_ms"],
                )  # fmt: skip
                self._insert_token(token_hash, account, device, "recovering", asked["id"])
                return asked
            self._run("INSERT INTO wrong_proof VALUES (?, ?)", account, now_ms)
        raise RefusalError(403, "passphrase", "That is not the passphrase of this backup.")

    def recoveries(self, account: str) -> list[dict[str, Any]]:
        rows = self._all("SELECT id, name, asked_ms, release_ms FROM recovery WHERE account = ?", account)
        return [dict(row) for row in rows]

    def end_recovery(self, account: str, recovery: str) -> None:
        with self._lock, self._database:
            self._run("DELETE FROM recovery WHERE account = ? AND id = ?", account, recovery)
            self._run("DELETE FROM token WHERE account = ? AND asked = ? AND role = 'recovering'", account, recovery)

    def ask_join(self, account: str, name: str, commitment: str, token_hash: str) -> str:
        """A new device's commitment; its id. 404 for no account, 429 where three ask already."""
        now_ms = self._now_ms()
        with self._lock, self._database:
            if self._head(account) < 0:
                raise RefusalError(404, "account", "There is no such account.")
            self._run(
                "DELETE FROM token WHERE role = 'joining' AND device = '' "
                "AND asked IN (SELECT id FROM joining WHERE asked_ms <= ?)",
                now_ms - JOIN_TTL_MS,
            )
            self._run("DELETE FROM joining WHERE asked_ms <= ? AND reveal IS NULL", now_ms - JOIN_TTL_MS)
            asking = self._one("SELECT count(*) AS n FROM joining WHERE account = ?", account)
            if asking is not None and asking["n"] >= MAX_JOINS:
                raise RefusalError(429, "wait", "Several devices ask already. Try again in an hour.")
            join = secrets.token_hex(12)
            self._run("INSERT INTO joining VALUES (?, ?, ?, ?, NULL, NULL, ?)", join, account, name, commitment, now_ms)
            self._insert_token(token_hash, account, "", "joining", join)
            return join

    def joins(self, caller: Caller) -> list[dict[str, Any]]:
        """All that ask, for a member; its own, for a device that asks."""
        rows = self._all("SELECT * FROM joining WHERE account = ? ORDER BY asked_ms", caller.account)
        return [
            {
                "id": row["id"],
                "name": row["name"],
                "commitment": row["commitment"],
                "answer": json.loads(row["answer"]) if row["answer"] else None,
                "reveal": json.loads(row["reveal"]) if row["reveal"] else None,
                "asked_ms": row["asked_ms"],
            }
            for row in rows
            if caller.role == "member" or row["id"] == caller.asked
        ]

    def answer_join(self, account: str, join: str, answer: dict[str, Any]) -> None:
        with self._lock, self._database:
            self._run(
                "UPDATE joining SET answer = ? WHERE account = ? AND id = ? AND answer IS NULL",
                json.dumps(answer), account, join,
            )  # fmt: skip

    def reveal_join(self, caller: Caller, join: str, reveal: dict[str, Any]) -> None:
        if caller.asked != join:
            raise RefusalError(403, "role", "Only the device itself may do this.")
        with self._lock, self._database:
            self._run("UPDATE joining SET reveal = ? WHERE id = ? AND reveal IS NULL", json.dumps(reveal), join)
            self._run("UPDATE token SET device = ? WHERE asked = ?", reveal["device"]["id"], join)

    def end_join(self, caller: Caller, join: str) -> None:
        if caller.role != "member" and caller.asked != join:
            raise RefusalError(403, "role", "Only the device itself may do this.")
        with self._lock, self._database:
            self._run("DELETE FROM joining WHERE account = ? AND id = ?", caller.account, join)
            self._run("DELETE FROM token WHERE account = ? AND asked = ? AND role = 'joining'", caller.account, join)

    def _released(self, caller: Caller) -> None:
        row = self._one("SELECT release_ms FROM recovery WHERE id = ?", caller.asked)
        if caller.role != "recovering" or row is None:
            raise RefusalError(403, "role", "Only a device of the account may do this.")
        if self._now_ms() < row["release_ms"]:
            raise RefusalError(403, "wait", "The backup is not given out yet.")

    def _admit(self, account: str, device: str) -> None:
        row = self._one("SELECT asked FROM token WHERE account = ? AND device = ?", account, device)
        self._run("UPDATE token SET role = 'member', asked = '' WHERE account = ? AND device = ?", account, device)
        for table in ("joining", "recovery"):
            self._run(f"DELETE FROM {table} WHERE account = ? AND id = ?", account, row["asked"] if row else "")

    def _forget(self, account: str, device: str) -> None:
        asked = "SELECT asked FROM token WHERE account = ? AND device = ? AND role = 'joining'"
        self._run(f"DELETE FROM joining WHERE id IN ({asked})", account, device)
        self._run("DELETE FROM token WHERE account = ? AND device = ? AND role = 'joining'", account, device)

    def _announced(self, account: str, seq: int) -> str:
        row = self._one("SELECT entry FROM entry WHERE account = ? AND seq = ?", account, seq)
        said = json.loads(json.loads(row["entry"])["body"]) if row else {}
        if said.get("kind") != "announce":
            raise RefusalError(400, "entry", "No such device is announced.")
        return str(said["device"]["id"])

    def _head(self, account: str) -> int:
        row = self._one("SELECT max(seq) AS seq FROM entry WHERE account = ?", account)
        return -1 if row is None or row["seq"] is None else int(row["seq"])

    def _insert_entry(self, account: str, seq: int, entry: dict[str, str]) -> None:
        kept = {"body": entry["body"], "signature": entry["signature"]}
        self._run("INSERT INTO entry VALUES (?, ?, ?)", account, seq, json.dumps(kept))

    def _insert_token(self, token_hash: str, account: str, device: str, role: str, asked: str) -> None:
        try:
            self._run("INSERT INTO token VALUES (?, ?, ?, ?, ?)", token_hash, account, device, role, asked)
        except sqlite3.IntegrityError:
            raise RefusalError(409, "token", "Choose another token.") from None

    def _run(self, sql: str, *values: Any) -> None:
        self._database.execute(sql, values)

    def _one(self, sql: str, *values: Any) -> Any:
        with self._lock:
            return self._database.execute(sql, values).fetchone()

    def _all(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._database.execute(sql, values).fetchall()


def hashed(value: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(value).digest()).decode().rstrip("=")


def _bytes(written: str) -> bytes:
    try:
        return urlsafe_b64decode(written + "=" * (-len(written) % 4))
    except ValueError:
        return b""
