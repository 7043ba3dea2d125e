// One file on its way into the bucket: parts in parallel, each signed when it is needed and sent again when it fails.
// The file is never read whole: a part is a slice that the browser streams.

const PARALLEL = 3;
const SIGN_AHEAD = 6;
const TRIES = 8;
const LONGEST_WAIT = 30_000;
const EDGE = 1024 * 1024;

// SHA-256 of the size and of the first and last megabyte: enough to know the same file again without reading it all.
export async function fingerprint(file) {
  if (!crypto.subtle) return `size:${file.size}`;
  const edges = new Blob([String(file.size), file.slice(0, EDGE), file.slice(Math.max(0, file.size - EDGE))]);
  const digest = await crypto.subtle.digest("SHA-256", await edges.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Upload {
  // `begun` is what the server answered to start or progress; `sign(numbers)` asks it for URLs; `progress(state)` is told how it goes.
  constructor(file, begun, { sign, progress }) {
    this.file = file;
    this.begun = begun;
    this.sign = sign;
    this.progress = progress;
    const there = new Set(begun.there || []);
    this.todo = [];
    this.sent = new Map();
    for (let number = 1; number <= begun.parts; number += 1) {
      if (there.has(number)) this.sent.set(number, this.sizeOf(number));
      else this.todo.push(number);
    }
    this.urls = new Map();
    this.requests = new Set();
    this.paused = false;
    this.cancelled = false;
    this.marks = [];
  }

  sizeOf(number) {
    const start = (number - 1) * this.begun.part_size;
    return Math.min(this.begun.part_size, this.begun.size - start);
  }

  // Send every part; resolves to false when it was cancelled. Throws when the server refuses or patience ends.
  async send() {
    const lanes = Math.min(PARALLEL, this.todo.length);
    await Promise.all(Array.from({ length: lanes }, () => this.lane()));
    return !this.cancelled;
  }

  async lane() {
    while (this.todo.length && !this.cancelled) {
      await this.clear();
      const number = this.todo.shift();
      if (number !== undefined && !this.cancelled) await this.part(number);
    }
  }

  async part(number) {
    for (let attempt = 1; ; attempt += 1) {
      await this.clear();
      if (this.cancelled) return;
      const url = await this.urlFor(number);
      await this.clear(); // It may have been paused while the URL was asked for.
      if (this.cancelled) return;
      const { status, retryAfter } = await this.put(number, url);
      if (this.cancelled) return;
      if (status === 200) return;
      this.urls.delete(number); // 403: it may have grown old. Whatever it was, a fresh one does no harm.
      if (this.paused) {
        attempt -= 1;
        continue;
      }
      if (attempt >= TRIES) {
        this.stop();
        throw new Error(status ? `The bucket answered ${status}.` : "");
      }
      if (status === 0) this.report(navigator.onLine ? "unreachable" : "offline");
      await wait(retryAfter || Math.min(LONGEST_WAIT, 500 * 2 ** attempt) * (0.5 + Math.random()));
    }
  }

  // URLs are signed a few at a time when they are needed, so that no upload dies because its last URL grew old.
  async urlFor(number) {
    if (!this.urls.has(number)) {
      const numbers = [number, ...this.todo.filter((other) => !this.urls.has(other))].slice(0, SIGN_AHEAD);
      const answer = await this.sign(numbers);
      if (answer.error) {
        this.stop();
        throw new Error(answer.error);
      }
      const until = Date.now() + 5 * 60_000;
      for (const part of answer.parts) this.urls.set(part.number, { url: part.url, until });
    }
    const { url, until } = this.urls.get(number);
    if (Date.now() < until) return url;
    this.urls.delete(number);
    return this.urlFor(number);
  }

  put(number, url) {
    const start = (number - 1) * this.begun.part_size;
    const request = new XMLHttpRequest();
    this.requests.add(request);
    return new Promise((resolve) => {
      request.upload.onprogress = (event) => this.count(number, event.loaded);
      request.onloadend = () => {
        this.requests.delete(request);
        this.count(number, request.status === 200 ? this.sizeOf(number) : 0);
        const after = request.status ? Number(request.getResponseHeader("Retry-After")) * 1000 : 0;
        resolve({ status: request.status, retryAfter: after });
      };
      request.open("PUT", url);
      // A Blob without a type: the browser then adds no Content-Type that was not signed.
      request.send(new Blob([this.file.slice(start, start + this.sizeOf(number))]));
    });
  }

  count(number, bytes) {
    this.sent.set(number, bytes);
    this.report();
  }

  report(note) {
    const sent = [...this.sent.values()].reduce((sum, bytes) => sum + bytes, 0);
    const now = performance.now();
    this.marks = [...this.marks.filter((mark) => now - mark.at < 10_000), { at: now, sent }];
    const [first] = this.marks;
    const speed = now > first.at ? Math.max(0, (1000 * (sent - first.sent)) / (now - first.at)) : 0;
    this.progress({ sent, size: this.begun.size, speed, note: this.paused ? "paused" : note });
  }

  pause() {
    this.paused = true;
    for (const request of this.requests) request.abort();
    this.report("paused");
  }

  resume() {
    this.paused = false;
    this.marks = [];
  }

  cancel() {
    this.stop();
    this.cancelled = true;
  }

  stop() {
    this.todo = [];
    this.paused = false;
    for (const request of this.requests) request.abort();
  }

  // Wait while it is paused or the machine is offline.
  async clear() {
    while ((this.paused || !navigator.onLine) && !this.cancelled) {
      if (!this.paused) this.report("offline");
      await wait(250);
    }
  }
}

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
