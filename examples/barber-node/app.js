// Appointment reminders by text, answered by text: an Express program on the official `twilio` package.

import express from "express";
import twilio from "twilio";

import { AppointmentBook } from "./appointments.js";
import { answer, reminder } from "./conversation.js";
import { AUTH_TOKEN, CUSTOMER_NUMBER, PORT, PUBLIC_URL, SHOP_NUMBER, client } from "./settings.js";

const OPTED_OUT = 21610; // Twilio: "Attempt to send to unsubscribed recipient"

const REMIND_EVERY_MS = Number(process.env.REMIND_EVERY_S ?? 60) * 1000;

const book = new AppointmentBook();
book.book(CUSTOMER_NUMBER, "haircut", "Sam", "Tue 15:00");

const app = express();
app.use(express.urlencoded({ extended: false }));

/** The SDK's middleware: only a request that Twilio signed gets through, any other gets 403. */
const signed = (path) => twilio.webhook({ url: PUBLIC_URL + path }, AUTH_TOKEN);

app.post("/sms", signed("/sms"), (request, response) => {
  const { MessageSid, From, Body } = request.body;
  let text = book.answerTo(MessageSid);
  let outcome = "answered before";
  if (text === undefined) {
    ({ text, outcome } = answer(book, From, Body));
    book.setAnswer(MessageSid, text);
  }
  const twiml = new twilio.twiml.MessagingResponse();
  if (text) twiml.message(text);
  response.type("text/xml").send(twiml.toString());
  console.log(`webhook 200 (signature ok) · ${outcome}`);
});

app.post("/status", signed("/status"), (request, response) => {
  response.sendStatus(204);
  console.log(`webhook 204 (signature ok) · reminder ${request.body.MessageStatus}`);
});

/** Text everyone who has not been told of their appointment. */
async function remind() {
  for (const appointment of book.notReminded()) {
    appointment.reminded = true; // before the await: the next round must not send it again
    try {
      const message = await client.messages.create({
        to: appointment.phone,
        from: SHOP_NUMBER,
        body: reminder(appointment),
        statusCallback: `${PUBLIC_URL}/status`,
      });
      console.log(`reminder ${message.status} · ${message.sid}`);
    } catch (error) {
      appointment.reminded = false;
      if (error.code === OPTED_OUT) {
        book.optOut(appointment.phone);
        console.log(`reminder refused (${OPTED_OUT}) · customer OPTED OUT`);
      } else {
        console.error(`reminder failed, the next round tries again · ${error.code ?? error.message}`);
      }
    }
  }
}

app.listen(PORT, "127.0.0.1", async () => {
  console.log(`listening on ${PUBLIC_URL}`);
  await remind();
  setInterval(remind, REMIND_EVERY_MS);
});
