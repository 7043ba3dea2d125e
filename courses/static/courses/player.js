// A lesson's player: the browser's own, from addresses that live for minutes, with what a viewer expects around it.
// docs/watching.md tells how.
import { listenToKeys } from "./keys.js";
import { Refused } from "./player-ask.js";
import { Captions } from "./player-captions.js";
import { remember, remembered } from "./player-memory.js";
import { Place } from "./player-place.js";
import { Source } from "./player-source.js";
import { canFloat, fill, float, tellTheSystem } from "./player-system.js";

const OLD = 10_000; // A page that was made so long ago asks where another device has been since.
const made = Date.now();
const box = document.getElementById("player");
const words = box.dataset;
const part = (name) => box.querySelector(`[data-part="${name}"]`);
const media = box.querySelector("video, audio");
const [start, note, flash, bar] = ["start", "note", "flash", "bar"].map(part);
const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;

const captions = new Captions(media, { select: part("captions"), line: part("words"), words });
const source = new Source(media, words.play, { still: part("still"), words, tell, refused, broken });
const place = new Place(token && words.progress, token, completed);
const linked = Number(new URLSearchParams(location.search).get("t"));
source.place = linked || Number(words.position) || 0;

// --- What the viewer is told ---

function tell(text, link, address) {
  note.hidden = !text;
  note.textContent = `${text} `;
  if (!link) return;
  const way = document.createElement("a");
  way.href = address;
  way.textContent = link;
  note.append(way);
}

function refused(error) {
  media.controls = false;
  bar.hidden = true;
  if (document.fullscreenElement) document.exitFullscreen();
  tell(error.message, error.next && words.open, error.next);
}

function broken() {
  tell(words.broken, words.download, words.file);
}

function say(text) {
  flash.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { flash.textContent = ""; }, 1_500);
}

// --- Begin, and what holds from one lesson to the next ---

async function begin(at) {
  if (source.begun || start.disabled) return;
  start.disabled = true;
  try {
    if (at !== undefined) source.place = at;
    else if (!linked && Date.now() - made > OLD) source.place = (await place.known().catch(() => null)) ?? source.place;
    await source.open();
    begun();
  } catch (error) {
    start.disabled = false;
    if (error instanceof Refused && !error.wait) source.end(error);
    else tell(error.wait ? error.message : words.lost, words.again, location.href);
  }
}

function begun() {
  start.hidden = true;
  media.controls = true;
  bar.hidden = false;
  tell("");
  captions.begin();
  tellTheSystem(media, words);
  box.focus({ preventScroll: true });
}

const speed = part("speed");
media.defaultPlaybackRate = media.playbackRate = Number(remembered("speed")) || 1;
speed.value = media.playbackRate;
speed.addEventListener("change", () => { media.playbackRate = Number(speed.value); });
media.addEventListener("ratechange", () => {
  if (media.playbackRate === media.defaultPlaybackRate) return;
  // A new source begins at the default, so that is what is chosen.
  media.defaultPlaybackRate = media.playbackRate;
  speed.value = media.playbackRate;
  remember("speed", media.playbackRate);
});

// --- Where the viewer is ---

const isAt = () => { if (source.begun && !source.opening && !source.over) place.note(source.place, media.duration); };
media.addEventListener("timeupdate", () => { if (!media.paused) isAt(); });
for (const moment of ["pause", "ended", "seeked"]) {
  media.addEventListener(moment, () => { isAt(); if (moment !== "seeked" || media.paused) place.save(); });
}
function leave() {
  isAt();
  place.leave();
}
addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });

// Told once, when nine tenths have been seen.
function completed({ done, of, words: far }) {
  for (const each of document.querySelectorAll("[data-when-done]")) each.hidden = each.dataset.whenDone === "no";
  for (const each of document.querySelectorAll("[data-far]")) each.textContent = far;
  for (const each of document.querySelectorAll("progress[data-course]")) each.value = done;
  document.querySelector(".lesson[aria-current] .icon")?.setAttribute("class", "icon icon-check");
  box.dataset.finished = done === of ? "yes" : "";
}

// What comes next is offered, and nothing plays by itself.
media.addEventListener("ended", async () => {
  isAt();
  await Promise.race([place.save(), new Promise((resolve) => setTimeout(resolve, 2_000))]);
  if (document.fullscreenElement) await document.exitFullscreen().catch(() => {});
  const offer = document.querySelector(box.dataset.finished ? "[data-part=finished]" : "[data-part=next]");
  if (offer) offer.hidden = false;
});
media.addEventListener("play", () => {
  for (const each of document.querySelectorAll("[data-part=finished], [data-part=next]")) each.hidden = true;
});

// --- Chapters ---

const chapters = [...document.querySelectorAll(".chapters a")];
for (const link of chapters) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (source.over) return;
    const at = Number(link.dataset.at);
    if (source.begun) {
      media.currentTime = at;
      media.play().catch(() => {});
    } else begin(at);
    box.scrollIntoView({ block: "nearest" });
  });
}
media.addEventListener("timeupdate", () => {
  const here = chapters.findLast((link) => Number(link.dataset.at) <= media.currentTime + 0.2);
  for (const link of chapters) {
    if (link === here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
});

// --- Buttons and keys ---

const help = document.getElementById("player-keys");
const player = {
  media,
  say,
  toggle: () => (source.over ? null : source.begun ? (media.paused ? media.play().catch(() => {}) : media.pause()) : begin()),
  captions: () => say(captions.turn()),
  fill: () => fill(media),
  float: () => float(media),
  help: () => help.showModal(),
};
const floats = part("float");
floats.hidden = !canFloat(media);
floats.addEventListener("click", player.float);
part("help").addEventListener("click", player.help);
start.addEventListener("click", () => begin());
// It stands there from the first paint, and can be pressed once there is somebody to hear it.
start.disabled = false;
note.hidden = true;
note.classList.remove("player-plain");
listenToKeys(player);
