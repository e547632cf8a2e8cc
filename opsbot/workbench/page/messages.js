// Draw the messages of one channel, each redrawn only when it changed.

import { blocks } from "./blocks.js";
import { files } from "./files.js";
import { h, hue, initials, keepingFocus } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { Pressed } from "./pressed.js";

const NEAR_END_PX = 80;

export class Messages {
  constructor(root, space, desk) {
    this.root = root;
    this.space = space;
    this.desk = desk;
    this.drawn = new Map();
    this.channel = "";
    this.dismissed = new Set();
    this.unfolded = new Set();
    this.follow = false;
    this.pressed = new Pressed(root, () => this.show(this.channel));
  }

  dismiss(message) {
    this.dismissed.add(message.ts);
    this.show(this.channel);
  }

  show(channel) {
    const fresh = channel !== this.channel;
    if (this.pressed.on && !fresh) return;
    if (fresh) {
      this.channel = channel;
      this.drawn.clear();
      this.root.replaceChildren();
    }
    const end = this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < NEAR_END_PX;
    keepingFocus(this.root, () => this.update());
    if (fresh || end || this.follow) this.root.scrollTop = this.root.scrollHeight;
    this.lookAtTurned();
  }

  // A card that turned from amber to green is worth a look, wherever it stands.
  lookAtTurned() {
    if (!this.turned) return;
    this.root.scrollTop += this.turned.getBoundingClientRect().top - this.root.getBoundingClientRect().top - 4;
    this.turned = null;
  }

  update() {
    const row = (this.space.messages[this.channel] ?? []).filter(
      (one) => (!one.thread_ts || one.thread_ts === one.ts || one.broadcast)
        && !(one.ephemeral && this.dismissed.has(one.ts)));
    const nodes = row.map((one) => this.node(one));
    if (!nodes.length) nodes.push(this.empty());
    const wanted = new Set(nodes);
    for (const child of [...this.root.children]) if (!wanted.has(child)) child.remove();
    nodes.forEach((node, index) => {
      if (this.root.children[index] !== node) this.root.insertBefore(node, this.root.children[index] ?? null);
    });
  }

  empty() {
    this.nothing ??= h("p", { class: "nothing" }, "No message here yet.");
    return this.nothing;
  }

  node(message) {
    const key = `${message.ts}/${message.ephemeral}`;
    const replies = this.unfolded.has(message.ts) ? this.replies(message) : [];
    const raw = JSON.stringify([message, this.unfolded.has(message.ts), replies]);
    const known = this.drawn.get(key);
    if (known?.raw === raw) return known.node;
    const node = this.draw(message, replies);
    if (known && known.tone !== tone(message)) this.turned = node;
    this.drawn.set(key, { raw, node, tone: tone(message) });
    return node;
  }

  replies(message) {
    return (this.space.messages[message.channel] ?? []).filter(
      (one) => one.thread_ts === message.ts && one.ts !== message.ts && !(one.ephemeral && this.dismissed.has(one.ts)));
  }

  unfold(message) {
    if (!this.unfolded.delete(message.ts)) this.unfolded.add(message.ts);
    this.show(this.channel);
  }

  draw(message, replies = []) {
    const who = this.space.people.get(message.user);
    const name = who?.is_bot ? who.name : who?.real_name.replace(/ \(.*\)/, "") ?? message.user;
    return h("article", {
      class: `message ${message.ephemeral ? "ephemeral" : ""} ${tone(message)}`,
      data: { ts: message.ts },
    },
    message.ephemeral ? h("p", { class: "only" }, "👁 Only visible to you", h("button", { type: "button", onclick: () => this.dismiss(message) }, "Dismiss")) : null,
    h("div", { class: `avatar ${who?.is_bot ? "bot" : hue(message.user)}`, "aria-hidden": "true" }, initials(name)),
    h("div", { class: "said" },
      h("p", { class: "by" },
        h("strong", {}, name),
        who?.is_bot ? h("span", { class: "app" }, "APP") : null,
        h("time", {}, clock(message.ts)),
        message.edited ? h("span", { class: "edited" }, "(edited)") : null,
      ),
      this.content(message),
      reactions(message),
      this.thread(message, replies),
    ));
  }

  thread(message, replies) {
    if (!message.reply_count) return null;
    const open = this.unfolded.has(message.ts);
    const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
    return [
      h("button", { type: "button", class: "replies", "aria-expanded": String(open), data: { focus: `thread-${message.ts}` }, onclick: () => this.unfold(message) }, `${open ? "▾" : "▸"} ${count}`),
      open ? h("div", { class: "thread", role: "group", "aria-label": "Thread" }, replies.map((one) => this.draw(one))) : null,
    ];
  }

  content(message) {
    const desk = this.desk(message);
    const shown = files(message, this.space.user);
    if (message.blocks?.length) return [h("div", { class: "blocks" }, blocks(message.blocks, desk)), shown];
    const said = message.text || !shown.length;
    return [said ? h("div", { class: "words" }, mrkdwn(message.text, this.space.names)) : null, shown];
  }
}

// The colour of a card's edge repeats what its first words say; the words stay the message.
function tone(message) {
  const first = message.text ?? "";
  if (!message.blocks?.length) return "";
  if (first.startsWith("✅")) return "tone-green";
  if (first.startsWith("🟠")) return "tone-amber";
  return first.startsWith("🔴") ? "tone-red" : "";
}

const clock = (ts) => new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function reactions(message) {
  if (!message.reactions?.length) return null;
  return h("p", { class: "reactions" }, message.reactions.map((one) => h("span", {}, `:${one.name}: ${one.count}`)));
}
