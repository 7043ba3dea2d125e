// Handles of files that are being uploaded, kept by the browser itself, so that after a reload nobody has to choose the file again.
// Where a browser has none, or storage is switched off, everything here answers with nothing.

const NAME = "lectern-uploads";
const STORE = "handles";

export async function keep(version, handle) {
  if (handle) await inStore("readwrite", (store) => store.put(handle, version));
}

export function recall(version) {
  return inStore("readonly", (store) => store.get(version));
}

export function forget(version) {
  return inStore("readwrite", (store) => store.delete(version));
}

// The file behind a handle, if it may be read: without asking, or (`ask`) with the browser's own question, which wants a click.
export async function open(handle, { ask = false } = {}) {
  const options = { mode: "read" };
  const state = ask ? await handle.requestPermission(options) : await handle.queryPermission(options);
  return state === "granted" ? handle.getFile() : null;
}

async function inStore(mode, act) {
  try {
    const database = await answer(opened());
    try {
      return await answer(act(database.transaction(STORE, mode).objectStore(STORE)));
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

function opened() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return request;
}

function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
