// Keeps the viewer's place, at most ten seconds behind at any speed. What could not be sent is sent later, with its age, so that it never undoes
// what another device has seen since.
const EVERY = 8_000;
const FAR = 8; // seconds of the film

export class Place {
  constructor(url, token, completed) {
    Object.assign(this, { url, token, completed });
    this.saved = -1;
    this.savedAt = 0;
    this.sending = null;
    this.wanted = false;
    this.seen = null;
    addEventListener("online", () => this.save());
  }

  // Where the viewer is now. Sent when the last word is eight seconds old, or eight seconds of the film away, which at double speed is sooner.
  note(position, duration) {
    this.seen = { position: Math.round(position * 10) / 10, duration: Math.round(duration * 10) / 10 || 0, at: Date.now() };
    const since = Date.now() - this.savedAt;
    if (since > EVERY || (since > EVERY / 4 && Math.abs(this.seen.position - this.saved) > FAR)) this.save();
  }

  body() {
    const { position, duration, at } = this.seen;
    const ago = Math.max(0, Math.round((Date.now() - at) / 100) / 10);
    return new URLSearchParams({ position, duration, ago, csrfmiddlewaretoken: this.token });
  }

  isNews() {
    return this.url && this.seen && this.seen.position !== this.saved;
  }

  // One word after the other, so that none overtakes; resolves when the last is heard.
  save() {
    this.wanted = this.isNews();
    if (this.wanted) this.sending ??= this.send().finally(() => { this.sending = null; });
    return this.sending ?? Promise.resolve();
  }

  async send() {
    while (this.wanted) {
      this.wanted = false;
      const { position } = this.seen;
      this.savedAt = Date.now();
      try {
        const answer = await fetch(this.url, { method: "POST", body: this.body() });
        if (!answer.ok) return;
        this.saved = position;
        const told = await answer.json();
        if (told.of) this.completed(told);
      } catch { // No network: the next word brings it.
        return;
      }
    }
  }

  // The page may be gone before an answer comes: this is sent without waiting for one.
  leave() {
    if (!this.isNews()) return;
    if (navigator.sendBeacon(this.url, this.body())) this.saved = this.seen.position;
  }

  // Where another device has been since this page was made.
  async known() {
    if (!this.url) return null;
    const answer = await fetch(this.url, { cache: "no-store", headers: { Accept: "application/json" } });
    return answer.ok ? (await answer.json()).position : null;
  }
}
