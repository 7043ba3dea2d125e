// Asking the site for an address. The answer is given only to somebody who may still watch.

const LONGEST_WAIT = 120_000;

// The site has answered, and the answer is no. `next` is where to go; `wait` is when to ask again, in milliseconds, 0 for never.
export class Refused extends Error {
  constructor(message, { next = "", wait = 0 } = {}) {
    super(message);
    this.next = next;
    this.wait = wait;
  }
}

// Return {url, endsAt, life}: the life in milliseconds is counted by the server's own clock, so that a wrong one here does no harm.
export async function ask(url, words) {
  const asked = Date.now();
  const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  const body = await answer.json().catch(() => ({}));
  if (answer.status === 429) {
    const wait = 1000 * (Number(answer.headers.get("Retry-After")) || 60);
    throw new Refused(body.error ?? words.lost, { wait: wait > LONGEST_WAIT ? 0 : wait });
  }
  if ([401, 403, 404].includes(answer.status)) throw new Refused(body.error ?? words.gone, { next: next(body.next) });
  if (!answer.ok) throw new Error(String(answer.status));
  const serverNow = Date.parse(answer.headers.get("Date")) || asked;
  const life = Math.max(Date.parse(body.expires_at) - serverNow, 1_000);
  return { url: body.url, life, endsAt: asked + life };
}

function next(address) {
  return address?.includes("/login/") ? `${address}?next=${encodeURIComponent(location.pathname)}` : address;
}

// Does the bucket give out the bytes? If it does and they cannot be played, another address would not help.
export async function gives(url) {
  try {
    return (await fetch(url, { headers: { Range: "bytes=0-1" }, cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
