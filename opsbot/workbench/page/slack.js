// The phone: channels, one channel with its composer, the App Home tab, modals, the person switcher.

import { post, press } from "./api.js";
import { blocks } from "./blocks.js";
import { values } from "./elements.js";
import { h, hue, initials, keepingFocus, setText } from "./dom.js";
import { Messages } from "./messages.js";
import { Modals } from "./modal.js";
import { Pressed } from "./pressed.js";
import { Workspace } from "./workspace.js";

const FIRST = "kill support-copilot wrong refund answers";
const FIRST_PERSON = "U0ONCALL";
const FIRST_CHANNEL = "support-ai";
const KILL_FORMS = new Set(["kill_modal", "confirm_kill_modal"]);
const TABS = [["channels", "Channels"], ["channel", ""], ["home", "App Home"]];

export class Phone {
  constructor(root, told) {
    this.told = told;
    this.tab = "channel";
    this.channel = "";
    this.space = new Workspace((what, where) => this.draw(what, where));
    this.build(root);
    const desk = (place) => this.desk(place);
    this.messages = new Messages(this.log, this.space, (message) => desk({ message }));
    this.modals = new Modals(this.overlay, this.below, this.space, desk, {
      submit: (...found) => this.submit(...found), close: (view) => this.ask("close", { view_id: view.id }),
    });
    this.listPressed = new Pressed(this.list, () => this.draw("channels"));
    this.homePressed = new Pressed(this.home, () => this.draw("home"));
  }

  build(root) {
    this.who = h("select", { "aria-label": "You are", onchange: () => this.become(this.who.value) });
    this.face = h("span", { class: "avatar", "aria-hidden": "true" });
    this.wire = h("p", { class: "wire" });
    this.tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "Slack" }, TABS.map(([name, word]) =>
      h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, data: { tab: name }, onclick: () => this.open(name), onkeydown: (event) => this.tabKey(event) }, word)));
    this.list = h("ul", { class: "channels" });
    this.log = h("div", { class: "log", role: "log", "aria-label": "Messages", tabindex: "0" });
    this.box = h("textarea", { rows: 2, "aria-label": "Message or command", spellcheck: "false", autocomplete: "off", value: this.space.spell(FIRST), onkeydown: (event) => this.typed(event), oninput: () => this.hint() });
    this.usage = h("p", { class: "usage" });
    this.trouble = h("p", { class: "trouble", role: "alert" });
    this.go = h("button", { type: "submit", class: "send" }, "Enter ⏎");
    this.form = h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); this.send(); } }, this.box, this.go);
    this.where = h("p", {});
    this.outside = h("div", { class: "outside", hidden: true }, this.where, h("button", { type: "button", class: "send", onclick: () => this.join() }, "Join channel"));
    this.home = h("div", { class: "home blocks" });
    this.below = h("div", { class: "below" },
      h("header", { class: "bar" }, this.face, h("label", {}, h("small", {}, "You are"), this.who), this.wire),
      this.tabs,
      panel("channels", this.list),
      panel("channel", this.log, this.trouble, this.outside, this.form, this.usage),
      panel("home", this.home),
    );
    this.overlay = h("div", { class: "overlay", hidden: true });
    root.append(this.below, this.overlay);
  }

  async start() {
    const before = this.space.spell(FIRST);
    await this.space.become(FIRST_PERSON);
    if (this.box.value === before) this.box.value = this.space.spell(FIRST);
    const named = (name) => this.space.channels.find((one) => one.name === name);
    this.enter((named(this.wanted) ?? named(FIRST_CHANNEL) ?? this.space.channels[0])?.id ?? "");
    this.box.focus({ preventScroll: true });
    this.box.setSelectionRange(this.box.value.length, this.box.value.length);
  }

  // Until the next person's view is here, nothing of the one before can be pressed.
  async become(user) {
    setText(this.trouble, "");
    this.hold(true);
    try {
      await this.space.become(user);
    } finally {
      if (this.space.user === user) this.hold(false);
    }
    if (this.space.user !== user) return;
    if (!this.space.channels.some((one) => one.id === this.channel)) this.enter(this.space.channels[0]?.id ?? "");
    if (this.tab === "home") this.open("home");
    this.told({ kind: "person", user });
  }

  hold(on) {
    for (const part of [this.tabs, this.list, this.log, this.home]) part.inert = on;
  }

  first() {
    this.prefill(this.box.value.trim() || this.space.spell(FIRST));
  }

  // A command in neutral words (`restore support-copilot`), as this workspace types it.
  suggest(words) {
    this.prefill(this.space.spell(words));
  }

  prefill(text) {
    this.open("channel");
    this.box.value = text;
    this.hint();
    this.box.focus();
    this.box.setSelectionRange(text.length, text.length);
  }

  // Before the channels are here, it is where the phone begins.
  visit(name) {
    this.wanted = name;
    const found = this.space.channels.find((one) => one.name === name);
    if (found) this.enter(found.id);
  }

  enter(channel) {
    this.channel = channel;
    this.open("channel");
  }

  open(tab) {
    this.tab = tab;
    if (tab === "channel") delete this.space.unread[this.channel];
    if (tab === "home") this.ask("home", {});
    this.draw("all");
  }

  tabKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = TABS.findIndex(([name]) => name === this.tab);
    const [name] = TABS[(at + step + TABS.length) % TABS.length];
    this.open(name);
    this.tabs.querySelector(`[data-tab="${name}"]`).focus();
  }

  draw(what, where) {
    if (!this.space.me) return;
    if (what === "messages" && where === this.channel && this.tab === "channel") delete this.space.unread[where];
    this.bar();
    this.panels();
    if (this.tab === "channels") this.drawList();
    if (this.tab === "channel" && (what !== "messages" || where === this.channel)) this.messages.show(this.channel);
    if (this.tab === "home" && (what === "home" || what === "all")) this.drawHome();
    this.modals.show();
    this.told({ kind: what, channel: where });
  }

  bar() {
    const { space } = this;
    const people = space.humans();
    if (this.who.options.length !== people.length) {
      this.who.replaceChildren(...people.map((one) => h("option", { value: one.id }, one.real_name)));
    }
    this.who.title = space.me.real_name;
    this.who.value = space.user;
    this.face.className = `avatar ${hue(space.user)}`;
    setText(this.face, initials(space.me.real_name));
    const sockets = space.bot?.sockets ?? 0;
    const by = space.bot?.deliver_by === "http" ? "HTTP" : `${sockets} socket${sockets === 1 ? "" : "s"}`;
    setText(this.wire, space.online ? by : "reconnecting…");
    this.wire.title = "How this Slack reaches opsbot right now";
    this.wire.classList.toggle("off", !space.online || (space.bot?.deliver_by !== "http" && sockets === 0));
  }

  panels() {
    const { space } = this;
    const unread = Object.values(space.unread).reduce((sum, one) => sum + one, 0);
    const channel = space.channels.find((one) => one.id === this.channel);
    const title = space.title(channel);
    this.guest(channel);
    for (const [name, word] of TABS) {
      const button = this.tabs.querySelector(`[data-tab="${name}"]`);
      const badge = name === "channels" && unread ? ` (${unread} new)` : "";
      setText(button, (word || title || "Channel") + badge);
      button.setAttribute("aria-selected", String(this.tab === name));
      button.tabIndex = this.tab === name ? 0 : -1;
      this.below.querySelector(`#panel-${name}`).hidden = this.tab !== name;
    }
    this.hint();
  }

  // Who is not in a channel reads it, and writes there once they joined, as in Slack's own client.
  guest(channel) {
    const outside = Boolean(channel && !channel.member);
    this.outside.hidden = !outside;
    this.form.hidden = this.usage.hidden = outside;
    if (outside) setText(this.where, `You are viewing ${this.space.title(channel)}`);
  }

  async join() {
    const channel = this.space.channels.find((one) => one.id === this.channel);
    const shown = await this.ask("join", { channel: channel.id });
    if (shown.error) return;
    channel.member = true;
    this.draw("channels");
    this.box.focus();
  }

  drawList() {
    if (this.listPressed.on) return;
    const { space } = this;
    const rows = [...space.channels.map((one) => this.entry(one)), ...this.shortcuts()];
    keepingFocus(this.list, () => this.list.replaceChildren(...rows));
  }

  entry(channel) {
    const { space } = this;
    const unread = space.unread[channel.id];
    return row(channel.id, () => this.enter(channel.id), { "aria-current": channel.id === this.channel ? "true" : null },
      h("span", {}, space.title(channel)),
      channel.is_ext_shared ? h("small", {}, "shared with another company") : null,
      unread ? h("b", { class: "badge" }, `${unread} new`) : null);
  }

  shortcuts() {
    return this.space.shortcuts.filter((one) => one.type === "global").map((one) =>
      row(one.callback_id, () => this.ask("shortcut", { callback_id: one.callback_id }), {},
        h("span", {}, `⚡ ${one.name}`), h("small", {}, one.description)));
  }

  drawHome() {
    if (this.homePressed.on) return;
    const view = this.space.home;
    keepingFocus(this.home, () => this.home.replaceChildren(...(view
      ? blocks(view.blocks, this.desk({ view }))
      : [h("p", { class: "nothing" }, "opsbot has not published this person’s Home tab yet.")])));
  }

  hint() {
    const first = this.box.value.trim().split(/\s/)[0];
    const command = this.space.commands.find((one) => one.command === first);
    setText(this.usage, command ? `${command.command} ${command.usage_hint}` : "Enter sends, Shift+Enter makes a new line");
  }

  typed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.send();
  }

  // One at a time, and as who it is now: what cannot go out yet stays in the composer.
  async send() {
    if (this.busy || !this.box.value.trim()) return;
    this.wait(true);
    try {
      await this.space.here;
      const text = this.box.value.trim();
      if (text && !this.form.hidden) await this.sent(text);
    } finally {
      this.wait(false);
    }
  }

  wait(on) {
    this.busy = on;
    this.form.classList.toggle("busy", on);
  }

  async sent(text) {
    const from = { user: this.space.user, channel: this.channel };
    this.box.value = "";
    this.hint();
    this.messages.follow = true;
    if (!text.startsWith("/")) return this.ask("say", { ...from, text });
    if (this.space.types(text, "kill ")) await press("enter");
    const shown = await this.ask("command", { ...from, text });
    if (shown.error || shown.kind === "failed") this.box.value ||= text;
    this.messages.show(this.channel);
    this.messages.follow = false;
    this.told({ kind: "command", text, shown, user: from.user });
  }

  async submit(view, chosen, wrong) {
    if (KILL_FORMS.has(view.callback_id)) await press("enter");
    const shown = await this.ask("submit", { view_id: view.id, values: chosen });
    if (shown.kind !== "errors") return;
    wrong(shown.errors);
    this.draw("views");
  }

  // Posts as the person of the moment; whatever goes wrong is said above the composer, and in the form.
  async ask(path, body) {
    this.asks(1);
    const shown = await post(`/slack/ui/${path}`, { user: this.space.user, ...body });
    this.asks(-1);
    const wrong = shown.error ? shown.hint : shown.kind === "failed" ? shown.text : "";
    setText(this.trouble, wrong ?? "");
    this.modals.tell(wrong);
    return shown;
  }

  // What was pressed and is not answered yet.
  asks(more) {
    this.asked = (this.asked ?? 0) + more;
    this.below.classList.toggle("asking", this.asked > 0);
  }

  // Where an element lives, and what a press on it sends.
  desk({ message, view }) {
    const place = message ? { channel: message.channel, message_ts: message.ts } : { view_id: view.id };
    const { space } = this;
    return {
      names: space.names,
      people: () => space.humans().map((one) => ({ id: one.id, name: one.real_name })),
      channels: () => space.channels.map((one) => ({ id: one.id, name: space.title(one) })),
      options: (spec, block, query) => this.ask("options", { ...place, action_id: spec.action_id, block_id: block.block_id, query }),
      act: (spec, block, value) => this.act(spec, block, value, place),
    };
  }

  async act(spec, block, value, place) {
    const root = place.view_id ? (this.space.home?.id === place.view_id ? this.home : this.overlay) : null;
    const body = { ...place, action_id: spec.action_id, block_id: block.block_id, values: root ? values(root) : {} };
    if (spec.confirm && !(await this.modals.confirm(spec.confirm, this.space.names))) return;
    this.messages.follow = true;
    const shown = await this.ask("action", value === undefined ? body : { ...body, value });
    if (this.tab === "channel") this.messages.show(this.channel);
    this.messages.follow = false;
    this.told({ kind: "act", action: spec.action_id, shown });
  }
}

const panel = (name, ...children) => h("section", { class: `panel ${name}`, id: `panel-${name}`, role: "tabpanel", "aria-labelledby": `tab-${name}` }, ...children);

const row = (name, act, more, ...children) => h("li", {}, h("button", { type: "button", data: { focus: name }, onclick: act, ...more }, ...children));
