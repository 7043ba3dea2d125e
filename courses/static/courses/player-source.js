// Plays from addresses that live for minutes. The next one is asked for before the old one ends, and taken into use when nobody sees it:
// at a jump, after a pause, or when the old one fails; then at the same second, over a still of the last picture.
import { ask, gives, Refused } from "./player-ask.js";

const EARLY = 60_000; // A new address is asked for this long before the old one ends, or at half its life.
const PATIENCE = 4_000;
const PAUSES = [1_000, 3_000, 5_000, 10_000, 20_000, 30_000];

export class Source {
  // `tell(words)` says something to the viewer, or nothing any more; `refused(error)` ends it, `broken()` too.
  constructor(media, url, { still, words, tell, refused, broken }) {
    Object.assign(this, { media, url, still, words, tell, refused, broken });
    this.place = 0; // the viewer's second, whatever the player is doing
    this.begun = this.opening = this.asking = this.over = false;
    this.stalled = this.again = 0;
    this.going = false; // what the viewer wants: a browser pauses by itself when a source fails
    this.endsAt = 0;
    this.spare = null;
    this.failures = this.pauses = 0;
    this.failedAt = -Infinity;
    this.listen();
  }

  on(names, act) {
    for (const name of names.split(" ")) this.media.addEventListener(name, act);
  }

  listen() {
    const { media } = this;
    this.on("loadedmetadata", () => this.settle());
    this.on("canplay", () => this.settled());
    this.on("playing seeked", () => { if (!this.opening) this.clearStill(); });
    this.on("timeupdate", () => this.follow());
    this.on("play", () => { this.going = true; if (this.isStale()) this.refresh(); });
    this.on("pause", () => { if (!media.error && !this.opening) this.going = false; });
    this.on("ended", () => { this.going = false; });
    this.on("seeking", () => this.jumped());
    this.on("error", () => this.failed());
    // A browser waits long for a line before it calls it broken.
    this.on("waiting", () => { this.stalled ||= setTimeout(() => this.tell(this.words.lost), PATIENCE); });
    this.on("playing pause", () => this.flows());
    addEventListener("online", () => { if (this.again || this.stalled) this.recover(); });
  }

  flows() {
    if (this.stalled) this.tell("");
    clearTimeout(this.stalled);
    this.stalled = 0;
  }

  // Ask, and begin to play. Throws what stands in the way.
  async open() {
    this.going = true;
    this.use(await this.ask());
  }

  // One address at a time: whoever needs one while it is asked for takes the same.
  ask() {
    this.answer ??= this.fetch().finally(() => { this.answer = null; });
    return this.answer;
  }

  async fetch() {
    const address = await ask(this.url, this.words);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.renew(), Math.max(address.life - EARLY, address.life / 2));
    return address;
  }

  // Put an address under the player, at the viewer's second and speed, going or resting as it was.
  use(address) {
    const { media } = this;
    if (this.begun) this.drawStill();
    this.address = address.url;
    this.endsAt = address.endsAt;
    this.spare = null;
    this.opening = true;
    media.preload = "auto";
    media.src = address.url;
    // A source that cannot be loaded is the error listener's business.
    if (this.going) media.play().catch(() => {});
  }

  settle() {
    const { media } = this;
    if (!this.begun && this.place > media.duration - 3) this.place = 0;
    this.begun = true;
    if (this.place) media.currentTime = this.place;
  }

  settled() {
    if (!this.opening) return;
    // Some players forget a jump that was asked for before they had a picture.
    if (Math.abs(this.media.currentTime - this.place) > 1) this.media.currentTime = this.place;
    this.opening = false;
    this.pauses = 0;
    this.tell("");
    if (this.media.paused && !this.media.seeking) this.clearStill();
  }

  follow() {
    if (this.opening || this.media.readyState === 0 || this.media.error) return;
    this.place = this.media.currentTime;
    if (Math.abs(this.place - this.failedAt) > 1) this.failures = 0;
  }

  isStale() {
    return !this.opening && this.begun && Date.now() > this.endsAt - 1_000;
  }

  isLoaded(second, end = second) {
    const { buffered } = this.media;
    for (let i = 0; i < buffered.length; i++) {
      if (buffered.start(i) <= second && buffered.end(i) >= end - 0.5) return true;
    }
    return false;
  }

  // After a pause that outlived the address: whoever may still watch needs no new one for what is all here.
  refresh() {
    if (this.isLoaded(this.place, this.media.duration)) this.renew();
    else this.recover();
  }

  jumped() {
    if (this.opening) return;
    this.follow();
    if ((this.isStale() || this.spare) && !this.isLoaded(this.place)) this.recover();
  }

  // In time: whether this person may still watch is asked even when the bytes are all here.
  async renew() {
    if (this.over || !this.going || this.asking) return; // A resting player asks again when it is started.
    this.asking = true;
    try {
      const address = await this.ask();
      if (address.url !== this.address) this.spare = address;
    } catch (error) {
      if (error instanceof Refused && !error.wait) return this.end(error);
      // There is time, or what is loaded plays on.
      this.timer = setTimeout(() => this.renew(), error.wait || 5_000);
    } finally {
      this.asking = false;
    }
  }

  failed() {
    if (!this.media.getAttribute("src") || this.over) return;
    this.failures = Math.abs(this.place - this.failedAt) < 1 ? this.failures + 1 : 1;
    this.failedAt = this.place;
    this.opening = true;
    if (this.failures === 1) return this.recover();
    this.examine();
  }

  // A second failure at the same second: is it the line, or the film?
  async examine() {
    if (await gives(this.address)) return this.broken();
    this.later();
  }

  // A fresh address at the same second; while the network is away, again and again, and at once when it is back.
  async recover() {
    clearTimeout(this.again);
    this.again = 0;
    if (this.over || this.recovering) return;
    this.recovering = true;
    try {
      const spare = this.spare?.endsAt > Date.now() + 5_000 ? this.spare : null;
      this.use(spare ?? await this.ask());
    } catch (error) {
      if (error instanceof Refused && !error.wait) this.end(error);
      else this.later(error);
    } finally {
      this.recovering = false;
    }
  }

  later({ wait = 0, message } = {}) {
    this.tell(wait ? message : this.words.lost);
    this.again = setTimeout(() => this.recover(), wait || PAUSES[Math.min(this.pauses++, PAUSES.length - 1)]);
  }

  end(error) {
    this.over = true;
    clearTimeout(this.timer);
    clearTimeout(this.again);
    const { media } = this;
    media.pause();
    media.removeAttribute("src");
    media.load(); // So that nothing is left to be played.
    this.clearStill();
    this.refused(error);
  }

  drawStill() {
    const { still, media } = this;
    if (!still || !media.videoWidth || media.readyState < 2) return;
    still.width = media.videoWidth;
    still.height = media.videoHeight;
    still.getContext("2d").drawImage(media, 0, 0);
    still.hidden = false;
  }

  clearStill() {
    if (this.still) this.still.hidden = true;
  }
}
