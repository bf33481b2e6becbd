// The control interface, as this page uses it.

/** The server said no, in words for people. */
export class RefusedError extends Error {}

async function request(method, path, body) {
  let response;
  try {
    response = await fetch(`/simulator${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new RefusedError("The simulator does not answer. It is tried again.");
  }
  if (response.status === 204) return null;
  const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
  const answer = isJson ? await response.json() : await response.text();
  if (!response.ok) throw new RefusedError(answer?.error?.message ?? "The simulator does not answer just now.");
  return answer;
}

const handset = (number) => `/handsets/${encodeURIComponent(number)}`;

export const addHandset = (number, name) => request("POST", "/handsets", { number, name });
export const renameHandset = (number, name) => request("PATCH", handset(number), { name });
export const removeHandset = (number) => request("DELETE", handset(number));
export const sendText = (number, to, body) => request("POST", `${handset(number)}/messages`, { to, body });
export const clearTexts = (number) => request("DELETE", `${handset(number)}/messages`);
export const markRead = (number, peer) => request("POST", `${handset(number)}/read`, { peer });
export const openAddress = (number, url) => request("POST", `${handset(number)}/opened`, { url });
export const logCall = (number, call) => request("POST", `${handset(number)}/calls`, call);
export const addFault = (fault) => request("POST", "/faults", fault);
export const removeFault = (id) => request("DELETE", `/faults/${encodeURIComponent(id)}`);
export const clearFaults = () => request("DELETE", "/faults");
export const calling = () => request("GET", "/calling");
export const reset = () => request("POST", "/reset", {});
