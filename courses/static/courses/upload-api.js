// How the upload modules speak to the site. Its refusals are sentences (Refused); whatever is worth asking again is Away.

export class Refused extends Error {
  constructor(message, { missing, signedOut } = {}) {
    super(message);
    this.missing = missing;
    this.signedOut = signedOut;
  }
}

export class Away extends Error {
  constructor(retryAfter) {
    super("");
    this.retryAfter = retryAfter;
  }
}

export function get(address) {
  return answered(() => fetch(address, { redirect: "manual" }));
}

export function post(address, body) {
  return answered(() => {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": field().value };
    return fetch(address, { method: "POST", redirect: "manual", headers, body: JSON.stringify(body) });
  });
}

async function answered(ask, again = true) {
  let response;
  try {
    response = await ask();
  } catch {
    throw new Away(0);
  }
  if (response.type === "opaqueredirect") throw new Refused("", { signedOut: true });
  if (isJSON(response)) return read(response);
  if (response.status === 403 && again) {
    await renewToken();
    return answered(ask, false);
  }
  if (response.status >= 500 || response.status === 429) throw new Away(seconds(response));
  throw new Refused(`${response.status}`);
}

async function read(response) {
  const answer = await response.json();
  if (response.status === 502) throw new Away(0);
  if (answer.error) throw new Refused(answer.error, { missing: answer.missing });
  return answer;
}

// Signing in anew in another window changes the token: this page then takes the new one from itself.
async function renewToken() {
  const page = await fetch(location.href, { redirect: "manual" });
  if (page.type === "opaqueredirect") throw new Refused("", { signedOut: true });
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
  const input = fresh.querySelector("input[name=csrfmiddlewaretoken]");
  if (input) field().value = input.value;
}

function field() {
  return document.querySelector("input[name=csrfmiddlewaretoken]");
}

function isJSON(response) {
  return (response.headers.get("Content-Type") || "").includes("json");
}

function seconds(response) {
  return Number(response.headers.get("Retry-After")) || 0;
}
