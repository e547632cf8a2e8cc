// Modals and confirm dialogs over the phone: the focus stays inside, Escape closes.

import { blocks, words } from "./blocks.js";
import { tooLong, values } from "./elements.js";
import { h } from "./dom.js";
import { Pressed } from "./pressed.js";

const CONTROLS = "a[href], button:not([disabled]), input, select, textarea";

export class Modals {
  // `does`: {submit, close} are the phone's.
  constructor(root, below, space, desk, does) {
    this.root = root;
    this.below = below;
    this.space = space;
    this.desk = desk;
    this.does = does;
    this.pressed = new Pressed(root, () => this.show());
    this.shown = "";
    this.errors = {};
    this.before = null;
    this.asking = false;
    root.addEventListener("keydown", (event) => this.key(event));
  }

  // Draws the topmost view of the stack.
  // A question stays until it is answered: whatever is drawn meanwhile comes after it.
  show() {
    if (this.asking || this.pressed.on) return;
    const view = this.space.views.at(-1);
    const errors = view ? { ...view.errors, ...this.errors } : {};
    const raw = JSON.stringify([view, errors]);
    if (raw === this.shown) return;
    this.shown = raw;
    this.close = view ? () => this.does.close(view) : null;
    if (!view) return this.leave();
    const same = this.view?.id === view.id;
    const kept = same ? values(this.root) : {};
    const at = same && this.root.contains(document.activeElement) ? document.activeElement.dataset.focus : "";
    this.view = view;
    const node = this.draw(view, errors);
    refill(node, kept);
    this.open(node, at);
  }

  draw(view, errors) {
    const send = async (event) => {
      event.preventDefault();
      const wrong = tooLong(form);
      if (wrong) return wrong.focus();
      const button = form.querySelector(".submit");
      if (button) button.disabled = true;
      this.errors = {};
      await this.does.submit(view, values(form), (found) => { this.errors = found; });
      if (button) button.disabled = false;
    };
    const form = h("form", { class: "sheet", data: { view: view.id }, role: "dialog", "aria-modal": "true", "aria-labelledby": "modal-title", novalidate: true, onsubmit: send },
      h("header", {},
        h("h3", { id: "modal-title" }, view.title ?? "opsbot"),
        h("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => this.close?.() }, "✕")),
      h("div", { class: "blocks" }, blocks(view.blocks, this.desk({ view }), errors)),
      h("footer", {},
        h("button", { type: "button", class: "button", onclick: () => this.close?.() }, view.close ?? "Close"),
        view.submit ? h("button", { type: "submit", class: "button primary submit" }, view.submit) : null),
    );
    return form;
  }

  // A form covers the place where what goes wrong is said.
  tell(text) {
    this.root.querySelector(".lost")?.remove();
    if (text) this.root.querySelector("footer")?.before(h("p", { class: "error lost", role: "alert" }, text));
  }

  // Asks before a button with a `confirm` object acts; resolves to true or false.
  confirm(spec, names) {
    return new Promise((resolve) => {
      const answer = (yes) => {
        this.asking = false;
        this.close = null;
        this.leave();
        this.shown = "";
        this.show();
        resolve(yes);
      };
      this.asking = true;
      this.close = () => answer(false);
      this.open(h("div", { class: "sheet small", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "confirm-title" },
        h("h3", { id: "confirm-title" }, spec.title?.text ?? "Are you sure?"),
        h("div", { class: "words" }, words(spec.text, { names })),
        h("footer", {},
          h("button", { type: "button", class: "button", onclick: () => answer(false) }, spec.deny?.text ?? "Cancel"),
          h("button", { type: "button", class: `button ${spec.style ?? "primary"}`, onclick: () => answer(true) }, spec.confirm?.text ?? "Yes"))));
    });
  }

  // `at`: the control that had the focus before it was drawn again.
  open(node, at = "") {
    if (this.root.hidden) this.before = document.activeElement;
    this.root.replaceChildren(node);
    this.root.hidden = false;
    this.below.inert = true;
    const first = node.querySelector("[aria-invalid]")
      ?? (at ? node.querySelector(`[data-focus="${CSS.escape(at)}"]`) : null)
      ?? node.querySelector(".blocks input, .blocks select, .blocks textarea");
    (first ?? node.querySelector("footer button:last-child"))?.focus();
  }

  leave() {
    this.root.hidden = true;
    this.root.replaceChildren();
    this.below.inert = false;
    this.view = null;
    this.errors = {};
    if (this.before?.isConnected) this.before.focus({ preventScroll: true });
    this.before = null;
  }

  key(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.close?.();
    }
    if (event.key !== "Tab") return;
    const all = [...this.root.querySelectorAll(CONTROLS)];
    const [first, last] = [all[0], all.at(-1)];
    const leaving = event.shiftKey ? document.activeElement === first : document.activeElement === last;
    if (!leaving) return;
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  }
}

// What was typed survives a redraw of the same view.
function refill(root, kept) {
  for (const node of root.querySelectorAll("[data-block]")) {
    const value = kept[node.dataset.block]?.[node.dataset.action];
    if (value === undefined) continue;
    if (node.writeValue) node.writeValue(value);
    else if ("value" in node) node.value = value;
  }
}
