// What members change of who may use their account, one act each: how it is asked for, what of it is looked over, and the
// form that the key service takes (domain/access_change.py). Nothing that a console says is set stands in a form: what a
// person leaves alone stays, and networks are typed whole.

import { h } from "./dom.js";
import { lifeChoice } from "./key_life.js";
import { scopeChoice, wrongIn } from "./key_scope.js";
import { holds, readNetworks } from "./networks.js";
import { wrongWith } from "./standing_fields.js";

const AS_IT_IS = ["", "As it is"];
const EVERYWHERE = "everywhere";
const YES_OR_NO = [AS_IT_IS, ["yes", "Yes"], ["no", "No"]];
const REACTIONS = [AS_IT_IS, ["alarm", "An alarm"], ["freeze-key", "Freezing the key"], ["freeze-account", "Freezing the account"]];
const ELSEWHERE = "Programs that ask from elsewhere are shut out at once. Members still sign in here, and can take it back.";

/** Acts by name: `record` for a SID, `about` it, and `build`, {elements, read}; `read` gives {told, changes, rest}. */
export const ACTS = {
  networks: {
    record: () => "networks",
    about: () => "From where the Auth Token and all keys of the account may be used.",
    build: ({ address }) => networksFields(address),
  },
  add_client_key: {
    record: () => "client_keys",
    about: () => "A public key that programs sign requests with.",
    build: clientKeyFields,
  },
  remove_client_key: {
    record: () => "client_keys",
    about: () => "A public key that programs sign requests with.",
    build: ({ sid }) => fixed([["Take away", sid]], { remove: String(sid) }, "What signs with it is refused."),
  },
  require_signing: {
    record: () => "client_keys",
    about: () => "Whether programs must sign their requests.",
    build: () => fixed([["Requests", "Each must be signed by one of the account's public keys"]], { required: true }, "Programs that do not sign are shut out at once, whatever secret they have."),
  },
  stop_requiring: {
    record: () => "client_keys",
    about: () => "Whether programs must sign their requests.",
    build: () => fixed([["Requests", "None need be signed: a secret is enough"]], { required: false }, ""),
  },
  notice_address: {
    record: () => "notice_address",
    about: () => "Where the account is told of what was opened of it, and what was frozen.",
    build: noticeFields,
  },
  key_limits: {
    record: (sid) => `key_limits:${sid}`,
    about: (sid) => `The key ${sid}.`,
    build: limitFields,
  },
};

function fixed(told, changes, rest) {
  return { elements: [], read: () => ({ told, changes, rest }) };
}

function networksFields(address) {
  const where = choice("where", "May be used from", [["these", "These networks alone"], [EVERYWHERE, "Everywhere"]]);
  const networks = h("textarea", { id: "networks", rows: "4", autocomplete: "off", spellcheck: "false" });
  const read = () => {
    if (where.value === EVERYWHERE) return { told: [["From", "Everywhere"]], changes: { networks: "" }, rest: "" };
    const found = readIn(networks);
    if (!found.length) throw wrongIn(networks, "Name a network.");
    const written = networks.value.split(/[\s,]+/).filter(Boolean);
    return { told: [["From", written.join("\n")]], changes: { networks: written.join(" ") }, rest: `${whereabouts(found, address)}${ELSEWHERE}` };
  };
  return { elements: [...where.elements, h("label", { for: "networks" }, "Networks, all of them: those too that stay"), networks], read };
}

/** Whether the person themselves would be shut out, in words. The address is the console's word: it only warns. */
function whereabouts(networks, address) {
  if (typeof address !== "string" || !address) return "";
  return holds(networks, address) ? `You ask from ${address}, which is among them. ` : `You ask from ${address}, which is in none of them. `;
}

function clientKeyFields() {
  const name = h("input", { id: "name", autocomplete: "off", maxlength: "64" });
  const key = h("textarea", { id: "key", rows: "8", autocomplete: "off", spellcheck: "false" });
  const read = () => {
    if (!name.value.trim()) throw wrongIn(name, "Give the key a name.");
    const written = key.value.trim();
    if (!/^-----BEGIN (RSA )?PUBLIC KEY-----[\sA-Za-z0-9+/=]+-----END \1PUBLIC KEY-----$/.test(written)) throw wrongIn(key, "This is no public key in PEM.");
    return { told: [["Name", name.value.trim()], ["Public key", written]], changes: { add: written, friendly_name: name.value.trim() }, rest: "Whoever has its private half signs with it." };
  };
  return { elements: [h("label", { for: "name" }, "Name"), name, h("label", { for: "key" }, "RSA public key, in PEM"), key], read };
}

function noticeFields() {
  const where = choice("told", "A program is told", [["there", "At this address"], ["nowhere", "Nowhere"]]);
  const url = h("input", { id: "url", type: "text", inputmode: "url", autocomplete: "off", spellcheck: "false" });
  const asked = h("div", {}, h("label", { for: "url" }, "Address"), url);
  where.input.addEventListener("change", () => {
    asked.hidden = where.value === "nowhere";
  });
  const read = () => {
    const nowhere = where.value === "nowhere";
    const written = nowhere ? "" : url.value.trim();
    const wrong = nowhere ? "" : wrongWith("needed url", written);
    if (wrong) throw wrongIn(url, wrong);
    const rest = nowhere ? "Members see it on the overview alone then." : "Whoever has that address is told who opened how much of the account, and no content.";
    return { told: [["Tell", written || "Nowhere"]], changes: { url: written }, rest };
  };
  return { elements: [...where.elements, asked], read };
}

function limitFields({ restricted }) {
  const scope = restricted === true ? scopeChoice([["", "What it may now", null]]) : null;
  const where = choice("where", "It may be used from", [AS_IT_IS, [EVERYWHERE, "Everywhere"], ["these", "These networks alone"]]);
  const networks = h("input", { id: "networks", autocomplete: "off", spellcheck: "false" });
  const life = lifeChoice([AS_IT_IS]);
  const canary = choice("canary", "It is a canary: whoever uses it is refused, and it reacts", YES_OR_NO);
  const watched = choice("watched", "It is watched: used from a network that is new for it, it reacts", YES_OR_NO);
  const reaction = choice("reaction", "It reacts by", REACTIONS);
  const read = () => {
    const told = [];
    const changes = {};
    const { words, policy } = scope ? scope.read() : { policy: null };
    if (policy) {
      told.push(["It may", words]);
      changes.policy = policy;
    }
    if (where.value === "these" && !readIn(networks).length) throw wrongIn(networks, "Name a network.");
    if (where.value) {
      changes.networks = where.value === EVERYWHERE ? "" : networks.value.split(/[\s,]+/).filter(Boolean).join(" ");
      told.push(["From", changes.networks || "Everywhere"]);
    }
    const { words: until, ends_ms } = life.read();
    if (ends_ms !== null) {
      changes.ends_ms = ends_ms;
      told.push(["Until", until]);
    }
    for (const [name, what, { value }] of [["canary", "A canary", canary], ["watched", "Watched", watched]]) {
      if (!value) continue;
      changes[name] = value === "yes";
      told.push([what, value === "yes" ? "Yes" : "No"]);
    }
    if (reaction.value) {
      changes.reaction = reaction.value;
      told.push(["It reacts by", REACTIONS.find(([value]) => value === reaction.value)[1]]);
    }
    if (!told.length) throw wrongIn(where.input, "You changed nothing.");
    return { told, changes, rest: "All else stays as it is." };
  };
  const parts = [...where.elements, h("label", { for: "networks" }, "Networks, with spaces between"), networks];
  return { elements: [...(scope ? scope.elements : []), ...parts, ...life.elements, ...canary.elements, ...watched.elements, ...reaction.elements], read };
}

function readIn(input) {
  try {
    return readNetworks(input.value);
  } catch (problem) {
    throw wrongIn(input, problem.message);
  }
}

/** A choice of [value, words]: its elements, and what is chosen. */
function choice(id, label, options) {
  const input = h("select", { id }, options.map(([value, words]) => h("option", { value }, words)));
  return {
    input,
    elements: [h("label", { for: id }, label), input],
    get value() {
      return input.value;
    },
  };
}
