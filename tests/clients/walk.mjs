// The official Node SDK, unchanged but for its base URL: one walk over what programs use. Prints what it saw, as JSON.

import { createServer } from "node:http";
import process from "node:process";

import twilio from "twilio";

const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_API_URL, SHOP_NUMBER } = process.env;
const LIMIT_MS = 15_000;
const seen = {};

const client = twilio(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN);
client.api.baseUrl = TWILIO_API_URL;

async function until(ready) {
  const end = Date.now() + LIMIT_MS;
  while (!(await ready())) {
    if (Date.now() > end) throw new Error(`waited ${LIMIT_MS} ms for: ${ready}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

// A webhook that checks what comes with the SDK's own validator.
const callbacks = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const form = Object.fromEntries(new URLSearchParams(body));
    const url = `http://${request.headers.host}${request.url}`;
    const signature = request.headers["x-twilio-signature"];
    callbacks.push({
      status: form.MessageStatus,
      valid: twilio.validateRequest(TWILIO_AUTH_TOKEN, signature, url, form),
      forged: twilio.validateRequest(TWILIO_AUTH_TOKEN, signature, url, { ...form, MessageStatus: "read" }),
    });
    response.writeHead(204).end();
  });
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));

const to = "+491713921999";
const from = SHOP_NUMBER;
const made = await client.messages.create({
  to,
  from,
  body: "from Node",
  statusCallback: `http://127.0.0.1:${server.address().port}/status?a=1`,
});
seen.created = { kind: made.sid.slice(0, 2), status: made.status, body: made.body, dated: made.dateCreated instanceof Date };
await until(() => callbacks.length === 2);
seen.callbacks = callbacks;
seen.delivered = (await client.messages(made.sid).fetch()).status;

for (const body of ["1", "2", "3"]) await client.messages.create({ to, from, body });
const bodies = (messages) => messages.map(({ body }) => body);
seen.listed = bodies(await client.messages.list({ to }));
seen.limited = bodies(await client.messages.list({ to, limit: 2 }));
seen.from = bodies(await client.messages.list({ to, from: "+12025550199" }));
const tomorrow = new Date(Date.now() + 86_400_000);
await until(async () => (await client.messages.list({ to, dateSentBefore: tomorrow })).length === 4);
seen.after = bodies(await client.messages.list({ to, dateSentAfter: tomorrow }));
const first = await client.messages.page({ to, pageSize: 3 });
const second = await first.nextPage();
seen.pages = [bodies(first.instances), bodies(second.instances), (await second.nextPage()) ?? null];

seen.redacted = (await client.messages(made.sid).update({ body: "" })).body;
seen.deleted = await client.messages(made.sid).remove();
seen.afterwards = await client.messages(made.sid).fetch().catch(({ status, code }) => ({ status, code }));

client.messaging.baseUrl = `${TWILIO_API_URL}/messaging`;
const service = await client.messaging.v1.services.create({ friendlyName: "Reminders" });
const [pooled] = await client.incomingPhoneNumbers.list({ phoneNumber: from });
await client.messaging.v1.services(service.sid).phoneNumbers.create({ phoneNumberSid: pooled.sid });
const later = await client.messages.create({
  to,
  messagingServiceSid: service.sid,
  body: "later",
  scheduleType: "fixed",
  sendAt: new Date(Date.now() + 3_600_000),
});
seen.scheduled = [later.status, (await client.messages(later.sid).update({ status: "canceled" })).status];
// Texts to a pooled number go to its service's webhook: the shop's go to its own again.
await client.messaging.v1.services(service.sid).remove();

const [offered] = await client.availablePhoneNumbers("US").local.list({ areaCode: 415, limit: 1 });
const bought = await client.incomingPhoneNumbers.create({ phoneNumber: offered.phoneNumber, smsUrl: "https://a.example/" });
seen.bought = [bought.phoneNumber === offered.phoneNumber, bought.smsUrl, bought.capabilities.sms];
seen.released = await client.incomingPhoneNumbers(bought.sid).remove();

const stranger = twilio(TWILIO_ACCOUNT_SID, "f".repeat(32));
stranger.api.baseUrl = TWILIO_API_URL;
seen.stranger = await stranger.messages.list({ limit: 1 }).catch(({ status, code }) => ({ status, code }));

server.close();
console.log(JSON.stringify(seen));
