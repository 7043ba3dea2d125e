// Plays a lesson from addresses that live for minutes. Each is asked for when it is needed, and again before it ends; the
// answer is given only to somebody who may still watch. Where the viewer is, is kept at most ten seconds behind.
import { listenToKeys } from "./keys.js";

const EARLY = 60_000; // A new address is asked for this long before the old one ends, or at half its life.
const SAVE_EVERY = 8_000;
const box = document.getElementById("player");
const media = box.querySelector("video, audio");
const start = box.querySelector(".player-start");
const note = box.querySelector(".player-note");
const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;

let place = Number(box.dataset.position) || 0; // the viewer's second, whatever the player is doing
let begun = false;
let opening = false;
let going = false; // what the viewer wants: a browser pauses by itself when a source fails
let endsAt = 0; // when the address in use stops working, by this machine's clock
let timer = 0;
let retriedAt = -Infinity;
let savedAt = 0;
let lastSaved = -1;

class Refused extends Error {
  constructor(message, next) {
    super(message);
    this.next = next;
  }
}

async function ask(url) {
  const asked = Date.now();
  const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  const body = await answer.json().catch(() => ({}));
  if ([401, 403, 404, 429].includes(answer.status)) throw new Refused(body.error ?? box.dataset.lost, body.next);
  if (!answer.ok) throw new Error(String(answer.status));
  // The life is counted from the server's own clock, so that a wrong clock here does no harm.
  const serverNow = Date.parse(answer.headers.get("Date")) || asked;
  return { url: body.url, life: Math.max(Date.parse(body.expires_at) - serverNow, 1_000) };
}

function say(text, link, target) {
  note.hidden = false;
  note.textContent = text + " ";
  if (!link) return;
  const way = document.createElement("a");
  way.href = target;
  way.textContent = link;
  note.append(way);
}

function refuse(error) {
  clearTimeout(timer);
  media.pause();
  if (error instanceof Refused) {
    media.removeAttribute("src");
    const back = error.next?.includes("/login/") ? `${error.next}?next=${encodeURIComponent(location.pathname)}` : error.next;
    say(error.message, back && box.dataset.open, back);
  } else {
    say(box.dataset.lost, box.dataset.again, location.href);
  }
}

// Put a fresh address under the player, at the viewer's second and speed, going or resting as it was.
async function open(wanted) {
  going = wanted;
  const { url, life } = await ask(box.dataset.play);
  endsAt = Date.now() + life;
  plan(life);
  opening = true;
  media.src = url;
  note.hidden = true;
  // A source that cannot be loaded is the error listener's business, below.
  if (going) media.play().catch(() => {});
}

media.addEventListener("loadedmetadata", () => {
  if (!begun && place > media.duration - 3) place = 0;
  begun = true;
  media.currentTime = place;
  media.playbackRate = Number(remembered("speed")) || 1;
  opening = false;
});
function follow() {
  if (!opening && media.readyState > 0) place = media.currentTime;
}
media.addEventListener("timeupdate", follow);
media.addEventListener("play", () => { going = true; });
media.addEventListener("pause", () => { if (!media.error && !opening) going = false; });

function plan(life) {
  clearTimeout(timer);
  timer = setTimeout(renewInTime, Math.max(life - EARLY, life / 2));
}

function allLoaded() {
  const { buffered, duration, currentTime } = media;
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= currentTime && buffered.end(i) >= duration - 0.5) return true;
  }
  return false;
}

function renewInTime() {
  // A paused player asks again when it is started; one that holds the rest already needs no address.
  if (media.paused || media.ended || allLoaded()) return;
  open(true).catch(refuse);
}

media.addEventListener("play", () => {
  if (!opening && Date.now() > endsAt - 1_000 && !allLoaded()) open(true).catch(refuse);
});
media.addEventListener("seeking", () => {
  if (opening) return;
  follow();
  if (Date.now() > endsAt - 1_000 && !allLoaded()) open(!media.paused).catch(refuse);
});
media.addEventListener("error", () => {
  if (!media.getAttribute("src")) return;
  // Once at the same second; when that fails as well, say so instead of asking for ever.
  if (Math.abs(place - retriedAt) < 1) return refuse(media.error);
  retriedAt = place;
  open(going).catch(refuse);
});

function save({ leaving = false } = {}) {
  const position = Math.round(place * 10) / 10;
  if (!box.dataset.progress || !token || position === lastSaved || !media.getAttribute("src")) return;
  lastSaved = position;
  savedAt = Date.now();
  const body = JSON.stringify({ position });
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  fetch(box.dataset.progress, { method: "POST", headers, body, keepalive: leaving }).catch(() => { lastSaved = -1; });
}

media.addEventListener("timeupdate", () => { if (!media.paused && Date.now() - savedAt > SAVE_EVERY) save(); });
for (const moment of ["pause", "ended"]) media.addEventListener(moment, () => save());
addEventListener("pagehide", () => save({ leaving: true }));
document.addEventListener("visibilitychange", () => { if (document.hidden) save({ leaving: true }); });

function remember(name, value) {
  try { localStorage.setItem(`lectern.${name}`, value); } catch { /* private windows may keep nothing */ }
}

function remembered(name) {
  try { return localStorage.getItem(`lectern.${name}`); } catch { return null; }
}

async function showCaptions(track) {
  if (track.src) return;
  track.src = (await ask(track.dataset.play)).url;
}

function prepareCaptions() {
  const wanted = remembered("captions");
  for (const track of media.querySelectorAll("track")) {
    track.track.mode = track.srclang === wanted ? "showing" : "disabled";
    showCaptions(track).catch(() => track.remove());
  }
  media.textTracks?.addEventListener("change", () => {
    const shown = [...media.textTracks].find((track) => track.mode === "showing");
    remember("captions", shown?.language ?? "");
  });
}

function tellTheSystem() {
  if (!("mediaSession" in navigator)) return;
  const artwork = box.dataset.cover ? [{ src: box.dataset.cover }] : [];
  navigator.mediaSession.metadata = new MediaMetadata({ title: box.dataset.title, album: box.dataset.course, artwork });
  const by = (seconds) => () => { media.currentTime += seconds; };
  navigator.mediaSession.setActionHandler("seekbackward", by(-10));
  navigator.mediaSession.setActionHandler("seekforward", by(10));
}

async function begin() {
  start.disabled = true;
  try {
    await open(true);
    start.hidden = true;
    media.controls = true;
    note.hidden = true;
    prepareCaptions();
    tellTheSystem();
    media.focus();
  } catch (error) {
    start.disabled = false;
    refuse(error);
  }
}

media.addEventListener("ratechange", () => { if (!opening && begun) remember("speed", media.playbackRate); });
media.hidden = false;
start.hidden = false;
note.hidden = true;
start.addEventListener("click", begin);
listenToKeys(media, () => (start.hidden ? null : begin()));
