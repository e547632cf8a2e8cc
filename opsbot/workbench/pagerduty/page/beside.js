// What stands beside the incidents: who is on call, webhooks, faults, and opening one by hand.

import { byId, h, plural, setText } from "../shared/dom.js";

const FLAGS = [["down", "Cut PagerDuty off"], ["held", "Hold webhooks"], ["lost", "Lose webhooks"]];
const SHOWN = 8;

export class Beside {
  constructor(act) {
    this.act = act;
    const form = byId("open");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const done = await act("open", { service: byId("service").value, title: byId("title").value });
      if (done) byId("title").value = "";
    });
  }

  draw(state) {
    byId("oncall").replaceChildren(...state.on_call.map((policy) => drawnPolicy(policy, state.me)));
    const services = byId("service");
    if (services.options.length !== state.services.length) services.replaceChildren(...state.services.map((one) => h("option", { value: one.id }, one.name)));
    this.webhooks(state);
    this.faults(state.faults);
  }

  webhooks({ subscriptions, webhooks }) {
    const cut = subscriptions.filter((one) => one.delivery_method.temporarily_disabled).length;
    const waiting = webhooks.waiting ? ` ${webhooks.waiting} waiting.` : "";
    setText(byId("receivers"), subscriptions.length
      ? `${plural(subscriptions.length, "receiver")}${cut ? `, ${cut} cut off after three refusals` : ""}. ${webhooks.sent} so far.${waiting}`
      : "Nobody has subscribed to webhooks.");
    byId("hooks").replaceChildren(...webhooks.recent.slice(0, SHOWN).map((one) => h("li", {},
      h("span", {}, one.event.replace("incident.", "")),
      h("span", { class: tone(one), title: one.attempts.join(", ") }, one.attempts.length > 1 ? `${one.state}, ${one.attempts.length} attempts` : one.state))));
  }

  faults(faults) {
    const broken = Object.keys(faults.routes).length || Object.keys(faults.chances).length || FLAGS.some(([name]) => faults[name]);
    byId("faults").replaceChildren(
      ...FLAGS.map(([name, label]) => h("button", {
        type: "button", class: "button", "aria-pressed": String(faults[name]), data: { focus: `fault ${name}` },
        onclick: () => this.act("fault", { fault: name, on: !faults[name] }),
      }, label)),
      h("button", { type: "button", class: "button", disabled: !broken, data: { focus: "fault clear" }, onclick: () => this.act("fault", { fault: "clear" }) }, "Heal"));
  }
}

function drawnPolicy(policy, me) {
  const levels = Array.from({ length: policy.levels }, (_, at) => policy.people.filter((one) => one.level === at + 1));
  return h("div", { class: "policy" }, h("h3", {}, policy.name), h("ol", {}, levels.map((people, at) => {
    const names = people.map((one) => one.name).join(", ");
    const until = people.find((one) => one.until)?.until;
    return h("li", {},
      h("span", {}, String(at + 1)),
      h("span", { class: people.length ? (people.some((one) => one.id === me) ? "mine" : "") : "nobody" }, names || "nobody"),
      h("small", {}, people.length ? (until ? `until ${day(until)}` : "always") : ""));
  })));
}

function day(text) {
  return new Date(text).toLocaleString("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

function tone(one) {
  if (one.state === "delivered") return "ok";
  return one.state === "waiting" ? "" : "bad";
}
