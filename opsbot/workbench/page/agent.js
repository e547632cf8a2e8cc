// The coding agent: each repository a square, and the steps in which a restore lets them through.

import { byId, byNumber, h, setText } from "./dom.js";
import { AGENT, agentKill } from "./fleet.js";

const SHAPES = { whole: "✓", reading: "◐", refused: "✕", outage: "!" };
const MEANS = { whole: "let through", reading: "let through, without write tools", refused: "refused", outage: "failed" };
const NO_WRITING = new Set(["read_only", "no_tools", "drafts_only"]);

const standing = (work) => (work.state !== "through" ? work.state : NO_WRITING.has(work.mode) ? "reading" : "whole");

export class AgentView {
  constructor(begin) {
    this.nodes = new Map();
    this.raw = "";
    byId("agent-begin").addEventListener("click", begin);
  }

  took(all, event) {
    all[event.repository] = event.work;
    if (event.work.state !== "refused") this.last = event.repository;
  }

  draw(stage, guided) {
    const counts = this.squares(stage.work);
    const kill = agentKill(stage);
    setText(byId("agent-count"), counted(counts, stage, kill));
    const words = Object.keys(MEANS).filter((word) => counts[word]);
    byId("agent-keys").setAttribute("aria-label", words.map((word) => `${counts[word]} ${MEANS[word]}`).join("; ") || "No repository yet");
    setText(byId("agent-legend"), words.map((word) => `${SHAPES[word]} ${MEANS[word]}`).join("   "));
    const last = stage.work[this.last];
    setText(byId("agent-last"), last && last.state !== "refused" ? `${this.last}: ${last.text}` : "");
    this.steps(stage, kill);
    byId("agent-begin").hidden = guided || !this.nodes.size;
  }

  squares(work) {
    const counts = {};
    const names = Object.keys(work);
    if (names.length !== this.nodes.size) this.build(names.sort(byNumber));
    for (const name of names) {
      const word = standing(work[name]);
      counts[word] = (counts[word] ?? 0) + 1;
      const node = this.nodes.get(name);
      if (node.dataset.word === word) continue;
      node.dataset.word = word;
      node.className = `key ${word}`;
      node.title = `${name}: ${MEANS[word]}`;
      setText(node, SHAPES[word]);
    }
    return counts;
  }

  build(names) {
    this.nodes = new Map(names.map((name) => [name, h("li")]));
    byId("agent-keys").replaceChildren(...this.nodes.values());
  }

  steps(stage, kill) {
    const declared = stage.about.restores?.[AGENT];
    if (kill?.kill !== this.kill && kill) this.ramped = false;
    this.kill = kill?.kill ?? this.kill;
    if (kill?.ramp) this.ramped = true;
    const steps = declared?.steps ?? [];
    const at = kill?.ramp ? steps.indexOf(kill.ramp.percent) : !kill && stage.kills && this.ramped ? steps.length + 1 : -1;
    const words = [...steps.map((one) => `${one} %`), ...(steps.length ? ["everybody"] : [])];
    const raw = JSON.stringify([words, at]);
    if (raw !== this.raw) {
      this.raw = raw;
      byId("agent-ramp").replaceChildren(...words.map((word, index) => h("li", {
        class: index < at ? "done" : index === at ? "now" : "", "aria-current": index === at ? "step" : null,
      }, `${index < at ? "✓ " : ""}${word}`)));
    }
    setText(byId("agent-step"), stepWords(kill, this.ramped));
    setText(byId("agent-watch"), declared ? watchWords(declared) : "");
  }
}

function counted(counts, stage, kill) {
  const all = Object.values(counts).reduce((sum, one) => sum + one, 0);
  if (!all) return "The agent has not said anything yet.";
  const through = (counts.whole ?? 0) + (counts.reading ?? 0);
  const how = counts.reading && !counts.whole ? ", reading only" : "";
  const seen = kill?.instances;
  const who = seen ? ` · ${kill.kill}: ${seen.confirmed}/${seen.expected} confirmed` : "";
  return `${through} of ${all} repositories let through${how}, ${counts.refused ?? 0} refused${who}`;
}

function stepWords(kill, ramped) {
  const ramp = kill?.ramp;
  if (!ramp) return kill && ramped ? "The restore was taken back: refused for all again." : "";
  if (ramp.held) return `${ramp.percent} % are let through. Held: ${ramp.held.replace(/^held by/, "by")}.`;
  const then = ramp.then === "everybody" ? "everybody" : `${ramp.then} %`;
  return `${ramp.percent} % are let through and watched; then ${then}.`;
}

function watchWords({ watch_s: here, declared_s: declared }) {
  if (here === declared) return `Each step is watched for ${here} s, as declared.`;
  return `Each step is watched for ${here} s in this demo; flags/workflows/coding-agent.yaml declares ${declared} s.`;
}
