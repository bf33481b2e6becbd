// Lists on a telephone, where each row is a card (tables.css): its cells say under which head they stand.

/** Put the heads of the lists in `place`, a document, to their cells. */
export function nameCells(place) {
  for (const table of place.querySelectorAll(".listed table")) {
    const heads = [...table.tHead.rows[0].cells].map(wordsOf);
    for (const row of table.tBodies[0].rows) {
      // One cell alone says that there is none.
      if (row.cells.length === heads.length) [...row.cells].forEach((cell, index) => name(cell, heads[index]));
    }
  }
}

function name(cell, head) {
  if (head && cell.textContent.trim()) cell.dataset.head = head;
}

// A head for who does not see the table is for buttons, which say themselves what they do.
const wordsOf = (head) => (head.querySelector(".visually-hidden") ? "" : head.textContent);

nameCells(document);
