// The last look before changes are sealed: exactly what will be other than it was, and a button of its own. The console
// brought what the form began with, and may have made that up; here stands what its person typed, and nothing else.

import { h, inWords, show } from "./dom.js";
import { whenSeen } from "./seen.js";

/**
 * Shows `changes`, [what, value], "" for what is taken away, under `about`, a sentence. `save` gets the Auth Token that
 * was typed, or null where none is asked for; `back` is pressed to go on typing.
 */
export function review({ about, changes, asksToken, save, back, press = "Save these changes", rest = "All else stays as it is." }) {
  const trouble = h("p", { role: "alert", class: "trouble" });
  const token = asksToken ? h("input", { id: "token", type: "password", autocomplete: "off", required: true }) : null;
  const button = h("button", { class: "main", disabled: true }, press);
  const other = h("button", { type: "button", class: "other", onclick: back }, "Go on typing");
  const heading = h("h2", { tabindex: "-1" }, "Look at what you change");
  const what = h("p", {}, about);
  const rows = changes.map(([name, value]) => [h("dt", {}, name), h("dd", { class: "text" }, value || "Nothing any more")]);
  const submit = async (event) => {
    event.preventDefault();
    trouble.textContent = "";
    button.disabled = true;
    try {
      await save(token && token.value.trim());
    } catch (problem) {
      trouble.textContent = inWords(problem);
      button.disabled = false;
    }
  };
  show(
    h(
      "form",
      { onsubmit: submit, class: "typed wide", novalidate: true },
      heading,
      what,
      rows.length ? h("dl", {}, rows.flat()) : h("p", {}, "Nothing is set."),
      h("p", {}, `${rest} The button works once each line stood in view.`),
      token && [h("label", { for: "token" }, "The Auth Token, once more"), token],
      trouble,
      button,
      other,
    ),
  );
  scrollTo(0, 0);
  heading.focus();
  whenSeen([what, ...rows.flat()], () => {
    button.disabled = false;
  });
}
