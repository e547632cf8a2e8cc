// The conversations: one large, the others as tiles; every word arrived at a customer.

import { byId, byNumber, h, plural, setText } from "./dom.js";

const KEPT = 6;
const DOLLARS = /(\$\d+(?:,\d{3})*)/;
const WORDS = { idle: "waiting", waiting: "asked", answering: "answering", end: "answered", killed: "stopped", outage: "failed" };
export const PAUSED = new Set(["canned", "human", "stop"]);

export class Chats {
  constructor() {
    this.rows = new Map();
    this.large = "";
    this.cut = "";
    this.tiles = new Map();
    this.drawn = [];
  }

  // Takes one conversation as it is now; a new question begins a new exchange.
  took(name, chat) {
    if (!this.rows.has(name)) this.rows.set(name, []);
    const row = this.rows.get(name);
    const last = row.at(-1);
    const fresh = !last || chat.customer !== last.customer || (chat.state === "waiting" && last.state !== "waiting");
    if (fresh && chat.customer) row.push({ ...chat });
    else if (last) Object.assign(last, chat);
    folded(row);
    if (row.length > KEPT) row.splice(0, row.length - KEPT);
    this.large ||= name;
    if (chat.state === "killed" && chat.answer) this.cut ||= name;
  }

  // Where the large conversation was between two words of nobody, look at one that was cut.
  lookAtCut() {
    const row = this.rows.get(this.large) ?? [];
    if (!this.cut || ["answering", "waiting"].includes(row.at(-1)?.state)) return;
    if (!this.chosen && !row.some((one) => one.state === "killed" && one.answer)) this.large = this.cut;
    this.cut = "";
  }

  restart(chats) {
    for (const [name, chat] of Object.entries(chats)) this.took(name, chat);
    if (this.rows.has("support-api-1") && !this.chosen) this.large = "support-api-1";
  }

  draw(services) {
    this.drawLarge(services);
    this.drawTiles(services);
  }

  drawLarge(services) {
    const talk = byId("talk");
    this.lookAtCut();
    const row = this.rows.get(this.large) ?? [];
    setText(byId("chat-title"), this.large ? `Support chat at ${this.large}` : "Support chat");
    const end = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 60;
    const raw = JSON.stringify([row, services[this.large]?.frozen]);
    if (raw === this.raw) return;
    this.raw = raw;
    const nodes = row.map((one) => exchange(one));
    if (services[this.large]?.frozen) nodes.push(h("p", { class: "cut" }, "This process is frozen (SIGSTOP): nothing comes from it."));
    talk.replaceChildren(...(nodes.length ? nodes : [h("p", { class: "nothing" }, "No customer has asked anything yet.")]));
    if (end) talk.scrollTop = talk.scrollHeight;
  }

  drawTiles(services) {
    for (const [name, row] of this.rows) {
      if (!this.tiles.has(name)) this.add(name);
      const tile = this.tiles.get(name);
      const last = row.at(-1) ?? { answer: "", state: "idle", mode: "live" };
      const paused = isPaused(last);
      const frozen = services[name]?.frozen;
      tile.node.className = `tile ${frozen ? "frozen" : paused ? "paused" : last.state}`;
      tile.node.setAttribute("aria-pressed", String(name === this.large));
      setText(tile.state, frozen ? "frozen" : paused ? "paused" : WORDS[last.state] ?? last.state);
      tile.node.title = `${name}${paused ? `, mode ${last.mode}` : ""}: show it large`;
      const text = last.instead || last.answer;
      setText(tile.text, text.length > 110 && !paused ? `…${text.slice(-108)}` : text);
    }
  }

  add(name) {
    const state = h("span", { class: "state" });
    const text = h("span", { class: "text" });
    const show = () => { this.large = name; this.chosen = true; this.raw = ""; this.redraw?.(); };
    const node = h("button", { type: "button", class: "tile", onclick: show },
      h("span", { class: "name" }, name.replace(/^support-/, "")), state, text);
    const after = [...this.tiles].find(([other]) => byNumber(name, other) < 0);
    byId("tiles").insertBefore(node, after?.[1].node ?? null);
    this.tiles = new Map([...this.tiles, [name, { node, state, text }]].sort(([one], [other]) => byNumber(one, other)));
  }

  // What the last customers to be answered by a pause read: text -> how many of the conversations.
  pauses() {
    const found = new Map();
    for (const row of this.rows.values()) {
      const last = row.at(-1);
      const text = last && isPaused(last) ? last.instead || last.answer : "";
      if (text) found.set(text, (found.get(text) ?? 0) + 1);
    }
    return [...found].sort((one, other) => other[1] - one[1]);
  }
}

// Pauses that say the same become one, so that the cut before them stays in sight.
function folded(row) {
  const [older, newer] = row.slice(-2);
  if (!newer || [older, newer].some((one) => one.state !== "end" || !PAUSED.has(one.mode))) return;
  if (older.answer !== newer.answer) return;
  newer.same = (older.same ?? 0) + 1;
  row.splice(-2, 1);
}

const isPaused = (chat) => chat.state === "killed" || PAUSED.has(chat.mode);

function exchange(chat) {
  const cut = chat.state === "killed";
  const canned = !cut && PAUSED.has(chat.mode);
  return h("div", { class: "exchange" },
    chat.same ? h("p", { class: "same" }, `${plural(chat.same, "customer")} before this one read the same.`) : null,
    h("p", { class: "bubble asks" }, h("span", { class: "unseen" }, "Customer: "), chat.customer),
    chat.answer ? h("p", { class: `bubble ${canned ? "pause" : "answers"} ${chat.state}` }, h("span", { class: "unseen" }, "Assistant: "), ...(canned ? [chat.answer] : priced(chat.answer))) : null,
    cut && chat.answer ? h("p", { class: "cut" }, `✂ The stream was cut here by ${chat.kill || "a kill"}.`) : null,
    cut && chat.instead ? h("p", { class: "bubble pause" }, chat.instead) : null,
    chat.state === "outage" ? h("p", { class: "cut" }, `The call failed: ${chat.instead}`) : null,
  );
}

const priced = (text) => text.split(DOLLARS).map((part) => (DOLLARS.test(part) ? h("mark", {}, part) : part));
