// URLs for parts: signed a few at a time when they are needed, so that no upload dies because its last URL grew old.
import { canSum, slice, sum } from "./upload-fingerprint.js";

const AHEAD = 8;
const LOW = 4; // When one of this many that come next has no URL, the next few are summed and signed, while others are on their way.
const EARLY = 60;

export class Urls {
  // `sign(numbers, sums)` asks the server; `next(count)` tells which parts come after this one.
  constructor(file, begun, { sign, next }) {
    Object.assign(this, { file, begun, sign, next });
    this.known = new Map();
    this.sums = new Map();
    this.signing = Promise.resolve();
    this.isAhead = false;
  }

  // Return {url, headers} for a part. One batch is signed at a time; whoever comes meanwhile finds it done.
  async take(number) {
    while (!this.isFresh(number)) await this.more([number, ...this.next(1)]);
    const found = this.known.get(number);
    this.lookAhead();
    return found;
  }

  async lookAhead() {
    if (this.isAhead || this.next(LOW).every((number) => this.isFresh(number))) return;
    this.isAhead = true;
    await this.more(this.next(AHEAD)).catch(() => {}); // Whoever needs one asks again, and hears why.
    this.isAhead = false;
  }

  // After a failure: another one next time.
  drop(number) {
    this.known.delete(number);
  }

  more(numbers) {
    const batch = this.signing.then(() => this.batch(numbers.filter((number) => !this.isFresh(number))));
    this.signing = batch.catch(() => {});
    return batch;
  }

  async batch(numbers) {
    if (!numbers.length) return;
    const asked = Date.now();
    // Where the bucket does not hold parts against their sums, the worker does.
    const sums = canSum(this.file) ? await this.sumsOf(numbers) : [];
    const { parts, seconds } = await this.sign(numbers, sums);
    const until = asked + 1000 * Math.max(seconds - EARLY, seconds / 2);
    for (const part of parts) this.known.set(part.number, { ...part, until });
  }

  async sumsOf(numbers) {
    for (const number of numbers) {
      if (!this.sums.has(number)) this.sums.set(number, await sum(slice(this.file, this.begun, number)));
    }
    return numbers.map((number) => this.sums.get(number));
  }

  isFresh(number) {
    return (this.known.get(number)?.until || 0) > Date.now();
  }
}
