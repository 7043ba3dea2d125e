// Fetches every file of a page, one after the other. Each piece is asked for at our own address for that very version, which answers
// with one that lives for minutes: so a file goes on where it stopped however often the line breaks or the address runs out.
import { keeper, save } from "./fetch-keeper.js";

const TRIES = 6; // in a row, without one more byte
const SILENCE = 30_000;
const box = document.getElementById("fetch-all");
const words = box.dataset;
const [start, stop, bar, said, how, buttons] = ["start", "stop", "bar", "said", "how", "row"].map((name) => document.getElementById(`fetch-${name}`));
const rows = [...document.querySelectorAll(".parcel > li")];
let stopping = null;
let handing = false;

class Ended extends Error {} // nothing more can come: signed out, or the membership is over
class Failed extends Error {} // this file cannot come; the next one may

const wait = (ms) => new Promise((done, no) => {
  const timer = setTimeout(done, ms);
  stopping.signal.addEventListener("abort", () => { clearTimeout(timer); no(stopping.signal.reason); }, { once: true });
});

function fill(text, ...values) {
  return text.replace(/%[ds]/g, () => values.shift());
}

function tell(row, state, kind) {
  const line = row.querySelector(".fetch-state");
  line.hidden = false;
  line.textContent = state;
  line.dataset.kind = kind;
}

function count() {
  const come = rows.reduce((sum, row) => sum + (row.come ?? 0), 0);
  bar.value = come;
}

// Answer what stands in the way of one request, or the answer itself.
async function ask(row, from) {
  const headers = from ? { Range: `bytes=${from}-` } : {};
  const answer = await fetch(row.dataset.href, { headers, cache: "no-store", signal: stopping.signal });
  if (answer.status === 429) {
    said.textContent = words.pause;
    await wait((Number(answer.headers.get("Retry-After")) || 60) * 1_000);
    return ask(row, from);
  }
  const ours = new URL(answer.url).origin === location.origin;
  if (ours && answer.status === 403) throw new Ended(words.refused);
  if (ours && answer.ok) throw new Ended(words.signin); // a page where a file should be: the way to sign in
  if (ours && [404, 409].includes(answer.status)) throw new Failed(words.replaced);
  if (!answer.ok || (from && answer.status !== 206)) throw new Error(String(answer.status));
  return answer;
}

// Read with a patience: a line that is silent for long is as good as lost.
async function next(reader) {
  let timer;
  const silent = new Promise((_, no) => { timer = setTimeout(() => no(new Error("silent")), SILENCE); });
  try { return await Promise.race([reader.read(), silent]); } finally { clearTimeout(timer); }
}

async function pour(row, answer, place) {
  const reader = answer.body.getReader();
  try {
    for (let piece = await next(reader); !piece.done; piece = await next(reader)) {
      await place.write(piece.value);
      row.come += piece.value.length;
      count();
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

// Fetch what is missing of one file, as often as it takes; give up when nothing more comes.
async function complete(row, file, place) {
  let failures = 0;
  while (row.come < file.size) {
    const before = row.come;
    try {
      await pour(row, await ask(row, row.come), place);
      if (row.come > file.size) throw new Failed(words.replaced);
      if (row.come < file.size) throw new Error("cut short");
    } catch (error) {
      if (isFinal(error)) throw error;
      failures = row.come > before ? 1 : failures + 1;
      if (failures >= TRIES) throw new Failed(words.failed);
      said.textContent = words.slow;
      await wait(Math.min(2 ** failures, 30) * 1_000);
    }
  }
}

// What no other file of the page would escape either.
function isEnd(error) {
  return stopping.signal.aborted || error instanceof Ended || error.name === "QuotaExceededError";
}

function isFinal(error) {
  return error instanceof Failed || isEnd(error);
}

async function fetchOne(row, keeping) {
  const { href, name, size, sum } = row.dataset;
  const file = { href, name, size: Number(size), sum };
  if (!keeping.takes(file)) return hand(row);
  const place = await keeping.open(file);
  row.come = place.has;
  count();
  try {
    await complete(row, file, place);
  } catch (error) {
    await place.leave().catch(() => {});
    throw error;
  }
  const sound = await place.finish();
  if (sound === false) { row.come = 0; throw new Failed(words.differs); }
  tell(row, sound ? words.checked : words.done, "good");
  row.done = true;
}

// Too large for memory: the browser's own downloads take it, and this page cannot see how it goes.
function hand(row) {
  handing = true;
  save(row.dataset.href);
  setTimeout(() => { handing = false; }, 5_000);
  tell(row, words.handed, "good");
  row.come = Number(row.dataset.size);
  row.done = true;
}

async function fetchAll() {
  const keeping = await keeper(words.folder);
  [start.hidden, stop.hidden, bar.hidden] = [true, false, false];
  stopping = new AbortController();
  for (const row of rows) if (!row.done) tell(row, words.waiting, "");
  for (const [index, row] of rows.entries()) {
    if (row.done) continue;
    said.textContent = fill(words.now, index + 1, rows.length, row.dataset.name);
    tell(row, words.coming, "now");
    try {
      await fetchOne(row, keeping);
    } catch (error) {
      tell(row, error instanceof Failed ? error.message : words.failed, "bad");
      if (isEnd(error)) throw error;
    }
  }
  const missing = rows.filter((row) => !row.done).length;
  if (!missing) await keeping.note("SHA256SUMS", words.sums).catch(() => {});
  return missing ? fill(words.some, missing) : words.all;
}

async function begin() {
  try {
    said.textContent = await fetchAll();
  } catch (error) {
    if (!stopping) return; // no folder was chosen
    const full = error.name === "QuotaExceededError" && words.full;
    said.textContent = error instanceof Ended ? error.message : full || words.stopped;
  } finally {
    const over = rows.every((row) => row.done);
    [start.hidden, stop.hidden, how.hidden, buttons.hidden] = [false, true, over, over];
    stopping = null;
  }
}

function leaving(event) {
  if (stopping && !handing) event.preventDefault();
}

start.addEventListener("click", begin);
stop.addEventListener("click", () => stopping?.abort(new DOMException("stopped", "AbortError")));
addEventListener("beforeunload", leaving);
box.hidden = false;
