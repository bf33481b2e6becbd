// What a page does at clicks and sent forms, in rows that come while it is open too. Buttons are disabled until then, and
// with them the key that would send a form: sent before anybody hears it, it would lose what was typed.

export const ROWS_CAME = "ringfence-rows";

/** Do `work(button, event)` at each click on a button that `selector` finds. */
export function onClick(selector, work) {
  listen("click", selector, work);
  enable(selector);
}

/** Do `work(form)` in place of sending a form that `selector` finds. */
export function onSubmit(selector, work) {
  listen("submit", selector, (form, event) => {
    event.preventDefault();
    work(form);
  });
  enable(`${selector} button:not([type=button])`);
}

function enable(selector) {
  const heard = new WeakSet();
  const hear = () => {
    for (const button of document.querySelectorAll(selector)) {
      // One that is disabled again is so for a reason.
      if (!heard.has(button)) button.disabled = false;
      heard.add(button);
    }
  };
  hear();
  document.addEventListener(ROWS_CAME, hear);
}

function listen(kind, selector, work) {
  document.addEventListener(kind, (event) => {
    const found = event.target.closest?.(selector);
    if (found) work(found, event);
  });
}
