// So many of a thing, in words.

/** 1 text, 2 texts; `many` where that is not `one` with an s. */
export const howMany = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
