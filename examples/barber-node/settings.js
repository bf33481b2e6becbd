// What the environment says, and the SDK's client.

import twilio from "twilio";

export const { TWILIO_AUTH_TOKEN: AUTH_TOKEN, SHOP_NUMBER = "+12025550123", CUSTOMER_NUMBER = "+12025550177" } = process.env;
export const PORT = Number(process.env.PORT ?? 5000);
// Where Twilio reaches this program. Twilio signs this URL, so behind a proxy it is the proxy's.
export const PUBLIC_URL = (process.env.PUBLIC_URL ?? `http://127.0.0.1:${PORT}`).replace(/\/$/, "");

export const client = twilio(process.env.TWILIO_ACCOUNT_SID, AUTH_TOKEN);

// ---- The one place that is not plain Twilio: where the API is, if it is not at Twilio. ----
if (process.env.TWILIO_API_URL) client.api.baseUrl = process.env.TWILIO_API_URL;
// --------------------------------------------------------------------------------------------
