// Tells Twilio that texts to the shop's number come to this program. Once.

import { PUBLIC_URL, SHOP_NUMBER, client } from "./settings.js";

for (const number of await client.incomingPhoneNumbers.list({ phoneNumber: SHOP_NUMBER })) {
  await number.update({ smsUrl: `${PUBLIC_URL}/sms`, smsMethod: "POST" });
  console.log(`texts to ${SHOP_NUMBER} come to ${PUBLIC_URL}/sms`);
}
