// Saving what the server makes: it is fetched, so that the worker signs it whatever a browser does with links that save.

const KEPT_MS = 60_000;

/** Let a person save the file at `address` under `name`. */
export async function save(address, name) {
  const response = await fetch(address);
  if (!response.ok) throw new Error((await response.json()).error);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  // A browser may read it after this returns.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
