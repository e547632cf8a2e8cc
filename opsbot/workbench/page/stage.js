// The right side: what the processes of the demo say, as it comes, and the buttons that break them.

import { listen, press } from "./api.js";
import { AgentView } from "./agent.js";
import { KILL } from "./back.js";
import { Chats } from "./chats.js";
import { byId, h, money, setText } from "./dom.js";
import { FleetView, agentKill } from "./fleet.js";
import { Parts } from "./parts.js";
import { Steps } from "./steps.js";

const RATE_MS = 5000;
const STILL_MS = 2500;
const SAY_EVERY_MS = 5000;

export class StageView {
  constructor(phone) {
    this.phone = phone;
    this.state = { chats: {}, promised: 0, services: {}, bot: {}, store: {}, work: {}, fleet: null, kills: null, about: {}, notes: [] };
    this.rises = [];
    this.online = true;
    this.chats = new Chats();
    this.chats.redraw = () => this.later();
    this.fleet = new FleetView((name, frozen) => this.press(frozen ? "thaw" : "freeze", { service: name }));
    this.agent = new AgentView(() => this.branch());
    this.parts = new Parts({
      killBot: () => this.press("kill_bot"),
      store: () => this.press(this.state.store.frozen ? "thaw_store" : "freeze_store"),
      journal: () => this.journal(),
      verify: () => this.verify(),
    });
    this.steps = new Steps({
      first: () => phone.first(),
      killBot: () => this.press("kill_bot"),
      become: (id) => phone.become(id),
      restore: () => phone.suggest("restore support-copilot"),
      edit: () => this.journal(),
      verify: () => this.verify(),
      redraw: () => this.later(),
      branch: () => this.branch(),
      type: (text) => this.type(text),
      badEvals: () => this.press("bad_evals"),
    });
  }

  start() {
    this.listen();
    setInterval(() => this.later(), 1000);
  }

  // Every stream begins with the whole state.
  listen() {
    this.source?.close();
    this.source = listen("/demo/events", (event) => this.heard(event), (online) => { this.online = online; this.later(); });
  }

  heard(event) {
    if (event.kind === "state") this.restart(event.state);
    else if (event.kind === "reset") this.listen(); // too slow: who one is and what one types stays
    else if (event.kind === "note") this.state.notes.push(event.note);
    else if (event.kind === "chat") this.chat(event);
    else if (event.kind === "work") this.agent.took(this.state.work, event);
    else if (event.kind in this.state) this.state[event.kind] = event[event.kind];
    this.later();
  }

  restart(state) {
    this.state = state;
    this.began = Date.now();
    this.rises = [];
    this.chats.restart(state.chats);
  }

  chat(event) {
    this.chats.took(event.from, event.chat);
    const gained = event.promised - this.state.promised;
    if (gained > 0) this.rises.push({ at: Date.now(), gained });
    this.state.promised = event.promised;
  }

  // Whether the journal in the store is not what the bot wrote, by this page's own hand.
  get edited() {
    return Boolean(this.state.about.edited);
  }

  async press(name, more) {
    this.steps.done.broken ||= Boolean(this.state.kills?.kills.length) && /kill_bot|freeze/.test(name);
    const answer = await press(name, more);
    if (answer.error) this.state.notes.push(answer.hint ?? answer.error);
    this.later();
    return !answer.error;
  }

  // The agent's card stands first while its story is told: see `guided` in the style sheets.
  branch(killer) {
    this.steps.branch.begin(killer);
    this.later();
    if (killer) return;
    if (!agentKill(this.state)) this.type(KILL);
    if (matchMedia("(min-width: 861px)").matches) scrollTo({ top: 0 });
  }

  type(text) {
    this.phone.visit("code-ai");
    this.phone.suggest(text);
  }

  async journal() {
    await this.press(this.edited ? "mend_journal" : "edit_journal");
  }

  verify() {
    this.phone.suggest("audit verify");
    this.phone.send();
  }

  // The phone tells what was typed; a verification of an edited journal ends the story.
  typed(event) {
    const did = (words) => event.kind === "command" && this.phone.space.types(event.text, words) && !event.shown.error;
    if (did("kill coding-agent")) this.branch(event.user);
    if (did("audit verify") && this.edited) this.steps.done.verified = true;
    this.later();
  }

  // Events come faster than a screen is drawn: one drawing a frame.
  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  draw() {
    const { state } = this;
    this.steps.done.edited ||= this.edited;
    document.body.classList.toggle("offline", !this.online);
    this.chats.draw(state.services);
    this.fleet.draw(state);
    this.parts.draw(state, this.edited);
    document.body.classList.toggle("guided", this.steps.branch.on);
    this.agent.draw(state, this.steps.branch.on);
    const { space } = this.phone;
    this.steps.draw({ stage: state, approver: space.approver(), may: space.approves(), me: space.user, asker: (killer) => space.asker(killer) });
    this.counter();
    this.own();
    this.notes();
  }

  counter() {
    const { promised } = this.state;
    const now = Date.now();
    if (this.rises.length) this.began = this.rises.at(-1).at;
    this.rises = this.rises.filter((one) => now - one.at < RATE_MS);
    const quiet = now - (this.began ?? now);
    const still = quiet > STILL_MS;
    setText(byId("sum"), money(promised));
    const gained = this.rises.reduce((sum, one) => sum + one.gained, 0);
    byId("sum").classList.toggle("still", still || !gained);
    const climbing = gained ? `▲ ${money(gained)} more in the last 5 s` : "■ nothing new since this page was opened";
    const rate = still ? `■ standing still for ${Math.round(quiet / 1000)} s` : climbing;
    setText(byId("rate"), this.online ? rate : "The workbench does not answer.");
    const [first] = this.chats.pauses();
    setText(byId("reads"), first ? `${first[1]} of ${this.chats.rows.size} customers now read: “${first[0].trim()}”` : "Customers read the model’s own words.");
    if (now - (this.saidAt ?? 0) > SAY_EVERY_MS && promised !== this.saidSum) {
      this.saidAt = now;
      this.saidSum = promised;
      setText(byId("sum-said"), `${money(promised)} promised`);
    }
  }

  own() {
    const { redis, env, python, status } = this.state.about;
    if (!redis) return;
    if (byId("public").href !== status) byId("public").href = status;
    setText(byId("lines"), threeLines(redis, env));
    setText(byId("python"), python ?? "python");
  }

  notes() {
    const { notes } = this.state;
    const raw = notes.join("\n");
    if (raw === this.noted) return;
    this.noted = raw;
    const lines = notes.slice(-6).reverse();
    byId("notes").replaceChildren(...lines.map((line) => h("li", {}, line)));
  }
}

export const threeLines = (redis, env) => [
  "from opsflags import FlagClient",
  `flags = FlagClient.connect(${JSON.stringify(redis)}, service="my-service", env=${JSON.stringify(env)})`,
  `while not input("Enter asks, q leaves: "): print(flags.workflow("support-copilot").decide().mode)`,
].join("\n");
