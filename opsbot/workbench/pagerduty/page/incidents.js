// The incidents, open ones first, with the buttons that a PagerDuty user has.

import { h } from "../shared/dom.js";

const SHAPES = { triggered: "▲ Triggered", acknowledged: "◐ Acknowledged", resolved: "✓ Resolved" };

export class Incidents {
  constructor(root, act) {
    this.root = root;
    this.act = act;
    this.drafts = new Map();
    this.open = new Set();
    this.chosen = "";
  }

  draw(state, chosen) {
    const cards = state.incidents.map((one) => this.card(one, state.now, one.id === chosen));
    this.root.replaceChildren(...(cards.length ? cards : [h("p", { class: "none" }, "No incidents. Open one from Slack, or by hand beside this.")]));
    if (chosen !== this.chosen) this.root.querySelector(".chosen")?.scrollIntoView({ block: "center" });
    this.chosen = chosen;
  }

  card(one, now, chosen) {
    return h("article", { class: `incident ${one.status} ${chosen ? "chosen" : ""}`, data: { incident: one.id } },
      h("p", { class: "what" },
        h("span", { class: `pill ${one.status}` }, SHAPES[one.status]),
        h("span", {}, `#${one.number}`),
        one.priority && h("strong", {}, one.priority),
        h("span", {}, `${one.urgency} urgency`),
        h("span", {}, one.service),
        h("time", { datetime: one.created_at, title: one.created_at }, ago(one.created_at, now))),
      h("h3", {}, one.title),
      h("p", { class: "who" }, ...held(one)),
      one.body && h("p", { class: "body", tabindex: "0", "aria-label": "Details" }, one.body),
      h("div", { class: "does" }, this.buttons(one)),
      this.notes(one, now),
      this.history(one, now));
  }

  buttons(one) {
    const button = (does, label, style = "") => h("button", {
      type: "button", class: `button ${style}`, data: { focus: `${one.id} ${does}` },
      onclick: () => this.act("press", { incident: one.id, do: does }),
    }, label);
    if (one.status === "resolved") return [button("reopen", "Reopen")];
    return [
      one.status === "triggered" ? button("acknowledge", "Acknowledge", "primary") : null,
      button("resolve", "Resolve", one.status === "acknowledged" ? "primary" : ""),
      one.level < one.levels ? button("escalate", "Escalate") : null,
      one.mine && one.assigned.length === 1 ? null : button("take", "Take it"),
      one.asked ? button("join", "Join") : null,
      one.asked ? button("decline", "Decline") : null,
    ];
  }

  notes(one, now) {
    const said = [...one.notes, ...one.updates.map((row) => ({ ...row, to: "to stakeholders, " }))].sort((a, b) => b.at.localeCompare(a.at));
    const input = h("input", {
      "aria-label": `Note on #${one.number}`, placeholder: "Add a note", autocomplete: "off",
      value: this.drafts.get(one.id) ?? "", data: { focus: `${one.id} note` },
      oninput: (event) => this.drafts.set(one.id, event.target.value),
    });
    const send = async (event) => {
      event.preventDefault();
      const text = input.value;
      if (!text.trim()) return;
      this.drafts.delete(one.id);
      input.value = "";
      if (!(await this.act("press", { incident: one.id, do: "note", text }))) this.drafts.set(one.id, text);
    };
    return h("div", {},
      h("ul", { class: "notes" }, said.map((note) => h("li", {}, note.content, h("small", {}, `${note.by}, ${note.to ?? ""}${ago(note.at, now)}`)))),
      h("form", { class: "say", onsubmit: send }, input, h("button", { class: "button", type: "submit", data: { focus: `${one.id} say` } }, "Note")));
  }

  history(one, now) {
    const details = h("details", { open: this.open.has(one.id) },
      h("summary", { data: { focus: `${one.id} history` } }, "History"),
      h("ul", { class: "history" }, one.log.map((row) => h("li", {}, row.summary, h("small", {}, ago(row.at, now))))));
    details.addEventListener("toggle", () => {
      if (details.open) this.open.add(one.id);
      else this.open.delete(one.id);
    });
    return details;
  }
}

function held(one) {
  const parts = [];
  if (one.status === "acknowledged") parts.push("Acknowledged by ", h("strong", {}, one.acknowledged.join(", ") || "an event"), ". ");
  if (one.assigned.length) parts.push("Assigned to ", h("strong", {}, one.assigned.join(", ")), ` (level ${one.level}, ${one.policy}). `);
  if (one.snoozed_until) parts.push(`Snoozed until ${one.snoozed_until}. `);
  for (const row of one.responders) parts.push(`${row.name} was asked to help: ${row.state}. `);
  return parts;
}

function ago(at, now) {
  const seconds = Math.max(0, Math.round((Date.parse(now) - Date.parse(at)) / 1000));
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}
