// Requests that answer JSON, and telling a person what came of them.

/** What the server answers; an Error with its words where it refuses: of its `status`, `fresh` for want of a passkey. */
export async function post(address, values) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(values ?? {}),
  });
  return answerOf(response);
}

/** What the server answers to a question that changes nothing; an Error as of `post`. */
export async function get(address, headers = {}) {
  return answerOf(await fetch(address, { headers: { accept: "application/json", ...headers } }));
}

async function answerOf(response) {
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.error ?? "The server does not answer."), { fresh: answer.fresh === true, status: response.status });
}

/** Show words, and where `link` is given an address to be passed on. */
export function tell(words, link) {
  const place = document.getElementById("told");
  place.textContent = words;
  if (link) place.append(" ", Object.assign(document.createElement("code"), { textContent: link }));
  place.hidden = false;
}
