// The bot, the store and the journal with the buttons that break them, and what is said of each.

import { byId, h, setText } from "./dom.js";

export class Parts {
  constructor(does) {
    this.bot = row("Bot", [["kill -9 the bot", "danger", does.killBot]]);
    this.store = row("Store", [["Freeze the store", "", does.store]]);
    this.journal = row("Journal", [["Edit the journal", "", does.journal], ["Verify", "", does.verify]]);
    byId("parts").append(...this.bot.nodes, ...this.store.nodes, ...this.journal.nodes);
  }

  draw(stage, edited) {
    const { bot, store } = stage;
    const again = bot.restarts ? `, restarts: ${bot.restarts}` : "";
    say(this.bot, bot.alive ? "ok" : "bad", bot.alive === undefined ? "starting" : bot.alive ? `runs, pid ${bot.pid}${again}` : `dead${again}`);
    this.bot.buttons[0].disabled = !bot.alive;
    say(this.store, store.frozen ? "bad" : "ok", store.frozen ? "frozen (SIGSTOP)" : "runs");
    setText(this.store.buttons[0], store.frozen ? "Thaw the store" : "Freeze the store");
    say(this.journal, edited ? "bad" : "ok", edited ? "entry 2 was edited" : "untouched by this page");
    setText(this.journal.buttons[0], edited ? "Put it back" : "Edit the journal");
  }
}

function row(name, buttons) {
  const word = h("span", { class: "status" });
  const made = buttons.map(([text, style, act]) => h("button", { type: "button", class: `button ${style}`, onclick: act }, text));
  return { word, buttons: made, nodes: [h("dt", {}, name, word), h("dd", {}, made)] };
}

function say(part, tone, text) {
  part.word.className = `status ${tone}`;
  setText(part.word, text);
}
