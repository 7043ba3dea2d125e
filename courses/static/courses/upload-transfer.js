// One file on its way into the bucket: parts in parallel, each signed when it is needed and sent again when it fails.
// The file is never read whole: a part is a slice that the browser streams.
import { Away } from "./upload-api.js";
import { slice } from "./upload-fingerprint.js";
import { Meter } from "./upload-speed.js";
import { Urls } from "./upload-urls.js";

const LONGEST_WAIT = 60_000;
const STALLED = 60_000;
const REFUSALS = 5;
const ROUNDS = 3;
const REPORT_EVERY = 200;

export class Upload {
  // `begun` is what the server answered to start or progress; `ask` has sign(numbers, sums) and finish(); `tell(state)` hears how it goes.
  constructor(file, begun, { ask, lanes, tell }) {
    Object.assign(this, { file, begun, ask, lanes, tell });
    this.arrived = 0;
    this.todo = [];
    for (let number = 1; number <= begun.parts; number += 1) {
      if (number in begun.there) this.arrived += this.sizeOf(number);
      else this.todo.push(number);
    }
    this.moving = new Map();
    this.requests = new Set();
    this.refusals = new Map();
    this.meter = new Meter();
    this.urls = new Urls(file, begun, { sign: ask.sign, next: (count) => this.todo.slice(0, count) });
    this.failures = this.notBefore = this.reported = 0;
    this.paused = this.over = this.cancelled = false;
    this.why = "paused";
  }

  sizeOf(number) {
    return slice(this.file, this.begun, number).size;
  }

  get sent() {
    return this.arrived + [...this.moving.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  // Send every part and finish. Returns what the server says of the whole, or null when it was cancelled; throws what cannot be mended.
  async send() {
    for (let round = 1; ; round += 1) {
      await this.all();
      if (this.cancelled) return null;
      try {
        return await this.patiently(() => this.ask.finish());
      } catch (error) {
        if (this.cancelled) return null;
        if (!error.missing || round >= ROUNDS) throw error;
        this.again(error.missing);
      }
    }
  }

  // The bucket does not have these after all.
  again(numbers) {
    this.todo = numbers;
    for (const number of numbers) this.arrived -= this.sizeOf(number);
  }

  async all() {
    this.over = false;
    this.lanes.restart();
    const lanes = Math.min(this.lanes.most, this.todo.length);
    try {
      await Promise.all(Array.from({ length: lanes }, () => this.lane()));
    } finally {
      this.stop();
    }
  }

  async lane() {
    while (await this.clear()) {
      await this.lanes.enter();
      try {
        if (this.isHeld()) continue;
        const number = this.todo.shift();
        if (number === undefined) return;
        await this.part(number);
      } catch (error) {
        this.stop();
        throw error;
      } finally {
        this.lanes.leave();
      }
    }
  }

  async part(number) {
    let status = 0, retryAfter = 0;
    this.moving.set(number, 0);
    try {
      const signed = await this.urls.take(number);
      if (!this.isHeld()) ({ status, retryAfter } = await this.put(number, signed));
      if (status === 0 && !this.isHeld()) await slice(this.file, this.begun, number).slice(0, 1).arrayBuffer(); // Still readable?
    } catch (error) {
      if (error.signedOut) this.pause("signedOut");
      else if (!(error instanceof Away)) throw error;
      retryAfter = error.retryAfter;
    } finally {
      this.moving.delete(number);
    }
    if (status === 200) return this.done(number);
    this.todo = [number, ...this.todo].sort((a, b) => a - b);
    this.urls.drop(number); // It may have grown old. Whatever it was, a fresh one does no harm.
    if (!this.paused && !this.over) this.failed(number, status, retryAfter);
  }

  done(number) {
    this.arrived += this.sizeOf(number);
    this.failures = 0;
    this.refusals.delete(number);
    this.lanes.arrived(this.sizeOf(number));
    this.report();
  }

  failed(number, status, retryAfter) {
    const refusals = (this.refusals.get(number) || 0) + (status >= 400 && status < 500 && status !== 429);
    this.refusals.set(number, refusals);
    if (status === 404) throw Object.assign(new Error(""), { gone: true });
    if (refusals >= REFUSALS) {
      this.refusals.delete(number);
      return this.pause("refused");
    }
    if (status === 403 && refusals === 1) return; // Too old by now: a fresh URL, at once.
    this.lanes.failed();
    this.hold(retryAfter);
    if (navigator.onLine) this.report(status ? "busy" : "unreachable");
  }

  // Wait before anything else is begun: as long as was asked for, else longer each time, and never the same for many at once.
  hold(retryAfter) {
    this.failures += 1;
    const wait = retryAfter ? retryAfter * 1000 : Math.min(LONGEST_WAIT, 250 * 2 ** this.failures);
    this.notBefore = Date.now() + wait * (retryAfter ? 1 + Math.random() / 4 : 0.5 + Math.random());
  }

  put(number, { url, headers }) {
    const request = new XMLHttpRequest();
    const body = slice(this.file, this.begun, number);
    this.requests.add(request);
    return new Promise((resolve) => {
      let stalled = setTimeout(() => request.abort(), STALLED);
      request.upload.onprogress = (event) => {
        clearTimeout(stalled);
        stalled = setTimeout(() => request.abort(), STALLED);
        this.moving.set(number, event.loaded);
        this.progress();
      };
      request.onloadend = () => {
        clearTimeout(stalled);
        this.requests.delete(request);
        const retryAfter = request.status >= 429 ? Number(request.getResponseHeader("Retry-After")) || 0 : 0;
        resolve({ status: request.status, retryAfter });
      };
      request.open("PUT", url);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.send(body);
    });
  }

  // Browsers tell of every lane twenty times a second; nobody reads so fast.
  progress() {
    if (performance.now() - this.reported > REPORT_EVERY) this.report();
  }

  report(note) {
    this.reported = performance.now();
    this.meter.mark(this.sent);
    const state = { sent: this.sent, size: this.begun.size, speed: this.meter.speed };
    this.tell({ ...state, paused: this.paused, note: this.paused ? this.why : note });
  }

  // `why` names the words for it: the person's own wish, or something that only they can mend.
  pause(why = "paused") {
    this.paused = true;
    this.why = why;
    for (const request of this.requests) request.abort();
    this.meter.forget();
    this.report();
  }

  resume() {
    this.paused = false;
    this.wake();
    this.meter.forget();
    this.report();
  }

  cancel() {
    this.cancelled = true;
    this.paused = false;
    this.stop();
  }

  stop() {
    this.over = true;
    for (const request of this.requests) request.abort();
  }

  isHeld() {
    return this.paused || this.over || !navigator.onLine || Date.now() < this.notBefore;
  }

  // The line is back: no reason to wait any longer.
  wake() {
    this.notBefore = this.failures = 0;
  }

  // Wait while it is paused, the machine is offline or a failure is fresh, and while what is on its way may still come back.
  // Returns whether there is a part to send.
  async clear() {
    while (!this.over && (this.isHeld() || !this.todo.length)) {
      if (!this.todo.length && !this.moving.size) return false;
      if (!this.paused && !navigator.onLine) this.report("offline");
      await wait(50);
    }
    return !this.over;
  }

  // Ask the site until it answers.
  async patiently(ask) {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (this.cancelled || !(error.signedOut || error instanceof Away)) throw error;
        if (error.signedOut) this.pause("signedOut");
        else this.hold(error.retryAfter);
        while ((this.paused || Date.now() < this.notBefore) && !this.cancelled) await wait(100);
      }
    }
  }
}

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
