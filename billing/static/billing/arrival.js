// Asks how far the checkout has come, and turns this page into the library once access is there.

const page = document.getElementById("arrival");
const address = new URL(window.location.href);
address.searchParams.set("format", "json");
const pauses = { waiting: 1000, pending: 30000 };

async function look() {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.redirected) {
      window.location.reload();
      return;
    }
    const { state, next } = await answer.json();
    if (next) {
      window.location.replace(next);
      return;
    }
    if (state !== page.dataset.state) {
      window.location.reload();
      return;
    }
  } catch {
    // The network may come back; the next look will tell.
  }
  setTimeout(look, pauses[page.dataset.state]);
}

setTimeout(look, pauses[page.dataset.state]);
