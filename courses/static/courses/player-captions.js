// Captions: in the language that was chosen last, fetched when they are first shown. A recording shows them as words under its bar.
import { ask } from "./player-ask.js";
import { remember, remembered } from "./player-memory.js";

export class Captions {
  constructor(media, { select, line, words }) {
    Object.assign(this, { media, select, line, words });
    this.elements = [...media.querySelectorAll("track")];
    this.shown = line ? "hidden" : "showing"; // An audio element has nowhere to show them by itself.
    if (!this.elements.length) return;
    media.textTracks.addEventListener("change", () => this.changed());
    select?.addEventListener("change", () => this.show(select.value));
    for (const element of this.elements) {
      element.addEventListener("error", () => this.fetch(element));
      if (line) element.track.addEventListener("cuechange", () => this.write(element.track));
    }
  }

  // To be called when playing begins.
  begin() {
    this.show(remembered("captions") ?? "", { keep: false });
  }

  get current() {
    return this.elements.find((element) => element.track.mode === this.shown);
  }

  show(language, { keep = true } = {}) {
    for (const element of this.elements) element.track.mode = element.srclang === language ? this.shown : "disabled";
    if (keep) remember("captions", language);
    this.changed();
  }

  // The next language, or none after the last; returns its name.
  turn() {
    if (!this.elements.length) return this.words.none;
    const next = this.elements[this.elements.indexOf(this.current) + 1];
    this.show(next?.srclang ?? "");
    return next?.label ?? this.words.off;
  }

  // By us, or by the browser's own menu.
  changed() {
    const { current } = this;
    if (current && !current.src) this.fetch(current);
    if (this.select) this.select.value = current?.srclang ?? "";
    if (this.line && !current) this.line.hidden = true;
    if (this.menu !== undefined && this.menu !== (current?.srclang ?? "")) remember("captions", current?.srclang ?? "");
    this.menu = current?.srclang ?? "";
  }

  // Whatever went wrong with an address, a second one is tried; captions are no reason to stop a film.
  async fetch(element) {
    element.tries = (element.tries ?? 0) + 1;
    if (element.tries > 2) return;
    try {
      element.src = (await ask(element.dataset.play, this.words)).url;
    } catch {
      element.tries = 0;
    }
  }

  write(track) {
    const cues = [...(track.activeCues ?? [])];
    this.line.replaceChildren(...cues.map((cue) => cue.getCueAsHTML()));
    this.line.hidden = !cues.length;
  }
}
