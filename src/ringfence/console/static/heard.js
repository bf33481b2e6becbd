// What a page does at clicks and sent forms, in rows that come while it is open too. Buttons are disabled until then.

export const ROWS_CAME = "ringfence-rows";

/** Do `work(button, event)` at each click on a button that `selector` finds. */
export function onClick(selector, work) {
  listen("click", selector, work);
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

/** Do `work(form)` in place of sending a form that `selector` finds. */
export function onSubmit(selector, work) {
  listen("submit", selector, (form, event) => {
    event.preventDefault();
    work(form);
  });
}

function listen(kind, selector, work) {
  document.addEventListener(kind, (event) => {
    const found = event.target.closest?.(selector);
    if (found) work(found, event);
  });
}
