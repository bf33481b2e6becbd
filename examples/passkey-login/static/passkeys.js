/* Joins, signs in, and signs in by what the browser offers beside the name. */

const byId = (id) => document.getElementById(id);
const door = byId("door"), inside = byId("inside"), said = byId("said");
let offer = null;

async function post(path, value = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}

async function join(name) {
  stopOffering();
  const { publicKey } = await post("/join/begin", { name });
  const made = await navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey),
  });
  return post("/join/end", made.toJSON());
}

async function login(name) {
  stopOffering();
  const { publicKey } = await post("/login/begin", { name });
  const used = await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey),
  });
  return post("/login/end", used.toJSON());
}

/* Conditional UI: nothing is shown until the member looks for his name and finds his passkey there. */
async function offerPasskeys() {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  offer = new AbortController();
  const { signal } = offer;
  const { publicKey } = await post("/login/begin");
  try {
    const used = await navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey),
      mediation: "conditional",
      signal,
    });
    show(await post("/login/end", used.toJSON()));
  } catch (error) {
    if (!signal.aborted) say(error);
  }
}

function stopOffering() {
  offer?.abort();
  offer = null;
}

function show({ member }) {
  door.hidden = Boolean(member);
  inside.hidden = !member;
  byId("member").textContent = member;
  said.textContent = "";
}

function say(error) {
  said.textContent = error instanceof DOMException ? `The browser says: ${error.name}` : error.message;
}

const attempt = (what) => what().then(show).catch(say);

door.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = byId("name").value;
  attempt(() => (event.submitter?.name === "join" ? join(name) : login(name)));
});
byId("more").addEventListener("click", () => attempt(() => join("")));
byId("logout").addEventListener("click", async () => {
  await post("/logout");
  location.reload();
});

// The door opens once it is known who this is: until then the site has no session to remember a question in.
try {
  const me = await post("/me");
  show(me);
  if (!me.member) await offerPasskeys();
} catch (error) {
  say(error);
}
