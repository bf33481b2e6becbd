// Sealed configuration: shown here, and changed by what a person types here. It leaves this page sealed to the key
// service, with a proof by the passkey that they show for it; the console carries it and reads nothing.

import { fromBase64url } from "./crypto/bytes.js";
import { openView } from "./crypto/standing.js";
import { filledIn, h, inWords, show } from "./dom.js";
import { grantKeeper } from "./grant_keeper.js";
import * as keeping from "./keeping.js";
import { asksToken, openToChange, provenForm, provingSlot } from "./proving.js";
import { Refused } from "./refused.js";
import { fieldsOf, isUrl, wrongWith } from "./standing_fields.js";
import { review } from "./standing_review.js";

export const standing = {
  /** Shows what is set of `record`, which is sealed in `box` to the content key of `generation`. */
  async show_standing({ account, record, generation, box }) {
    const values = await seenOf(account, record, generation, box);
    const groups = fieldsOf(record).map(([heading, fields]) => [heading, fields.filter(([name, , kind]) => values[name] && kind !== "method")]);
    show(
      ...groups.flatMap(([heading, fields]) => [
        h("h2", {}, heading),
        fields.length
          ? h("dl", {}, fields.flatMap(([name, label]) => [h("dt", {}, label), h("dd", { class: "text" }, withMethod(values, name))]))
          : h("p", {}, "Nothing is set."),
      ]),
    );
    return { shown: Object.keys(values).length };
  },

  /**
   * Lets a person change it: the fields that they changed, for the key service alone, once they looked at those again.
   * Without `box` the record is a new one.
   * `label` says of what it is; the console's word for that is not believed further than its own numbers go.
   */
  async edit_standing({ account, record, generation, box, label, proof_key }) {
    const groups = fieldsOf(record);
    if (!groups) throw new Refused("record", "There is no form for that.");
    const open = await openToChange(account);
    const values = box ? await seenOf(account, record, generation, box) : {};
    const keeper = await grantKeeper();
    return filledIn((done) => {
      const inputs = new Map();
      const trouble = h("p", { role: "alert", class: "trouble" });
      const form = h(
        "form",
        { onsubmit: look, class: "typed wide", novalidate: true },
        h("h2", {}, String(label)),
        groups.map(([heading, fields]) =>
          h("fieldset", {}, h("legend", {}, heading), fields.flatMap((field) => inputFor(field, values, inputs))),
        ),
        trouble,
        h("button", { class: "main" }, "Look it over"),
      );
      function look(event) {
        event.preventDefault();
        trouble.textContent = "";
        try {
          const changed = changedIn(groups, inputs, !box);
          if (box && !changed.length) throw new Refused("same", "You changed nothing.");
          const told = changed.map(([, what, value]) => [what, value]);
          const about = `The console calls it ${label}. To the key service it is ${record}.`;
          review({ about, changes: told, asksToken: asksToken(open), save: (token) => save(changed, token), back: () => show(form) });
        } catch (problem) {
          trouble.textContent = inWords(problem);
        }
      }

      async function save(changed, token) {
        const changes = Object.fromEntries(changed.map(([name, , value]) => [name, value]));
        const slot = await provingSlot(open, token);
        const made = await provenForm({ keeper, open, record, slot, proof_key, changes });
        show(h("p", {}, "One moment …"));
        done(made);
      }

      show(form);
    });
  },
};

async function seenOf(account, record, generation, box) {
  if (!fieldsOf(record)) throw new Refused("record", "There is no form for that.");
  const pair = (await keeping.keysOf(account)).find((key) => key.generation === generation);
  if (!pair) throw new Refused("locked", "Since you opened your texts a new key began: sign out, and in again.");
  return openView(pair, account, record, fromBase64url(box));
}

function withMethod(values, name) {
  const method = values[name.endsWith("_url") ? `${name.slice(0, -4).replace("_request", "")}_method` : `${name}_method`];
  return method ? `${method} ${values[name]}` : values[name];
}

function inputFor([name, label, kind], values, inputs) {
  const at = { id: name, name };
  const input =
    kind === "method"
      ? h("select", at, ["POST", "GET"].map((each) => h("option", { selected: values[name] === each }, each)))
      : h("input", { ...at, type: "text", inputmode: isUrl(kind) ? "url" : "text", autocomplete: "off", spellcheck: "false", value: values[name] ?? "" });
  inputs.set(name, { input, before: input.value.trim() });
  return [h("label", { for: name }, label), input];
}

/**
 * What a person made other than it was shown, [name, what it is, value]; Refused for what may not be, with that field in
 * focus. What they left alone is not among it: the console may have made up what is shown.
 */
function changedIn(groups, inputs, isNew) {
  const changed = [];
  for (const [heading, fields] of groups) {
    for (const [name, label, kind] of fields) {
      const { input, before } = inputs.get(name);
      const value = input.value.trim();
      input.removeAttribute("aria-invalid");
      if (value === before && !(isNew && kind.startsWith("needed"))) continue;
      const wrong = wrongWith(kind, value);
      if (wrong) {
        input.setAttribute("aria-invalid", "true");
        input.focus();
        throw new Refused("field", `${label}: ${wrong}`);
      }
      changed.push([name, `${heading}: ${label}`, value]);
    }
  }
  return changed;
}
