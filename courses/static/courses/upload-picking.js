// Files as they come: chosen, or dropped. Each is {file, handle}; the handle is empty where the browser gives none.

// Natural order, so that "Lesson 2" comes before "Lesson 10".
export function inOrder(picked) {
  return [...picked].sort((a, b) => a.file.name.localeCompare(b.file.name, undefined, { numeric: true }));
}

export function chosen(input) {
  return [...input.files].map((file) => ({ file }));
}

// What was dropped. Handles have to be asked for before the event is over.
export async function dropped(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const found = items.map((item) => ({ file: item.getAsFile(), coming: item.getAsFileSystemHandle?.() }));
  const picked = await Promise.all(
    found.map(async ({ file, coming }) => ({ file, handle: await Promise.resolve(coming).catch(() => undefined) })),
  );
  return picked.filter(({ file, handle }) => file && handle?.kind !== "directory");
}

// The browser's own picker that gives handles; null where there is none, or it was closed.
export async function pick(input) {
  const endings = input.accept ? input.accept.split(",") : [];
  const types = endings.length ? [{ accept: { "application/octet-stream": endings } }] : undefined;
  try {
    const handles = await window.showOpenFilePicker({ multiple: input.multiple, types });
    return Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), handle })));
  } catch {
    return null;
  }
}
