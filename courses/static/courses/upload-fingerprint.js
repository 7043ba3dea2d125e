// What tells a file: proof that it is the same one, and the sum of each part. Nothing here holds more than one part in memory.

const EDGE = 1024 * 1024;
const OPENING = 1024;
const LARGEST_PART = 64 * EDGE;

// Browsers give sums to pages that came by https or from this machine. Parts of several hundred megabytes would not fit in memory.
export function canSum(file) {
  return Boolean(globalThis.crypto?.subtle) && file.size <= 10_000 * LARGEST_PART;
}

// One line for the file's name, size, date, and its first and last megabyte.
export async function fingerprint(file) {
  const said = `${file.size}\n${file.lastModified}\n${file.name}\n`;
  if (!globalThis.crypto?.subtle) return said.replaceAll("\n", ":").slice(0, 100);
  const edges = [file.slice(0, EDGE), file.slice(Math.max(0, file.size - EDGE))];
  return sum(new Blob([said, ...edges]));
}

export async function sum(blob) {
  const bytes = await contents(blob);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  spare = bytes.buffer;
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The bytes of a part in a buffer that is used again and again: one of its own for each would wait for the garbage collector,
// and a page that uploads gigabytes would hold hundreds of megabytes of them.
let spare = null;

async function contents(blob) {
  const reader = reads(blob);
  if (!reader) return new Uint8Array(await blob.arrayBuffer());
  let buffer = spare?.byteLength >= blob.size ? spare : new ArrayBuffer(blob.size);
  spare = null;
  let length = 0;
  while (length < blob.size) {
    const { value, done } = await reader.read(new Uint8Array(buffer, length, blob.size - length));
    if (value) buffer = value.buffer;
    if (done) throw new DOMException("", "NotReadableError"); // It has become shorter meanwhile.
    length += value.byteLength;
  }
  reader.cancel();
  return new Uint8Array(buffer, 0, length);
}

// A reader that fills our buffer; null where the browser has none.
function reads(blob) {
  try {
    return blob.stream().getReader({ mode: "byob" });
  } catch {
    return null;
  }
}

// The first kilobyte in base64: enough for the server to refuse a wrong file before it is sent.
export async function opening(file) {
  const bytes = new Uint8Array(await file.slice(0, OPENING).arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
}

export function slice(file, begun, number) {
  const start = (number - 1) * begun.part_size;
  return file.slice(start, Math.min(start + begun.part_size, begun.size), "");
}

// Whether this is the file that was begun: by name, size, date and edges, and by the sum of every part that is there already.
export async function isSame(file, begun) {
  if (file.size !== begun.size || (await fingerprint(file)) !== begun.fingerprint) return false;
  for (const [number, known] of Object.entries(begun.there)) {
    if (known && (await sum(slice(file, begun, Number(number)))) !== known) return false;
  }
  return true;
}
