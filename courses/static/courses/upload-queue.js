// The uploads of one panel: two files at a time, in order, and what they amount to together.
import { Away, post } from "./upload-api.js";
import { canSum, fingerprint, opening } from "./upload-fingerprint.js";
import { forget, keep } from "./upload-handles.js";
import { Lanes } from "./upload-speed.js";
import { Upload } from "./upload-transfer.js";

const AT_ONCE = 2;

export class Queue {
  // `address` is where uploads begin; `changed()` is called whenever there is something new to tell.
  constructor(address, changed) {
    Object.assign(this, { address, changed });
    this.waiting = [];
    this.active = new Set();
    this.totals = new Map();
    this.lanes = new Lanes();
    this.starting = Promise.resolve();
    window.addEventListener("online", () => this.active.forEach((job) => job.upload?.wake()));
    window.addEventListener("beforeunload", (event) => {
      if (this.isBusy) event.preventDefault();
    });
  }

  get isBusy() {
    return this.active.size + this.waiting.length > 0;
  }

  // A job has file, handle, and `body` for the server or `begun` of before; its `tell`, `on` and `end` are the row's.
  add(job) {
    this.totals.set(job, { sent: 0, size: job.file.size, speed: 0 });
    this.waiting.push(job);
    this.next();
  }

  next() {
    while (this.active.size < AT_ONCE && this.waiting.length) {
      const job = this.waiting.shift();
      this.active.add(job);
      this.run(job).finally(() => {
        this.active.delete(job);
        this.next();
        this.changed();
      });
    }
    this.changed();
  }

  async run(job) {
    try {
      const begun = (job.begun ||= await this.start(job));
      if (job.cancelled) return await this.cancel(job);
      await keep(begun.version, job.handle);
      job.upload = this.uploadOf(job, begun);
      job.on(job.upload);
      const answer = await job.upload.send();
      if (!answer) return await this.cancel(job);
      await forget(begun.version);
      job.end(answer);
    } catch (error) {
      this.totals.delete(job);
      job.end({ state: "failed", error });
    }
  }

  uploadOf(job, begun) {
    const at = `${this.address}${begun.version}/`;
    return new Upload(job.file, begun, {
      lanes: this.lanes,
      ask: { sign: (numbers, sums) => post(`${at}parts/`, { numbers, sums }), finish: () => post(`${at}finish/`, {}) },
      tell: (state) => {
        this.totals.set(job, state);
        job.tell(state);
        this.changed();
      },
    });
  }

  // One start after the other, so that lessons come in the order of their files.
  start(job) {
    const { file, body } = job;
    const started = this.starting.then(async () =>
      post(this.address, {
        ...body,
        name: file.name,
        size: file.size,
        fingerprint: await fingerprint(file),
        opening: await opening(file),
        sums: canSum(file),
      }),
    );
    this.starting = started.catch(() => {});
    return started;
  }

  async cancel(job) {
    this.totals.delete(job);
    const { version } = job.begun;
    await forget(version);
    for (let tries = 0; ; tries += 1) {
      try {
        return job.end(await post(`${this.address}${version}/cancel/`, {}));
      } catch (error) {
        if (!(error instanceof Away) || tries > 5) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tries));
      }
    }
  }

  // Take a job back that waits, or end one that is on its way.
  stop(job) {
    job.cancelled = true;
    if (this.waiting.includes(job)) {
      this.waiting = this.waiting.filter((other) => other !== job);
      this.totals.delete(job);
      job.end({ state: "aborted" });
      this.changed();
    } else job.upload?.cancel();
  }

  // All files of this page together: how many, how far, how fast.
  get total() {
    const states = [...this.totals.values()];
    const sum = (name) => states.reduce((total, state) => total + state[name], 0);
    const speed = [...this.active].reduce((total, job) => total + (this.totals.get(job)?.speed || 0), 0);
    const done = states.filter((state) => state.sent >= state.size).length;
    return { files: states.length, done, sent: sum("sent"), size: sum("size"), speed };
  }
}
