// What one person sees of the workspace, kept up to date from the stand-in's events.

import { get, listen } from "./api.js";

export class Workspace {
  constructor(changed) {
    this.changed = changed;
    this.user = "";
    this.me = null;
    this.people = new Map();
    this.channels = [];
    this.messages = {};
    this.views = [];
    this.home = null;
    this.unread = {};
    this.online = false;
    this.seq = 0;
    this.groups = new Map();
    this.shortcuts = [];
    this.commands = [];
    this.names = {
      person: (id) => this.people.get(id)?.name ?? null,
      channel: (id) => this.channels.find((one) => one.id === id)?.name ?? null,
      group: (id) => this.groups.get(id)?.handle ?? null,
    };
  }

  // A command in neutral words (`kill support-copilot`) with the prefix that the app was installed with.
  spell(words) {
    const [verb] = words.split(" ", 1);
    const found = this.commands.find((one) => one.command.endsWith(`-${verb}`));
    return (found?.command ?? `/ai-${verb}`) + words.slice(verb.length);
  }

  // Whether a text begins with such a command.
  types(text, words) {
    return text.startsWith(this.spell(words));
  }

  // `here` tells when the person of the moment sees what they may.
  become(user) {
    this.source?.close();
    this.user = user;
    this.unread = {};
    this.here = this.arrive(user);
    return this.here;
  }

  async arrive(user) {
    await this.fetch();
    if (this.user !== user) return;
    this.source = listen(
      `/slack/ui/events?user=${encodeURIComponent(user)}`,
      (event) => this.user === user && this.heard(event),
      (online) => {
        if (this.online === online) return;
        this.online = online;
        this.changed("bot");
      },
    );
  }

  // What is heard while the state is on its way may be newer than it, and comes after it.
  async fetch() {
    const { user } = this;
    const late = (this.late = []);
    let found;
    try {
      found = await get(`/slack/ui/state?user=${encodeURIComponent(user)}`);
    } finally {
      this.late = this.late === late ? null : this.late;
    }
    if (this.user !== user || this.late) return;
    this.seq = found.seq;
    this.team = found.team;
    this.bot = found.bot;
    this.people = new Map(found.people.map((one) => [one.id, one]));
    this.groups = new Map(found.usergroups.map((one) => [one.id, one]));
    this.me = this.people.get(user);
    this.channels = found.channels;
    this.messages = found.messages;
    this.views = found.views;
    this.home = found.home;
    this.commands = found.commands;
    this.shortcuts = found.shortcuts;
    this.changed("all");
    for (const event of late) if (event.seq > found.seq) this.heard(event);
  }

  heard(event) {
    if (this.late) return void this.late.push(event);
    const kinds = {
      hello: () => { if (event.seq > this.seq) this.fetch(); },
      reset: () => this.fetch(),
      message: () => this.took(event.message),
      gone: () => this.lost(event),
      views: () => { this.views = event.views; this.changed("views"); },
      home: () => { this.home = event.home; this.changed("home"); },
      channel: () => this.joined(event.channel),
      bot: () => { this.bot = event.bot; this.changed("bot"); },
    };
    kinds[event.kind]?.();
    if (event.seq) this.seq = Math.max(this.seq, event.seq);
  }

  took(message) {
    const row = (this.messages[message.channel] ??= []);
    const at = row.findIndex((one) => one.ts === message.ts && one.ephemeral === message.ephemeral);
    if (at >= 0) row[at] = message;
    else {
      row.push(message);
      row.sort((one, other) => Number(one.ts) - Number(other.ts));
      if (message.user !== this.user) this.unread[message.channel] = (this.unread[message.channel] ?? 0) + 1;
    }
    this.changed("messages", message.channel);
  }

  lost({ channel, ts }) {
    this.messages[channel] = (this.messages[channel] ?? []).filter((one) => one.ts !== ts);
    this.changed("messages", channel);
  }

  joined(channel) {
    const at = this.channels.findIndex((one) => one.id === channel.id);
    if (at >= 0) this.channels[at] = channel;
    else this.channels.push(channel);
    this.changed("channels");
  }

  // A direct message carries the other person's name, everything else its own.
  title(channel) {
    if (!channel) return "";
    if (!channel.is_im) return `${channel.is_private ? "🔒" : "#"} ${channel.name}`;
    const other = channel.members.find((id) => id !== this.user);
    return this.people.get(other)?.name ?? channel.name;
  }

  humans() {
    return [...this.people.values()].filter((one) => !one.is_bot);
  }

  approves() {
    return /approver/.test(this.me?.real_name ?? "");
  }

  // Somebody who may ask for a restore, approves none, and is not who killed it.
  asker(killer) {
    return this.humans().findLast((one) => /\((admin|on call)\)/.test(one.real_name) && one.id !== killer);
  }

  approver() {
    return this.humans().find((one) => /approver/.test(one.real_name) && one.id !== this.user);
  }
}
