// What the shop says to a text. No HTTP and no Twilio in here.

import { FREE_SLOTS } from "./appointments.js";

const CHOICES = "Reply C to confirm, X to cancel, R to reschedule.";

// Twilio answers these itself, and tells us of an opt-out when we next send (error 21610). We keep silent.
const STOP_WORDS = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"];
const START_WORDS = ["START", "UNSTOP"];
const HELP_WORDS = ["HELP", "INFO"];

export function reminder({ service, when, barber }) {
  return `Fade & Co: ${service} ${when} with ${barber}. ${CHOICES}`;
}

/**
 * Do what the customer asks for, and say so.
 * Gives { text, outcome }: text "" says nothing; outcome is for the log and holds nothing of the customer.
 */
export function answer(book, phone, body) {
  const word = body.trim().toUpperCase();
  if ([...START_WORDS, "YES"].includes(word)) book.optIn(phone); // YES opts in too; to us it also says yes
  if ([...STOP_WORDS, ...START_WORDS, ...HELP_WORDS].includes(word)) {
    return { text: "", outcome: `${word} is answered for us` };
  }
  const appointment = book.upcoming(phone);
  if (!appointment) {
    return { text: "Fade & Co: we have no appointment for this number. Drop in any time.", outcome: "no appointment" };
  }
  switch (word) {
    case "C":
    case "YES":
      return confirm(appointment);
    case "X":
      return cancel(appointment);
    case "R":
      return offerSlots(appointment);
    case "1":
    case "2":
    case "3":
      return reschedule(appointment, Number(word));
    default:
      return { text: `Fade & Co: sorry, we did not get that. ${CHOICES}`, outcome: "not understood" };
  }
}

function confirm(appointment) {
  appointment.state = "CONFIRMED";
  return { text: `Fade & Co: confirmed. See you ${appointment.when}!`, outcome: "appointment CONFIRMED" };
}

function cancel(appointment) {
  appointment.state = "CANCELED";
  return {
    text: `Fade & Co: your ${appointment.service} ${appointment.when} is canceled. Hope to see you soon.`,
    outcome: "appointment CANCELED",
  };
}

function offerSlots(appointment) {
  appointment.offers = FREE_SLOTS;
  const listed = FREE_SLOTS.map((slot, index) => `${index + 1}) ${slot}`).join(", ");
  return {
    text: `Fade & Co: ${appointment.barber} is free ${listed}. Reply 1, 2 or 3.`,
    outcome: "3 times offered",
  };
}

function reschedule(appointment, number) {
  const when = appointment.offers[number - 1];
  if (!when) {
    return {
      text: `Fade & Co: you have ${appointment.service} ${appointment.when}. ${CHOICES}`,
      outcome: "no offer stands",
    };
  }
  Object.assign(appointment, { when, state: "RESCHEDULED", reminded: false, offers: [] });
  return {
    text: `Fade & Co: moved to ${when} with ${appointment.barber}. See you then!`,
    outcome: "appointment RESCHEDULED",
  };
}
