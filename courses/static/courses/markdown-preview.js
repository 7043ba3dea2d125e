// Shows beside a field of Markdown what the site will make of it. The server renders and cleans; the newest answer wins.
const PAUSE = 300;

class Preview {
  constructor(field) {
    this.field = field;
    this.view = field.closest(".markdown").querySelector("[data-preview]");
    this.button = field.closest(".markdown").querySelector("button[name=preview]");
    this.button.hidden = true;
    this.view.hidden = false;
    field.closest(".markdown").classList.add("is-live");
    field.addEventListener("input", () => this.later());
    this.now();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), PAUSE);
  }

  async now() {
    this.asked?.abort();
    this.asked = new AbortController();
    if (!this.field.value.trim()) return this.view.replaceChildren();
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.field.form.elements.csrfmiddlewaretoken.value };
    const body = JSON.stringify({ text: this.field.value });
    try {
      const response = await fetch(this.field.dataset.markdown, { method: "POST", headers, body, signal: this.asked.signal });
      const answer = await response.json();
      if (answer.html !== undefined) this.view.innerHTML = answer.html;
      else this.view.textContent = answer.error;
    } catch (error) {
      if (error.name !== "AbortError") this.button.hidden = false; // The way without us still works.
    }
  }
}

for (const field of document.querySelectorAll("textarea[data-markdown]")) new Preview(field);
