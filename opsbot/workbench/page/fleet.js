// The fleet as dots: what the bot says of each instance, in shape, word and title; never colour alone.

import { byId, byNumber, h, keepingFocus, plural, setText } from "./dom.js";

const SHAPES = { confirmed: "✓", current: "●", lagging: "◐", ahead: "↑", silent: "?", expired: "✕", rejected: "!", unknown: "·" };
const MEANS = {
  confirmed: "confirmed the kill",
  current: "alive, knows the newest revision",
  lagging: "alive, has not confirmed yet",
  ahead: "says more than the store holds; not confirmed",
  silent: "no heartbeat",
  expired: "its lease ran out; not confirmed",
  rejected: "could not read the kill: not contained",
  unknown: "the bot does not say",
};
export const AGENT = "coding-agent";
const NO_MODEL = ["human", "canned", "stop"];

export const copilotKill = (stage) =>
  (stage.kills?.kills ?? []).find((one) => one.workflow === "support-copilot")
  ?? (stage.kills?.kills ?? []).find((one) => !one.workflow) ?? null;

export const agentKill = (stage) => (stage.kills?.kills ?? []).find((one) => one.workflow === AGENT) ?? null;

// The coding agent has a card of its own; everything else is a dot here.
const isDot = (stage, name) => stage.services[name]?.workflow !== AGENT;

// Every instance with its standing; processes that the bot does not know yet are unknown.
export function standings(stage) {
  const known = new Map((stage.fleet?.instances ?? []).map((one) => [one.instance, one]));
  const names = new Set([...Object.keys(stage.services), ...known.keys()]);
  return [...names].filter((name) => isDot(stage, name)).sort(byNumber).map((name) => ({
    name,
    standing: standing(stage, known.get(name), name),
    frozen: stage.services[name]?.frozen ?? false,
    ours: name in stage.services,
    pid: known.get(name)?.pid ?? stage.services[name]?.pid,
    age: known.get(name)?.seen_ms_ago,
  }));
}

function standing(stage, one, name) {
  if (!counts(stage)) return "unknown";
  const seen = copilotKill(stage)?.instances;
  for (const word of ["rejected", "expired", "silent", "ahead", "lagging"]) if (seen?.[word]?.includes(name)) return word;
  if (!one) return "unknown";
  if (!one.alive) return "silent";
  if (seen && one.workflows.includes("support-copilot")) return "confirmed";
  return one.applied && one.applied.revision >= stage.fleet.revision ? "current" : "lagging";
}

export class FleetView {
  constructor(toggle) {
    this.toggle = toggle;
    this.nodes = new Map();
  }

  draw(stage) {
    const all = standings(stage);
    const root = byId("dots");
    const names = new Set(all.map((one) => one.name));
    keepingFocus(root, () => {
      for (const [name, node] of this.nodes) if (!names.has(name)) { node.item.remove(); this.nodes.delete(name); }
      all.forEach((one, index) => this.place(root, one, index));
    });
    setText(byId("fleet-count"), counted(stage, all));
    const used = [...new Set(all.map((one) => one.standing))];
    setText(byId("legend"), used.map((word) => `${SHAPES[word]} ${word === "current" ? "alive" : word}`).join("   ") + (all.some((one) => one.frozen) ? "   ❄ frozen by this page" : ""));
  }

  place(root, one, index) {
    const node = this.nodes.get(one.name) ?? this.add(one.name);
    const label = one.standing === "current" ? "alive" : one.standing;
    const seen = one.age === undefined ? "" : `, last seen ${(one.age / 1000).toFixed(1)} s ago`;
    const can = one.ours ? `. Press to ${one.frozen ? "thaw" : "freeze"} it.` : ". Started outside this demo.";
    node.dot.className = `dot ${one.standing} ${one.frozen ? "frozen" : ""} ${one.ours ? "" : "guest"}`;
    node.dot.disabled = !one.ours;
    node.dot.title = `${one.name} (pid ${one.pid ?? "?"}): ${MEANS[one.standing]}${seen}${one.frozen ? "; frozen" : ""}${can}`;
    node.dot.setAttribute("aria-label", `${one.name}: ${label}${one.frozen ? ", frozen" : ""}${can}`);
    node.dot.setAttribute("aria-pressed", String(one.frozen));
    node.frozen = one.frozen;
    setText(node.shape, one.frozen ? "❄" : SHAPES[one.standing]);
    setText(node.label, one.name.replace(/^support-api-/, "api-"));
    setText(node.word, one.frozen && one.standing !== "confirmed" && one.standing !== "current" ? label : one.frozen ? "frozen" : label);
    if (root.children[index] !== node.item) root.insertBefore(node.item, root.children[index] ?? null);
  }

  add(name) {
    const [shape, label, word] = ["shape", "label", "word"].map((part) => h("span", { class: part }));
    const node = { shape, label, word, frozen: false };
    node.dot = h("button", { type: "button", class: "dot", data: { focus: name, instance: name }, onclick: () => this.toggle(name, node.frozen) }, shape, label, word);
    node.item = h("li", {}, node.dot);
    this.nodes.set(name, node);
    return node;
  }
}

// Whether the bot counts: what it said before it died is nobody's word any more.
const counts = (stage) => Boolean(stage.fleet) && stage.bot?.alive !== false;

function counted(stage, all) {
  if (!counts(stage)) return stage.bot?.alive === false ? "The bot is dead: nobody counts. The clients keep what they know." : "The bot does not answer.";
  const kill = copilotKill(stage);
  const alive = stage.fleet.instances.filter((one) => one.alive && isDot(stage, one.instance)).length;
  if (!kill) return `${alive} of ${plural(all.length, "instance")} alive, at revision ${stage.fleet.revision}`;
  const seen = kill.instances;
  if (!seen) return `${kill.kill}: the fleet’s acknowledgements could not be read`;
  const verb = NO_MODEL.includes(kill.mode) ? "refused" : "saw it";
  const proof = kill.proved ? ` · ${kill.proved.passed}/${kill.proved.probes} probes ${verb}` : "";
  const since = kill.since ? ` · ${kill.since.let_through} let through, ${kill.since.refused} refused` : "";
  return `${kill.kill}: ${seen.confirmed}/${seen.expected} confirmed${proof}${since}`;
}
