// Numbers as people read them, and the panel's sentences, which the page brings along in its own language.

export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  for (; count >= 1000 && step < units.length - 1; step += 1) count /= 1000;
  return `${count.toFixed(step > 1 ? 1 : 0)} ${units[step]}`;
}

export function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.ceil(seconds / 3600)} h`;
}

export function percent(part, whole) {
  return `${whole ? Math.floor((100 * part) / whole) : 100} %`;
}

export function progress(words, { sent, size, speed }) {
  const left = speed > 0 && sent < size ? ` · ${duration((size - sent) / speed)} ${words.left}` : "";
  return `${percent(sent, size)} · ${bytes(sent)} / ${bytes(size)} · ${bytes(speed)}/s${left}`;
}

// What went wrong, as a sentence.
export function trouble(words, error) {
  if (error.gone) return words.gone;
  if (error.signedOut) return words.signedOut;
  if (["NotReadableError", "NotFoundError"].includes(error.name)) return words.changed;
  return error.message || words.failed;
}
