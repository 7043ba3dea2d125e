// Where fetched files go: into a folder that the reader chose, where a browser lets them choose one; else, through memory, to where the
// browser keeps downloads. Both can go on in the middle of a file, and check its SHA-256 when it is whole.
const CHECKED = 512 * 1024 * 1024; // A larger file is left to SHA256SUMS: browsers sum in memory alone.

async function isSound(blob, sum) {
  if (!sum || blob.size > CHECKED || !crypto.subtle) return null;
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("") === sum;
}

// How much of which version was left in the folder: a beginning of anything else is not gone on with.
function recall(file) {
  try { return Number(localStorage.getItem(`lectern.part.${file.href}`)) || 0; } catch { return 0; }
}

function remember(file, length) {
  try {
    if (length) localStorage.setItem(`lectern.part.${file.href}`, length);
    else localStorage.removeItem(`lectern.part.${file.href}`);
  } catch { /* private windows may keep nothing */ }
}

// The browser writes beside the file and puts it in place when it is closed.
async function inFolder(folder, file) {
  const handle = await folder.getFileHandle(file.name, { create: true });
  const old = await handle.getFile();
  if (old.size === file.size && await isSound(old, file.sum)) return { has: file.size, finish: async () => true };
  let has = old.size && old.size === recall(file) ? old.size : 0;
  const stream = await handle.createWritable({ keepExistingData: has > 0 });
  if (has) await stream.seek(has);
  const begin = has;
  return {
    has: begin,
    write: (piece) => { has += piece.length; return stream.write(piece); },
    async leave() {
      await stream.close();
      remember(file, has);
    },
    async finish() {
      await stream.close();
      remember(file, 0);
      const sound = await isSound(await handle.getFile(), file.sum);
      if (sound === false) await folder.removeEntry(file.name);
      return sound;
    },
  };
}

const begun = new Map(); // what came of a version before it was left, for a second try on this page

function inMemory(file) {
  const pieces = begun.get(file.href) ?? [];
  begun.set(file.href, pieces);
  return {
    has: pieces.reduce((sum, piece) => sum + piece.length, 0),
    async write(piece) { pieces.push(piece); },
    async leave() {},
    async finish() {
      begun.delete(file.href);
      const blob = new Blob(pieces);
      const sound = await isSound(blob, file.sum);
      if (sound !== false) save(URL.createObjectURL(blob), file.name);
      return sound;
    },
  };
}

export function save(address, name) {
  const link = document.createElement("a");
  link.href = address;
  if (name) link.download = name;
  link.click();
  if (address.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

// Ask for a folder, and make one in it with the title's name. Throws AbortError when none is chosen.
export async function keeper(folderName) {
  if (!("showDirectoryPicker" in window)) {
    return { open: async (file) => inMemory(file), takes: (file) => file.size <= CHECKED, note: async () => {} };
  }
  const chosen = await window.showDirectoryPicker({ id: "downloads", mode: "readwrite", startIn: "downloads" });
  const folder = await chosen.getDirectoryHandle(folderName, { create: true });
  return {
    open: (file) => inFolder(folder, file),
    takes: () => true,
    async note(name, address) {
      const stream = await (await folder.getFileHandle(name, { create: true })).createWritable();
      await stream.write(await (await fetch(address)).blob());
      await stream.close();
    },
  };
}
