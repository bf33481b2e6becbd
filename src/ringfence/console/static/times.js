// Times as the pages of the server show them: UTC, whoever reads them wherever.

/** Unix milliseconds to the second, as 2026-11-29 10:00:01. */
export const shownTime = (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
