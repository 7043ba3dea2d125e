// How fast it goes, and how many parts are best on their way at once.

const SPAN = 10_000;
const STEP = 250;
const WINDOW = 4000;

// Bytes a second over the last ten seconds.
export class Meter {
  constructor() {
    this.marks = [];
  }

  mark(sent) {
    const at = performance.now();
    const last = this.marks.at(-1);
    if (last && at - last.at < STEP) return;
    this.marks = [...this.marks.filter((mark) => at - mark.at < SPAN), { at, sent }];
  }

  get speed() {
    const [first, last] = [this.marks[0], this.marks.at(-1)];
    if (!first || last.at <= first.at) return 0;
    return Math.max(0, (1000 * (last.sent - first.sent)) / (last.at - first.at));
  }

  forget() {
    this.marks = [];
  }
}

// Lanes that all uploads of a page share: two to six, one more or less every few seconds, in whichever direction it went faster.
export class Lanes {
  constructor({ least = 2, most = 6, allowed = 3 } = {}) {
    Object.assign(this, { least, most, allowed });
    this.taken = 0;
    this.queue = [];
    this.step = 1;
    this.rate = 0;
    this.restart();
  }

  restart() {
    this.began = performance.now();
    this.bytes = 0;
  }

  enter() {
    if (this.taken < this.allowed) {
      this.taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.queue.push(resolve));
  }

  leave() {
    this.taken -= 1;
    this.fill();
  }

  fill() {
    while (this.taken < this.allowed && this.queue.length) {
      this.taken += 1;
      this.queue.shift()();
    }
  }

  // A part has arrived.
  arrived(bytes) {
    this.bytes += bytes;
    const took = performance.now() - this.began;
    if (took < WINDOW) return;
    const rate = this.bytes / took;
    if (rate < this.rate) this.step = -this.step;
    this.rate = rate;
    this.change(this.step);
    this.restart();
  }

  // A part has failed: less at once, whatever the reason.
  failed() {
    this.change(-1);
    this.restart();
  }

  change(by) {
    this.allowed = Math.min(this.most, Math.max(this.least, this.allowed + by));
    this.fill();
  }
}
