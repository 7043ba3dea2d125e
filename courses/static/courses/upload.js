// The files panel of the workshop: what is dropped or chosen there goes straight to the bucket.
import { fingerprint, Upload } from "./upload-transfer.js";

const AT_ONCE = 2;

class Panel {
  constructor(root) {
    this.root = root;
    this.running = root.querySelector("[data-running]");
    this.said = root.querySelector("[data-said]");
    this.item = root.querySelector("template[data-item]");
    this.words = root.querySelector("template[data-words]").dataset;
    this.waiting = [];
    this.active = new Set();
    this.listen();
  }

  listen() {
    this.root.addEventListener("change", (event) => this.chosen(event.target));
    this.root.addEventListener("click", (event) => this.clicked(event.target));
    for (const zone of this.root.querySelectorAll("[data-zone]")) {
      zone.addEventListener("dragover", (event) => {
        event.preventDefault();
        zone.classList.add("over");
      });
      zone.addEventListener("dragleave", () => zone.classList.remove("over"));
      zone.addEventListener("drop", (event) => {
        event.preventDefault();
        zone.classList.remove("over");
        this.add([...event.dataTransfer.files], { role: zone.dataset.zone });
      });
    }
    window.addEventListener("beforeunload", (event) => {
      if (this.active.size || this.waiting.length) event.preventDefault();
    });
  }

  chosen(input) {
    if (input.type !== "file" || !input.files.length) return;
    const files = [...input.files];
    if (input.dataset.resume) this.resume(files[0], input.dataset.resume);
    else if (input.dataset.replace) this.add(files, { file: input.dataset.replace, role: input.dataset.role });
    else this.add(files, { role: input.dataset.role });
    input.value = "";
  }

  async clicked(button) {
    if (!button.dataset.cancel) return;
    const answer = await post(button.dataset.cancel, {});
    if (answer.error) this.say(answer.error);
    else {
      button.closest("li").remove();
      this.say(this.words.cancelled);
    }
  }

  // Natural order, so that "Lesson 2" comes before "Lesson 10".
  add(files, where) {
    files.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    for (const file of files) this.waiting.push({ file, where, row: this.row(file) });
    this.next();
  }

  async resume(file, address) {
    const begun = await get(address);
    if (begun.error) return this.say(begun.error);
    const same = begun.size === file.size && begun.fingerprint === (await fingerprint(file));
    if (!same) return this.say(this.words.other);
    this.waiting.push({ file, begun, row: this.row(file) });
    this.next();
  }

  row(file) {
    const row = this.item.content.cloneNode(true).firstElementChild;
    row.querySelector("[data-name]").textContent = file.name;
    row.querySelector("progress").setAttribute("aria-label", file.name);
    this.running.append(row);
    return row;
  }

  next() {
    while (this.active.size < AT_ONCE && this.waiting.length) {
      const job = this.waiting.shift();
      this.active.add(job);
      this.run(job).finally(() => {
        this.active.delete(job);
        this.next();
      });
    }
  }

  async run({ file, where, begun, row }) {
    const tell = (text) => (row.querySelector("[data-text]").textContent = text);
    try {
      const started = begun || (await this.start(file, where));
      if (started.error) return tell(started.error);
      const upload = new Upload(file, started, {
        sign: (numbers) => post(`${this.root.dataset.start}${started.version}/parts/`, { numbers }),
        progress: (state) => this.show(row, tell, state),
      });
      this.buttons(row, upload);
      const whole = await upload.send();
      if (!whole) {
        const cancelled = await post(`${this.root.dataset.start}${started.version}/cancel/`, {});
        return tell(cancelled.error || this.words.cancelled);
      }
      tell(this.words.checking);
      this.finished(row, tell, await post(`${this.root.dataset.start}${started.version}/finish/`, {}), file);
    } catch (error) {
      tell(error.message || this.words.failed);
      this.say(`${file.name}: ${error.message || this.words.failed}`);
    } finally {
      row.querySelector(".run-buttons").hidden = true;
    }
  }

  async start(file, where) {
    const { publication, lesson } = this.root.dataset;
    return post(this.root.dataset.start, {
      ...where,
      publication: Number(publication),
      lesson: lesson ? Number(lesson) : null,
      name: file.name,
      size: file.size,
      fingerprint: await fingerprint(file),
    });
  }

  finished(row, tell, answer, file) {
    const text = answer.error || answer.problem || this.words.ready;
    row.dataset.state = answer.state || "failed";
    tell(text);
    this.say(`${file.name}: ${text}`);
  }

  buttons(row, upload) {
    const [pause, go, stop] = ["pause", "go", "stop"].map((name) => row.querySelector(`[data-${name}]`));
    const flip = (paused) => {
      pause.hidden = paused;
      go.hidden = !paused;
      (paused ? go : pause).focus();
    };
    pause.onclick = () => { upload.pause(); flip(true); };
    go.onclick = () => { upload.resume(); flip(false); };
    stop.onclick = () => upload.cancel();
    row.querySelector(".run-buttons").hidden = false; // Only now do they do something.
  }

  show(row, tell, { sent, size, speed, note }) {
    row.querySelector("progress").value = sent / size;
    if (note) return tell(this.words[note] || note);
    const left = speed > 0 ? `, ${duration((size - sent) / speed)} ${this.words.left}` : "";
    tell(`${Math.floor((100 * sent) / size)} % · ${bytes(sent)} / ${bytes(size)} · ${bytes(speed)}/s${left}`);
  }

  say(text) {
    this.said.textContent = text;
  }
}

function token() {
  return document.querySelector("input[name=csrfmiddlewaretoken]").value;
}

async function post(address, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
  return answered(fetch(address, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function get(address) {
  return answered(fetch(address));
}

// The server's refusals are sentences; anything else is a failure without one.
async function answered(request) {
  const response = await request;
  const type = response.headers.get("Content-Type") || "";
  if (!type.includes("json")) throw new Error(`${response.status}`);
  return response.json();
}

function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  for (; count >= 1000 && step < units.length - 1; step += 1) count /= 1000;
  return `${count.toFixed(step > 1 ? 1 : 0)} ${units[step]}`;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.ceil(seconds / 3600)} h`;
}

for (const root of document.querySelectorAll(".files-panel")) new Panel(root);
