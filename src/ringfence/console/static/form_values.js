// What a person filled in, as it is sent.

/** What a form's fields hold; of choices among several boxes, a list of those that are ticked. */
export function valuesOf(form) {
  const given = new FormData(form);
  const boxes = new Set([...form.querySelectorAll(".choices input[type=checkbox]")].map((box) => box.name));
  return { ...Object.fromEntries(given), ...Object.fromEntries([...boxes].map((name) => [name, given.getAll(name)])) };
}
