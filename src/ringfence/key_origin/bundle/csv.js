// Tables as CSV that no spreadsheet takes for formulas: what domain/csv_text.py has, with its reasons.

const NUMBER = /^[+-]?[0-9]+(\.[0-9]+)?$/;
const FORMULA = /(^|[;|\t\r\n])([ \t"]*)(?=[=+\-@＝＋－＠])/g;

export function csvCell(value) {
  let text = String(value ?? "");
  if (!NUMBER.test(text)) text = text.replace(FORMULA, "$1$2'");
  return `"${text.replaceAll('"', '""')}"`;
}

/** Lines of a table, to be joined as they are made: a long one is never a list of cells as a whole. */
export const csvRows = (rows) => rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");

/** What stands before them. */
export const csvHead = (heads) => `\ufeff${csvRows([heads])}`;

export const csvText = (heads, rows) => csvHead(heads) + csvRows(rows);
