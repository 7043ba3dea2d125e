// One upload as the panel shows it: how far, how fast, and the buttons that do something.
import { progress } from "./upload-words.js";

export class Row {
  constructor(template, job, words, { stop }) {
    this.words = words;
    this.element = template.content.cloneNode(true).firstElementChild;
    this.bar = this.find("progress");
    [this.pause, this.go, this.cancel] = ["pause", "go", "stop"].map((name) => this.find(`[data-${name}]`));
    this.find("[data-name]").textContent = job.file.name;
    this.bar.setAttribute("aria-label", job.file.name);
    this.text(words.waiting);
    this.cancel.onclick = stop;
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  // The upload has begun, so that it can be paused.
  on(upload) {
    this.pause.onclick = () => upload.pause();
    this.go.onclick = () => upload.resume();
    this.pause.hidden = false;
  }

  // It has a page of its own, such as the lesson that was made for it.
  link(address) {
    const link = this.find("[data-page]");
    link.href = address;
    link.hidden = false;
  }

  show(state) {
    this.bar.value = state.size ? state.sent / state.size : 1;
    this.text(state.note ? this.words[state.note] : progress(this.words, state));
    if (state.paused !== this.paused) this.flip(state.paused);
  }

  // The button that was pressed goes away; the one that undoes it is where the person is.
  flip(paused) {
    const had = [this.pause, this.go].includes(document.activeElement);
    this.paused = paused;
    this.pause.hidden = paused;
    this.go.hidden = !paused;
    if (had) (paused ? this.go : this.pause).focus();
  }

  text(words) {
    this.find("[data-text]").textContent = words;
  }

  end(state, sentence) {
    this.element.dataset.state = state;
    this.find(".run-buttons").hidden = true;
    this.bar.value = 1;
    this.bar.hidden = state !== "verifying";
    this.text(sentence);
  }
}
