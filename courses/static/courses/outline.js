// The outline of a course: moved by drag (mouse, pen, finger) and by keyboard, named in place, saved at once, undone.
const SOON = 5; // Pixels that a pointer travels before it drags.
const EDGE = 70;

class Outline {
  constructor(root) {
    this.root = root;
    this.rows = root.querySelector("[data-rows]");
    this.said = root.querySelector("[data-said]");
    this.undoButton = root.querySelector("[data-undo]");
    this.undos = [];
    this.last = Promise.resolve();
    this.drag = null;
    root.classList.add("is-live");
    for (const hint of root.querySelectorAll(".only-js")) hint.hidden = false;
    this.listen();
  }

  listen() {
    this.root.addEventListener("submit", (event) => this.submitted(event));
    this.root.addEventListener("change", (event) => this.named(event.target));
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.undoButton.addEventListener("click", () => this.undo());
    this.rows.addEventListener("pointerdown", (event) => this.press(event));
    this.rows.addEventListener("pointermove", (event) => this.pull(event));
    this.rows.addEventListener("pointerup", () => this.drop());
    this.rows.addEventListener("pointercancel", () => this.letGo());
    // Uploads make lessons, and fill them.
    document.addEventListener("page-anew", ({ detail: page }) => {
      const fresh = page.querySelector("[data-outline] [data-rows]");
      if (fresh && !this.drag) this.show(fresh.innerHTML, document.activeElement?.dataset.key);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.drag) this.letGo();
      const typing = event.target.closest("input:not([type=hidden]), textarea, select");
      if (event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !typing && this.undos.length) {
        event.preventDefault();
        this.undo();
      }
    });
  }

  // --- What is asked, one after the other, so that quick fingers cannot overtake themselves.

  ask(what, focus, { isUndo = false } = {}) {
    this.last = this.last.then(() => this.send(what, focus, isUndo));
    return this.last;
  }

  async send(what, focus, isUndo) {
    let answer;
    try {
      const token = this.root.querySelector("input[name=csrfmiddlewaretoken]").value;
      const headers = { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" };
      const response = await fetch(this.root.dataset.outline, { method: "POST", headers, body: JSON.stringify(what) });
      answer = await response.json();
    } catch {
      return this.failed();
    }
    if (answer.html) this.show(answer.html, focus || (answer.row && `${answer.row}-grip`));
    if (answer.undo && !isUndo) this.undos.push(answer.undo);
    this.undoButton.hidden = !this.undos.length;
    this.say(answer.error || (isUndo ? `${this.root.dataset.undone} ${answer.said}` : answer.said), Boolean(answer.error));
  }

  failed() {
    this.say(this.root.dataset.failed, true);
  }

  // The rows come anew from the server, with what others did meanwhile; the place of the keyboard, and words half typed, stay.
  show(html, focus) {
    const active = this.rows.contains(document.activeElement) ? document.activeElement : null;
    const kept = active && active.matches("input") ? { key: active.dataset.key, value: active.value, was: active.defaultValue } : null;
    this.rows.innerHTML = html;
    const wanted = kept && kept.key !== focus && kept.value !== kept.was ? kept.key : focus;
    const found = wanted && this.rows.querySelector(`[data-key="${wanted}"]`);
    if (found && kept && kept.key === wanted && kept.value !== kept.was) found.value = kept.value;
    // A button that has come to its end cannot hold the focus; its row's grip can.
    const holder = found && found.disabled ? found.closest("[data-row]").querySelector("[data-grip]") : found;
    holder?.focus({ preventScroll: false });
  }

  undo() {
    const what = this.undos.pop();
    const key = what && what.id ? `${what.kind}-${what.id}-grip` : "";
    if (what) this.ask(what, key, { isUndo: true });
  }

  say(words, isError = false) {
    this.said.textContent = "";
    this.said.classList.toggle("is-error", isError);
    this.said.parentElement.classList.toggle("is-telling", Boolean(words));
    requestAnimationFrame(() => (this.said.textContent = words));
  }

  // --- Buttons, fields and keys.

  submitted(event) {
    const form = event.target;
    event.preventDefault();
    const what = Object.fromEntries(new FormData(form, event.submitter));
    delete what.csrfmiddlewaretoken;
    // Enter in a field presses the form's first button, which names.
    if (what.do !== "add" && what.do !== "rename") delete what.title;
    const focus = event.submitter?.dataset.key || document.activeElement?.dataset.key;
    if (what.do === "rename") return this.named(form.elements.title);
    if (what.do !== "add") return this.ask(what, what.do === "remove" ? "add-section" : focus);
    const field = form.elements.title;
    field.value = "";
    field.defaultValue = "";
    this.ask(what, what.kind === "section" ? "add-section" : field.dataset.key === "add-lesson-first" ? "" : field.dataset.key);
  }

  named(field) {
    if (!field.classList.contains("o-title") || field.value.trim() === field.defaultValue.trim()) return;
    if (!field.value.trim()) {
      field.value = field.defaultValue;
      return;
    }
    const form = field.form;
    const what = { do: "rename", kind: form.elements.kind.value, id: form.elements.id.value, title: field.value };
    field.defaultValue = field.value;
    this.ask(what, document.activeElement?.dataset.key || field.dataset.key);
  }

  key(event) {
    const grip = event.target.closest("[data-grip]");
    if (event.target.matches(".o-title") && event.key === "Escape") event.target.value = event.target.defaultValue;
    if (!grip || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const { kind, id } = grip.form.elements;
    this.ask({ do: event.key === "ArrowUp" ? "up" : "down", kind: kind.value, id: id.value }, grip.dataset.key);
  }

  // --- Dragging: the row itself moves in the list while the pointer does, so that what is seen is what will be.

  press(event) {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button !== 0) return;
    const row = grip.closest(".o-lesson") || grip.closest(".o-section");
    this.drag = { grip, row, y: event.clientY, moving: false, from: row.parentElement, next: row.nextElementSibling };
    // Held by the list, which stays, and not by the row, which moves: a node that is moved loses the pointer.
    this.rows.setPointerCapture(event.pointerId);
    this.drag.pointer = event.pointerId;
  }

  pull(event) {
    const drag = this.drag;
    if (!drag) return;
    if (!drag.moving && Math.abs(event.clientY - drag.y) < SOON) return;
    if (!drag.moving) {
      drag.moving = true;
      drag.row.classList.add("is-dragged");
      this.root.classList.add("is-dragging");
    }
    if (event.clientY < EDGE) window.scrollBy(0, -14);
    else if (event.clientY > window.innerHeight - EDGE) window.scrollBy(0, 14);
    if (drag.row.classList.contains("o-section")) place(drag.row, this.rows.querySelector(".o-sections"), ".o-section", event.clientY);
    else {
      const section = nearest([...this.rows.querySelectorAll(".o-section")], event.clientY);
      place(drag.row, section.querySelector(".o-lessons"), ".o-lesson", event.clientY);
    }
  }

  drop() {
    const drag = this.end();
    if (!drag?.moving) return drag?.grip.focus();
    const { row } = drag;
    if (row.parentElement === drag.from && row.nextElementSibling === drag.next) return drag.grip.focus();
    const isLesson = row.classList.contains("o-lesson");
    const pk = (element) => element && Number(isLesson ? element.dataset.lesson : element.dataset.section);
    const what = { do: "move", kind: isLesson ? "lesson" : "section", id: pk(row), after: pk(row.previousElementSibling) ?? null };
    if (isLesson) what.section = Number(row.closest(".o-section").dataset.section);
    this.ask(what, drag.grip.dataset.key).then(() => this.said.classList.contains("is-error") && row.isConnected && this.putBack(drag));
  }

  letGo() {
    const drag = this.end();
    if (!drag?.moving) return;
    this.putBack(drag);
    this.say(this.root.dataset.cancelled);
  }

  putBack({ row, from, next, grip }) {
    from.insertBefore(row, next);
    grip.focus();
  }

  end() {
    const drag = this.drag;
    this.drag = null;
    this.root.classList.remove("is-dragging");
    drag?.row.classList.remove("is-dragged");
    if (drag && this.rows.hasPointerCapture(drag.pointer)) this.rows.releasePointerCapture(drag.pointer);
    return drag;
  }
}

// Put `row` into `list` before the first sibling whose middle lies below `y`.
function place(row, list, selector, y) {
  const others = [...list.children].filter((each) => each !== row && each.matches(selector));
  const below = others.find((each) => y < middle(each)) || null;
  const after = below ? below.previousElementSibling === row : list.lastElementChild === row;
  if (!after || row.parentElement !== list) list.insertBefore(row, below);
}

function nearest(sections, y) {
  const inside = sections.find((each) => y <= each.getBoundingClientRect().bottom);
  return inside || sections[sections.length - 1];
}

function middle(element) {
  const { top, height } = element.getBoundingClientRect();
  return top + height / 2;
}

for (const root of document.querySelectorAll("[data-outline]")) new Outline(root);
