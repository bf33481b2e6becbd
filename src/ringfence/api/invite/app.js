// Takes the invitation whose secret is behind the address's `#`, when asked to, and shows what it made.

const ANSWERS = {
  404: "This invitation is used up, has ended or was withdrawn. Ask whoever sent it for another.",
  500: "Something broke, and the invitation is used up. No account that anybody can open was made. Ask for another.",
  503: "Not possible at the moment. The invitation is as good as before: try again in a minute.",
};
const AWAY = "The server could not be reached, or its answer was lost. Try again. If the invitation is used up then, ask for another.";
const at = (id) => document.getElementById(id);

let secret = location.hash.slice(1);
let saved = true;

const say = (text) => {
  at("status").textContent = text;
};

function textFile(made) {
  return [
    `Account ${made.name}`,
    "",
    `Account SID:  ${made.sid}`,
    `Auth Token:   ${made.auth_token}`,
    `Recovery kit: ${made.recovery_kit.join(" ")}`,
    "",
    `At: ${location.origin}`,
    "Nobody else has these. If all of them are lost, what the account keeps is lost too.",
    "",
  ].join("\n");
}

function save(made) {
  const link = document.createElement("a");
  const address = URL.createObjectURL(new Blob([textFile(made)], { type: "text/plain" }));
  link.href = address;
  link.download = `ringfence-${made.sid}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  saved = true;
  say("Saved. Keep the file where only you can read it.");
}

function show(made) {
  saved = false;
  at("made-title").textContent = `Your account: ${made.name}`;
  at("sid").textContent = made.sid;
  at("token").textContent = made.auth_token;
  at("kit").textContent = made.recovery_kit.join(" ");
  at("save").addEventListener("click", () => save(made));
  at("offer").hidden = true;
  at("made").hidden = false;
  at("made-title").focus();
}

async function take() {
  at("take").disabled = true;
  say("Making it…");
  try {
    const answer = await fetch("/invite/take", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ secret }),
      cache: "no-store",
      credentials: "omit",
    });
    if (answer.status !== 201) {
      say(ANSWERS[answer.status] ?? AWAY);
      at("take").disabled = answer.status === 404 || answer.status === 500;
      return;
    }
    const made = await answer.json();
    secret = "";
    history.replaceState(null, "", location.pathname);
    show(made);
    say("Your account is made.");
  } catch {
    say(AWAY);
    at("take").disabled = false;
  }
}

addEventListener("beforeunload", (event) => {
  if (!saved) event.preventDefault();
});
at("take").addEventListener("click", take);
if (secret) at("offer").hidden = false;
else say("This address lacks the invitation itself, which is behind the # of the link. Open the whole link as you got it.");
