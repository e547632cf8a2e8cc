// Puts the page together: fetches the state whenever the stand-in says that it is newer.

import { listen, post } from "../shared/api.js";
import { byId, h, keepingFocus, setText } from "../shared/dom.js";
import { Pressed } from "../shared/pressed.js";
import { themes } from "../shared/theme.js";
import { Beside } from "./beside.js";
import { Incidents } from "./incidents.js";

const KEY = "opsbot-pagerduty-me";
const AGES_MS = 20_000;

class PagerDutyPage {
  constructor() {
    this.me = localStorage.getItem(KEY) ?? "";
    this.state = null;
    this.asking = false;
    this.again = false;
    const act = (path, body) => this.act(path, body);
    this.incidents = new Incidents(byId("incidents"), act);
    this.beside = new Beside(act);
    byId("me").addEventListener("change", () => {
      this.me = byId("me").value;
      localStorage.setItem(KEY, this.me);
      this.fetch();
    });
    this.pressed = new Pressed(document.body, () => this.draw());
    addEventListener("hashchange", () => this.draw());
  }

  start() {
    listen("ui/events", () => this.fetch(), (online) => document.body.classList.toggle("offline", !online));
    setInterval(() => this.fetch(), AGES_MS);
  }

  async act(path, body) {
    const answer = await post(`ui/${path}`, { user: this.me, ...body });
    setText(byId("trouble"), answer.error ? answer.hint ?? answer.error : "");
    return !answer.error;
  }

  async fetch() {
    if (this.asking) { this.again = true; return; }
    this.asking = true;
    try {
      await this.read();
    } catch (error) {
      setText(byId("trouble"), `The stand-in does not answer: ${error.message}`);
    }
    this.asking = false;
    if (this.again) { this.again = false; this.fetch(); }
  }

  async read() {
    const asked = this.me;
    const answer = await fetch(`ui/state?user=${encodeURIComponent(asked)}`);
    if (this.me !== asked) return; // Somebody else looks by now, and has asked.
    if (answer.status === 400 && asked) {
      this.me = "";
      localStorage.removeItem(KEY);
      this.again = true;
      return;
    }
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    this.state = await answer.json();
    if (this.me !== asked) return;
    this.me = this.state.me;
    this.draw();
  }

  draw() {
    if (!this.state || this.pressed.on) return;
    const { people, on_call: onCall, incidents } = this.state;
    const select = byId("me");
    if (select.options.length !== people.length) select.replaceChildren(...people.map((one) => h("option", { value: one.id }, one.name)));
    select.value = this.me;
    setText(byId("duty"), duty(onCall, this.me));
    setText(byId("count"), counted(incidents));
    keepingFocus(document.body, () => {
      this.incidents.draw(this.state, location.hash.split("/").at(-1));
      this.beside.draw(this.state);
    });
  }
}

function duty(onCall, me) {
  const mine = onCall.flatMap((policy) => policy.people.filter((one) => one.id === me).map((one) => ({ ...one, policy: policy.name })));
  if (!mine.length) return "You are not on call.";
  const first = Math.min(...mine.map((one) => one.level));
  const names = mine.filter((one) => one.level === first).map((one) => one.policy);
  return `You are on call at level ${first}: ${[...new Set(names)].join(", ")}.`;
}

function counted(incidents) {
  const of = (status) => incidents.filter((one) => one.status === status).length;
  if (!incidents.length) return "Nothing has happened.";
  return `${of("triggered")} triggered, ${of("acknowledged")} acknowledged, ${of("resolved")} resolved`;
}

themes(byId("theme"));
new PagerDutyPage().start();
