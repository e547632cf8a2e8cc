// Draw Slack's markup. Control sequences are read on the raw text and entities are decoded last,
// so that escaped text (`&lt;!channel&gt;`) can never become live.

import { h } from "./dom.js";

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const EMOJI = {
  white_check_mark: "✅", warning: "⚠️", rotating_light: "🚨", red_circle: "🔴",
  large_orange_circle: "🟠", large_green_circle: "🟢", octagonal_sign: "🛑", pushpin: "📌",
  eyes: "👀", fire: "🔥", tada: "🎉", wave: "👋", thumbsup: "👍", "+1": "👍", x: "❌",
};
const CALLS = { channel: "@channel", here: "@here", everyone: "@everyone" };
// In this order: fenced code, code, control sequences, bold, italic, strike, emoji.
const TOKEN = new RegExp(
  [
    "```([\\s\\S]+?)```",
    "`([^`\\n]+)`",
    "<([^<>\\n]+)>",
    "(?<![\\p{L}\\p{N}*])\\*(?!\\s)([^*\\n]+?)(?<!\\s)\\*(?![\\p{L}\\p{N}*])",
    "(?<![\\p{L}\\p{N}_])_(?!\\s)([^_\\n]+?)(?<!\\s)_(?![\\p{L}\\p{N}_])",
    "(?<![\\p{L}\\p{N}~])~(?!\\s)([^~\\n]+?)(?<!\\s)~(?![\\p{L}\\p{N}~])",
    ":([a-z0-9_+-]+):",
  ].join("|"),
  "gu",
);

export const decoded = (text) => text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);

// `names` finds people, channels and groups: {person(id), channel(id), group(id)} -> text or null.
export function mrkdwn(text, names) {
  const root = document.createDocumentFragment();
  let quote = null;
  const lines = String(text ?? "").split(/(\n)/);
  for (const part of joinedFences(lines)) {
    if (part.startsWith("&gt;")) {
      if (!quote) root.append((quote = h("blockquote")));
      else quote.append("\n");
      quote.append(...inline(part.replace(/^&gt; ?/, ""), names));
    } else if (part === "\n") {
      if (!quote) root.append("\n");
    } else {
      quote = null;
      root.append(...inline(part, names));
    }
  }
  return root;
}

// A fence may span lines: lines are put together again until its end.
function joinedFences(lines) {
  const parts = [];
  let open = "";
  for (const line of lines) {
    const whole = open + line;
    const fences = whole.split("```").length - 1;
    if (fences % 2 === 1) open = whole;
    else {
      parts.push(whole);
      open = "";
    }
  }
  return open ? [...parts, ...open.split(/(\n)/)] : parts;
}

function inline(text, names) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > at) nodes.push(decoded(text.slice(at, match.index)));
    nodes.push(token(match, names));
    at = match.index + match[0].length;
  }
  if (at < text.length) nodes.push(decoded(text.slice(at)));
  return nodes;
}

function token(match, names) {
  const [whole, fence, code, control, bold, italic, strike, emoji] = match;
  if (fence !== undefined) return h("pre", {}, decoded(fence.replace(/^\n/, "")));
  if (code !== undefined) return h("code", {}, decoded(code));
  if (control !== undefined) return sequence(control, whole, names);
  if (bold !== undefined) return h("strong", {}, ...inline(bold, names));
  if (italic !== undefined) return h("em", {}, ...inline(italic, names));
  if (strike !== undefined) return h("s", {}, ...inline(strike, names));
  return EMOJI[emoji] ?? whole;
}

function sequence(control, whole, names) {
  const bar = control.indexOf("|");
  const target = bar < 0 ? control : control.slice(0, bar);
  const label = bar < 0 ? "" : decoded(control.slice(bar + 1));
  if (target.startsWith("@")) return mention(`@${names.person(target.slice(1)) ?? (label || target.slice(1))}`);
  if (target.startsWith("#")) return mention(`#${names.channel(target.slice(1)) ?? (label || target.slice(1))}`);
  if (target.startsWith("!subteam^")) return mention(label || `@${names.group(target.slice(9)) ?? target.slice(9)}`);
  if (target.startsWith("!date^")) return label || decoded(target);
  if (target.startsWith("!")) return mention(CALLS[target.slice(1)] ?? (label || decoded(whole)));
  return link(target, label) ?? decoded(whole);
}

const mention = (text) => h("span", { class: "mention" }, text);

export function link(target, label) {
  const address = decoded(target);
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return null;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label || address);
}
