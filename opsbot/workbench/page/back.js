// A second story: the coding agent is stopped, and its restore comes back in steps.

import { agentKill } from "./fleet.js";

export const KILL = "kill coding-agent pushes outside its plan";
const RESTORE = "restore coding-agent the plan is fixed";

export class BackInSteps {
  constructor(does) {
    this.does = does;
    this.titles = ["Stop the agent", "Ask for the restore", "Approve", "In steps", "Everybody"];
    this.on = false;
    this.left = false;
    this.kill = "";
    this.killer = "";
    this.last = 0;
  }

  begin(killer) {
    if (!this.on && !killer) this.kill = "";
    this.on = true;
    this.left = false;
    this.killer = killer ?? this.killer;
  }

  leave() {
    this.on = false;
    this.left = true;
    this.does.redraw();
  }

  lived(index, at) {
    return index < at && (at < 4 || this.ramped || index === 0);
  }

  at(stage) {
    if (!stage.kills) return this.last;
    const kill = agentKill(stage);
    if (kill && kill.kill !== this.kill) {
      this.kill = kill.kill;
      this.ramped = false;
    }
    if (kill?.ramp) this.ramped = true;
    this.last = kill?.ramp ? 3 : kill?.approval ? 2 : kill ? 1 : this.kill ? 4 : 0;
    return this.last;
  }

  say(at, context) {
    if (!context.stage.kills) return { text: "The bot is away. Kills hold without it; it is started again by itself." };
    return [this.stop, this.ask, this.approve, this.steps, this.end][at].call(this, context, agentKill(context.stage));
  }

  stop() {
    return {
      text: "The coding agent works on a hundred repositories. Stop it: press Enter on the command, and see how a restore lets them through a few at a time.",
      buttons: [["Type the kill", () => this.does.type(KILL)], ["Back to the first story", () => this.leave()]],
    };
  }

  ask({ me, may, asker }, kill) {
    const other = asker(this.killer);
    const ready = me !== this.killer && !may;
    const why = this.ramped
      ? "The watch went red and took the restore back: all are refused again, and another restore needs a new approval."
      : "Refused everywhere. Who stopped it may undo that at once for five minutes, alone; so let somebody else ask for the restore.";
    return {
      text: `${kill.kill}: ${why}`,
      buttons: ready || !other ? [["Type the restore", () => this.does.type(RESTORE)]] : [[`Become ${other.real_name}`, () => this.does.become(other.id)]],
    };
  }

  approve({ may, approver }, kill) {
    const text = `${kill.approval} waits for a second person: who asked may not approve.`;
    if (!approver || may) return { text: `${text} Press Approve on the card.` };
    return { text: `${text} Approve it on the card as somebody else.`, buttons: [[`Become ${approver.real_name}`, () => this.does.become(approver.id)]] };
  }

  steps(context, { ramp }) {
    const then = ramp.then === "everybody" ? "everybody" : `${ramp.then} %`;
    if (ramp.held) return { text: `${ramp.percent} % of the repositories; ${ramp.held}. It stays there until somebody else than who asked presses “Go on” on its card in #code-ai.` };
    return {
      text: `${ramp.percent} % of the repositories are let through, reading only; the others are still refused. Then ${then}. Hold on the card stops it here; bad evaluation results take it back.`,
      buttons: [["Send bad results", this.does.badEvals]],
    };
  }

  end() {
    const text = this.ramped
      ? "Everybody: each step was watched, and whoever was let through stayed so."
      : "Lifted at once: whoever kills may undo it alone for five minutes. Let somebody else ask, and it comes in steps.";
    return { text, buttons: [["Once more", () => this.does.type(KILL)], ["Back to the first story", () => this.leave()]] };
  }
}
