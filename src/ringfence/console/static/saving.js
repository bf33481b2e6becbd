// Saving what the server makes: it is fetched, so that the worker signs it whatever a browser does with links that save.

/** Let a person save the file at `address` under `name`. */
export async function save(address, name) {
  const response = await fetch(address);
  if (!response.ok) throw new Error((await response.json()).error);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
