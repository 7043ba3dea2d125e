// The files panel: what is dropped or chosen becomes a row, and what the page listed before goes on where it stopped.
import { get, post } from "./upload-api.js";
import { isSame } from "./upload-fingerprint.js";
import { open, recall } from "./upload-handles.js";
import { chosen, dropped, inOrder, pick } from "./upload-picking.js";
import { Queue } from "./upload-queue.js";
import { Row } from "./upload-row.js";
import { watch } from "./upload-watch.js";
import { progress, trouble } from "./upload-words.js";

const ANNOUNCE_EVERY = 20_000;

export class Panel {
  constructor(root) {
    this.root = root;
    this.running = root.querySelector("[data-running]");
    this.said = root.querySelector("[data-said]");
    this.total = root.querySelector("[data-total]");
    this.item = root.querySelector("template[data-item]");
    this.words = root.querySelector("template[data-words]").dataset;
    this.queue = new Queue(root.dataset.start, () => this.summarize());
    this.announced = performance.now();
    this.shown = Promise.resolve();
    this.next = null;
    root.addEventListener("change", (event) => this.changed(event.target));
    root.addEventListener("click", (event) => this.clicked(event));
    for (const zone of root.querySelectorAll("[data-zone]")) this.welcome(zone);
    this.goOn();
  }

  welcome(zone) {
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", async (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      this.add(await dropped(event.dataTransfer), zone.querySelector("input").dataset);
    });
  }

  changed(input) {
    if (input.type !== "file" || !input.files.length) return;
    this.take(chosen(input), input);
    input.value = "";
  }

  async clicked(event) {
    const { target } = event;
    if (target.type === "file" && window.showOpenFilePicker) {
      event.preventDefault();
      const picked = await pick(target);
      if (picked?.length) this.take(picked, target);
    }
    if (target.dataset.cancel) await this.tried(() => this.cancel(target));
    if (target.dataset.recall) await this.tried(() => this.recall(target.dataset.recall, { ask: true }));
  }

  take(picked, input) {
    if (input.dataset.resume) this.tried(() => this.resume(picked[0], input.dataset.resume));
    else this.add(picked, input.dataset);
  }

  add(picked, { role, replace }) {
    const { publication, lesson } = this.root.dataset;
    const place = replace ? { file: replace } : role === "lessons" ? { as_lesson: true } : { role };
    const body = { ...place, publication: Number(publication), lesson: lesson ? Number(lesson) : null };
    for (const each of inOrder(picked)) this.begin({ ...each, body });
  }

  begin(job) {
    const row = new Row(this.item, job, this.words, { stop: () => this.queue.stop(job) });
    this.running.append(row.element);
    job.tell = (state) => row.show(state);
    job.on = (upload) => {
      row.on(upload);
      if (!job.body?.as_lesson) return;
      row.link(job.begun.page);
      this.tried(() => this.refresh());
    };
    job.end = (answer) => this.ended(job, row, answer);
    this.queue.add(job);
  }

  async ended(job, row, answer) {
    try {
      if (answer.state === "verifying") {
        row.end("verifying", this.words.checking);
        answer = await watch(this.addressOf(answer.version), this.words, (text) => row.text(text));
      }
    } catch (error) {
      answer = { state: "failed", error };
    }
    const sentence = this.sentence(answer);
    row.end(answer.state, sentence);
    this.say(`${job.file.name}: ${sentence}`);
    if (answer.state !== "aborted") await this.refresh();
  }

  sentence(answer) {
    if (answer.error) return trouble(this.words, answer.error);
    return answer.state === "aborted" ? this.words.cancelled : answer.problem || this.words.ready;
  }

  // --- What the page listed before ---------------------------------------------------------------

  // Go on by itself with what the browser still has a handle for, and wait for checks that are still going on.
  async goOn() {
    for (const item of this.root.querySelectorAll(".file[data-state=uploading]")) {
      await this.tried(() => this.recall(item.dataset.version, {}));
    }
    for (const item of this.root.querySelectorAll(".file[data-state=verifying]")) {
      const text = item.querySelector(".state");
      watch(this.addressOf(item.dataset.version), this.words, (said) => (text.textContent = said)).then(
        () => this.refresh(),
        () => {},
      );
    }
  }

  async recall(version, { ask }) {
    const handle = await recall(Number(version));
    const file = handle && (await open(handle, { ask }));
    if (file) return this.resume({ file, handle }, this.addressOf(version));
    const button = this.root.querySelector(`[data-recall="${version}"]`);
    if (handle && button) button.hidden = false;
  }

  async resume({ file, handle }, address) {
    const begun = await get(address);
    if (begun.state !== "uploading") return this.refresh();
    this.say(this.words.comparing);
    if (!(await isSame(file, begun))) return this.say(this.words.other);
    this.say(this.words.same);
    this.begin({ file, handle, begun });
    this.hideActive();
  }

  async cancel(button) {
    await post(button.dataset.cancel, {});
    button.closest("li").remove();
    this.say(this.words.cancelled);
  }

  // Show the list as the server has it now, and whatever else of the page follows from it. One page at a time is asked for;
  // all who come meanwhile share the one after it.
  refresh() {
    this.next ??= this.shown.catch(() => {}).then(() => {
      this.next = null;
      return (this.shown = this.show());
    });
    return this.next;
  }

  async show() {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const fresh = page.querySelector(".files-panel[data-start] .files");
    if (!fresh) return; // Signed out meanwhile.
    this.root.querySelector(".files").replaceWith(fresh);
    this.hideActive();
    for (const old of document.querySelectorAll("[data-anew]")) {
      const now = page.querySelector(`[data-anew="${old.dataset.anew}"]`);
      if (now) old.replaceWith(now);
    }
    document.dispatchEvent(new CustomEvent("page-anew", { detail: page }));
  }

  // What this page is at work on is no interrupted upload.
  hideActive() {
    for (const { begun } of this.queue.active) {
      const item = begun && this.root.querySelector(`.file[data-version="${begun.version}"]`);
      if (item) item.hidden = true;
    }
  }

  // --- What is told ------------------------------------------------------------------------------

  summarize() {
    const total = this.queue.total;
    this.total.hidden = !this.queue.isBusy;
    if (!this.queue.isBusy) return;
    const text = `${total.done} / ${total.files} · ${progress(this.words, total)}`;
    this.total.textContent = text;
    if (performance.now() - this.announced < ANNOUNCE_EVERY) return;
    this.announced = performance.now();
    this.say(text);
  }

  say(text) {
    this.said.textContent = text;
  }

  async tried(act) {
    try {
      await act();
    } catch (error) {
      this.say(trouble(this.words, error));
    }
  }

  addressOf(version) {
    return `${this.root.dataset.start}${version}/`;
  }
}
