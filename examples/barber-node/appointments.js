// The shop's appointment book, in memory. A real shop keeps it in a database.

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** What the shop offers to a customer who wants another time. */
export const FREE_SLOTS = ["Wed 10:30", "Thu 12:00", "Fri 16:15"];

export class AppointmentBook {
  #appointments = new Map(); // phone → appointment
  #optedOut = new Set();
  #answers = new Map(); // MessageSid → text

  /** `when` is a weekday and the shop's local time: "Tue 15:00". */
  book(phone, service, barber, when) {
    if (!DAYS.includes(when.slice(0, 3))) throw new RangeError("when: a weekday and a time, as in Tue 15:00");
    this.#appointments.set(phone, { phone, service, barber, when, state: "BOOKED", reminded: false, offers: [] });
  }

  /** The customer's appointment that still stands, or undefined. */
  upcoming(phone) {
    const appointment = this.#appointments.get(phone);
    return appointment?.state === "CANCELED" ? undefined : appointment;
  }

  /** Appointments whose customer may be texted and has not been told of this time. */
  notReminded() {
    return [...this.#appointments.values()].filter(
      ({ phone, state, reminded }) =>
        !reminded && ["BOOKED", "RESCHEDULED"].includes(state) && !this.#optedOut.has(phone),
    );
  }

  optOut(phone) {
    this.#optedOut.add(phone);
  }

  optIn(phone) {
    this.#optedOut.delete(phone);
  }

  /** What this message was answered before (a webhook may come twice), or undefined. */
  answerTo(messageSid) {
    return this.#answers.get(messageSid);
  }

  setAnswer(messageSid, text) {
    this.#answers.set(messageSid, text);
  }
}
