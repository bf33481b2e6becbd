"""The shop's appointment book: one SQLite file that the web server and the reminder job share."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

SHOP_ZONE = ZoneInfo("America/New_York")
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = 1, 2, 3, 4
# What the shop offers to a customer who wants another time.
FREE_SLOTS = ((WEDNESDAY, time(10, 30)), (THURSDAY, time(12, 0)), (FRIDAY, time(16, 15)))

BOOKED, CONFIRMED, CANCELED, RESCHEDULED = "BOOKED", "CONFIRMED", "CANCELED", "RESCHEDULED"

SCHEMA = """
CREATE TABLE IF NOT EXISTS appointment (
    id INTEGER PRIMARY KEY,
    phone TEXT NOT NULL,
    service TEXT NOT NULL,
    barber TEXT NOT NULL,
    starts TEXT NOT NULL,            -- ISO 8601, the shop's local time
    state TEXT NOT NULL,
    reminder_sid TEXT                -- NULL: not reminded of this time yet
);
CREATE TABLE IF NOT EXISTS offer (phone TEXT, number INTEGER, starts TEXT, PRIMARY KEY (phone, number));
CREATE TABLE IF NOT EXISTS opted_out (phone TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS delivery (message_sid TEXT PRIMARY KEY, status TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answered (message_sid TEXT PRIMARY KEY, answer TEXT NOT NULL);
"""
FINAL_STATUSES = ("delivered", "undelivered", "failed")


@dataclass(frozen=True)
class Appointment:
    id: int
    phone: str
    service: str
    barber: str
    starts: datetime
    state: str
    reminder_sid: str | None

    @property
    def when(self) -> str:
        """As a text says it: "Tue 15:00"."""
        return f"{self.starts:%a %H:%M}"


class AppointmentBook:
    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        with self._database() as database:
            database.executescript(SCHEMA)

    def book(self, phone: str, service: str, barber: str, starts: datetime) -> None:
        with self._database() as database:
            database.execute(
                "INSERT INTO appointment (phone, service, barber, starts, state) VALUES (?, ?, ?, ?, ?)",
                (phone, service, barber, starts.isoformat(), BOOKED),
            )

    def upcoming(self, phone: str) -> Appointment | None:
        """The customer's next appointment that still stands."""
        rows = self._appointments("phone = ? AND state <> ? ORDER BY starts LIMIT 1", phone, CANCELED)
        return rows[0] if rows else None

    def not_reminded(self) -> list[Appointment]:
        """Appointments whose customer may be texted and has not been told of this time."""
        return self._appointments(
            "reminder_sid IS NULL AND state IN (?, ?) AND phone NOT IN (SELECT phone FROM opted_out) ORDER BY starts",
            BOOKED,
            RESCHEDULED,
        )

    def unconfirmed(self) -> list[Appointment]:
        """Appointments that stand and that nobody has confirmed."""
        return self._appointments("state IN (?, ?) ORDER BY starts", BOOKED, RESCHEDULED)

    def set_state(self, appointment: Appointment, state: str) -> None:
        with self._database() as database:
            database.execute("UPDATE appointment SET state = ? WHERE id = ?", (state, appointment.id))

    def set_reminded(self, appointment: Appointment, message_sid: str) -> None:
        with self._database() as database:
            database.execute("UPDATE appointment SET reminder_sid = ? WHERE id = ?", (message_sid, appointment.id))

    def set_opted_out(self, phone: str) -> None:
        with self._database() as database:
            database.execute("INSERT OR IGNORE INTO opted_out VALUES (?)", (phone,))

    def set_opted_in(self, phone: str) -> None:
        with self._database() as database:
            database.execute("DELETE FROM opted_out WHERE phone = ?", (phone,))

    def offer(self, phone: str, slots: list[datetime]) -> None:
        """Remember what was offered, so that "2" has a meaning."""
        with self._database() as database:
            database.execute("DELETE FROM offer WHERE phone = ?", (phone,))
            database.executemany(
                "INSERT INTO offer VALUES (?, ?, ?)",
                [(phone, number, starts.isoformat()) for number, starts in enumerate(slots, 1)],
            )

    def take_offer(self, appointment: Appointment, number: int) -> datetime | None:
        """Move the appointment to the offered time; None if no such offer stands. A new reminder is due."""
        with self._database() as database:
            found = database.execute(
                "SELECT starts FROM offer WHERE phone = ? AND number = ?", (appointment.phone, number)
            ).fetchone()
            if found is None:
                return None
            database.execute("DELETE FROM offer WHERE phone = ?", (appointment.phone,))
            database.execute(
                "UPDATE appointment SET starts = ?, state = ?, reminder_sid = NULL WHERE id = ?",
                (found[0], RESCHEDULED, appointment.id),
            )
        return datetime.fromisoformat(found[0])

    def text_answered(self, message_sid: str) -> str | None:
        """What this message was answered before: a webhook may come twice."""
        with self._database() as database:
            found = database.execute("SELECT answer FROM answered WHERE message_sid = ?", (message_sid,)).fetchone()
        return found[0] if found else None

    def set_answered(self, message_sid: str, answer: str) -> None:
        with self._database() as database:
            database.execute("INSERT OR REPLACE INTO answered VALUES (?, ?)", (message_sid, answer))

    def record_delivery(self, message_sid: str, status: str) -> None:
        """Keep the newest status. A late "sent" does not undo "delivered"."""
        with self._database() as database:
            database.execute(
                "INSERT INTO delivery VALUES (?, ?) ON CONFLICT (message_sid) DO UPDATE SET status = excluded.status"
                " WHERE status NOT IN (?, ?, ?)",
                (message_sid, status, *FINAL_STATUSES),
            )

    def _appointments(self, condition: str, *values: str) -> list[Appointment]:
        with self._database() as database:
            rows = database.execute(
                "SELECT id, phone, service, barber, starts, state, reminder_sid FROM appointment WHERE " + condition,
                values,
            ).fetchall()
        return [Appointment(*row[:4], datetime.fromisoformat(row[4]), *row[5:]) for row in rows]

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """One connection a transaction: web requests come on several threads."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            yield connection


def coming(weekday: int, at: time, today: datetime | None = None) -> datetime:
    """The next such weekday after today, in the shop's time."""
    now = today or datetime.now(SHOP_ZONE)
    days = (weekday - now.weekday() - 1) % 7 + 1
    return datetime.combine(now.date() + timedelta(days=days), at)


def free_slots() -> list[datetime]:
    return [coming(weekday, at) for weekday, at in FREE_SLOTS]
