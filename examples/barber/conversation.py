"""What the shop says to a text. No HTTP and no Twilio in here."""

from typing import NamedTuple

import appointments
from appointments import Appointment, AppointmentBook

CHOICES = "Reply C to confirm, X to cancel, R to reschedule."

# Twilio answers these itself, and tells us of an opt-out when we next send (error 21610). We keep silent.
STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"}
START_WORDS = {"START", "UNSTOP"}
HELP_WORDS = {"HELP", "INFO"}


class Answer(NamedTuple):
    text: str  # "": say nothing
    outcome: str  # for the log: no name, no number, no words of the customer


def reminder(appointment: Appointment) -> str:
    return f"Fade & Co: {appointment.service} {appointment.when} with {appointment.barber}. {CHOICES}"


def answer(book: AppointmentBook, phone: str, text: str) -> Answer:
    """Do what the customer asks for, and say so."""
    word = text.strip().upper()
    if word in START_WORDS | {"YES"}:  # YES opts in too; to us it also says yes
        book.set_opted_in(phone)
    if word in STOP_WORDS | START_WORDS | HELP_WORDS:
        return Answer("", f"{word} is answered for us")
    appointment = book.upcoming(phone)
    if appointment is None:
        return Answer("Fade & Co: we have no appointment for this number. Drop in any time.", "no appointment")
    match word:
        case "C" | "YES":
            return confirm(book, appointment)
        case "X":
            return cancel(book, appointment)
        case "R":
            return offer_slots(book, appointment)
        case "1" | "2" | "3":
            return reschedule(book, appointment, int(word))
    return Answer(f"Fade & Co: sorry, we did not get that. {CHOICES}", "not understood")


def confirm(book: AppointmentBook, appointment: Appointment) -> Answer:
    book.set_state(appointment, appointments.CONFIRMED)
    return Answer(f"Fade & Co: confirmed. See you {appointment.when}!", "appointment CONFIRMED")


def cancel(book: AppointmentBook, appointment: Appointment) -> Answer:
    book.set_state(appointment, appointments.CANCELED)
    text = f"Fade & Co: your {appointment.service} {appointment.when} is canceled. Hope to see you soon."
    return Answer(text, "appointment CANCELED")


def offer_slots(book: AppointmentBook, appointment: Appointment) -> Answer:
    slots = appointments.free_slots()
    book.offer(appointment.phone, slots)
    listed = ", ".join(f"{number}) {starts:%a %H:%M}" for number, starts in enumerate(slots, 1))
    return Answer(f"Fade & Co: {appointment.barber} is free {listed}. Reply 1, 2 or 3.", "3 times offered")


def reschedule(book: AppointmentBook, appointment: Appointment, number: int) -> Answer:
    starts = book.take_offer(appointment, number)
    if starts is None:
        text = f"Fade & Co: you have {appointment.service} {appointment.when}. {CHOICES}"
        return Answer(text, "no offer stands")
    text = f"Fade & Co: moved to {starts:%a %H:%M} with {appointment.barber}. See you then!"
    return Answer(text, "appointment RESCHEDULED")
