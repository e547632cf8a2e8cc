// The strip that says what to do next; it moves on when the demo's own events say so.

import { BackInSteps } from "./back.js";
import { byId, h } from "./dom.js";
import { agentKill, copilotKill } from "./fleet.js";
import { Pressed } from "./pressed.js";

const TITLES = ["Kill it", "Watch it proved", "Break things", "Restore", "Verify"];

export class Steps {
  constructor(does) {
    this.does = does;
    this.titles = TITLES;
    this.branch = new BackInSteps(does);
    this.done = { broken: false, edited: false, verified: false };
    this.skipped = false;
    this.hadKill = false;
    this.sawProof = false;
    this.raw = "";
    this.pressed = new Pressed(byId("next"), () => does.redraw());
  }

  // `context`: {stage, approver, may}, where `may` says that the person of the moment approves.
  draw(context) {
    const kill = copilotKill(context.stage);
    if (kill) this.hadKill = true;
    if (kill && settled(kill)) this.sawProof = true;
    // Also after a reload in the middle of it.
    if (agentKill(context.stage) && !this.hadKill && !this.branch.left) this.branch.on = true;
    const story = this.branch.on ? this.branch : this;
    const at = story.at(context.stage, kill);
    const said = story.say(at, context, kill);
    const raw = JSON.stringify([this.branch.on, at, this.done.broken, said.text, said.buttons?.map((one) => one[0])]);
    if (raw === this.raw || this.pressed.on) return;
    this.raw = raw;
    byId("steps").replaceChildren(...story.titles.map((title, index) => h("li", {
      class: story.lived(index, at) ? "done" : index === at ? "now" : "",
      "aria-current": index === at ? "step" : null,
    }, h("b", { "aria-hidden": "true" }, story.lived(index, at) ? "✓" : String(index + 1)), h("span", {}, title))));
    byId("next").replaceChildren(h("p", {}, said.text), ...(said.buttons ?? []).map(([text, act]) =>
      h("button", { type: "button", class: "button", onclick: act }, text)));
  }

  // A step that was passed over is not ticked.
  lived(index, at) {
    return index < at && (index !== 1 || this.sawProof) && (index !== 2 || this.done.broken);
  }

  at(stage, kill) {
    if (this.done.verified) return 5;
    if (this.hadKill && !kill && stage.kills) return 4;
    if (!this.hadKill) return 0;
    if (kill?.approval) return 3;
    if (!this.sawProof) return this.skipped ? 3 : 1;
    return this.done.broken || this.skipped ? 3 : 2;
  }

  say(at, context, kill) {
    return [this.kill, this.watch, this.break, this.restore, this.verify, this.end][at].call(this, context, kill);
  }

  kill({ stage }) {
    if (!Object.keys(stage.services).length) return { text: "The bot, its store and the AI services are starting…" };
    return {
      text: "The support chat promises refunds that nobody approved. In Slack, press Enter on the command that stands there.",
      buttons: [["Go to the command", this.does.first]],
    };
  }

  watch({ stage }, kill) {
    const seen = kill?.instances;
    if (!seen) return { text: "Stored. Who has confirmed it is not known yet." };
    const otherwise = sawOtherwise(kill);
    if (otherwise) {
      return {
        text: `${seen.confirmed} of ${seen.expected} instances have confirmed, but ${otherwise} of ${kill.proved.probes} probes saw otherwise, so the card stays amber. “Stop completely” on the card holds everywhere.`,
        buttons: [["Rather restore", () => this.skip()]],
      };
    }
    const missing = [...seen.silent, ...seen.lagging, ...seen.ahead, ...seen.expired];
    const who = missing.length ? ` ${missing.join(", ")} did not answer, so the card stays amber` : " The proof is on its way, so the card stays amber";
    return { text: `Stored; ${seen.confirmed} of ${seen.expected} instances have confirmed.${who}. It turns green when it is earned.` };
  }

  break(context, kill) {
    const count = kill?.instances ? `${kill.instances.confirmed}/${kill.instances.expected} confirmed` : "Confirmed";
    return {
      text: `${count}, and proved by probes. Now break something: the customers’ answers stay paused.`,
      buttons: [["kill -9 the bot", this.does.killBot], ["Rather restore", () => this.skip()]],
    };
  }

  skip() {
    this.skipped = true;
    this.does.redraw();
  }

  restore({ may, approver, stage }, kill) {
    if (!stage.kills) return { text: "The bot is away. Kills hold without it; it is started again by itself." };
    if (kill?.approval) {
      const text = `${kill.approval} waits for a second person: who asked may not approve.`;
      if (!approver || may) return { text: `${text} Press Approve on the card.` };
      return { text: `${text} Approve it on the card as somebody else.`, buttons: [[`Become ${approver.real_name}`, () => this.does.become(approver.id)]] };
    }
    return { text: "Ask for the restore. On tier 1 a second person has to approve it.", buttons: [["Type the restore", this.does.restore]] };
  }

  verify() {
    if (!this.done.edited) {
      return { text: "Restored. Last: change one letter of the journal behind the bot’s back, then let it verify itself.", buttons: [["Edit the journal", this.does.edit]] };
    }
    return { text: "One letter is different now. Ask whether the journal is still whole.", buttons: [["Verify the journal", this.does.verify]] };
  }

  end() {
    return {
      text: "That was the minute. Put the journal back, connect a process of your own with the three lines at the end of this page, or see a restore that comes in steps.",
      buttons: [["Restore in steps", this.does.branch]],
    };
  }
}

const sawOtherwise = (kill) => (kill.proved ? kill.proved.probes - kill.proved.passed : 0);

export const settled = (kill) => Boolean(
  kill.instances && kill.instances.expected > 0
  && kill.instances.confirmed === kill.instances.expected
  && kill.proved && kill.proved.probes > 0 && kill.proved.passed === kill.proved.probes);
