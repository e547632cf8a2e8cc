// Draw Block Kit. A type that is not known here becomes a line of text that says so, never nothing.

import { h } from "./dom.js";
import { element } from "./elements.js";
import { link, mrkdwn } from "./mrkdwn.js";

// `desk`: see elements.js, and `names` as mrkdwn takes them; `errors` belong to a modal's inputs.
export function blocks(list, desk, errors = {}) {
  return (list ?? []).map((block) => {
    const draw = KINDS[block.type];
    return draw ? draw(block, desk, errors) : unknown(block);
  });
}

// A text object; plain text stays exactly as it is.
export function words(object, desk) {
  if (!object) return "";
  return object.type === "mrkdwn" ? mrkdwn(object.text, desk.names) : object.text;
}

const KINDS = {
  section: (block, desk) => h("div", { class: "section" },
    h("div", { class: "body" },
      block.text ? h("div", { class: "words" }, words(block.text, desk)) : null,
      block.fields ? h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "words" }, words(field, desk)))) : null,
    ),
    block.accessory ? named(element(block.accessory, block, desk), block, block.accessory) : null,
  ),
  header: (block) => h("h4", { class: "header" }, block.text.text),
  divider: () => h("hr"),
  context: (block, desk) => h("div", { class: "context words" }, block.elements.map((one) =>
    one.type === "image" ? element(one, block, desk) : h("span", {}, words(one, desk)))),
  actions: (block, desk) => h("div", { class: "actions" },
    block.elements.map((one) => named(element(one, block, desk), block, one))),
  input: inputBlock,
  image: (block) => h("figure", { class: "image" }, `Image: ${block.alt_text}`),
  markdown: (block) => h("div", { class: "words" }, block.text),
  rich_text: (block, desk) => h("div", { class: "words" }, block.elements.map((one) => rich(one, desk))),
};

function named(node, block, spec) {
  node.dataset.block = block.block_id ?? "";
  node.dataset.action = spec.action_id ?? "";
  return node;
}

let serial = 0;

function inputBlock(block, desk, errors) {
  const node = named(element(block.element, block, desk, { input: !block.dispatch_action }), block, block.element);
  const id = `input-${(serial += 1)}`;
  const error = errors[block.block_id];
  node.id = id;
  if (error) {
    node.setAttribute("aria-invalid", "true");
    node.setAttribute("aria-describedby", `${id}-error`);
  }
  return h("div", { class: `input ${error ? "wrong" : ""}` },
    h("label", { for: id }, block.label.text, block.optional ? h("small", {}, " (optional)") : null),
    node,
    block.hint ? h("small", { class: "hint" }, block.hint.text) : null,
    error ? h("p", { class: "error", id: `${id}-error`, role: "alert" }, error) : null,
  );
}

function rich(part, desk) {
  const inner = () => (part.elements ?? []).map((one) => (one.elements ? rich(one, desk) : piece(one, desk)));
  if (part.type === "rich_text_list") {
    return h(part.style === "ordered" ? "ol" : "ul", {}, part.elements.map((one) => h("li", {}, rich(one, desk))));
  }
  if (part.type === "rich_text_quote") return h("blockquote", {}, inner());
  if (part.type === "rich_text_preformatted") return h("pre", {}, inner());
  return h("span", {}, inner());
}

function piece(one, desk) {
  const { names } = desk;
  if (one.type === "user") return h("span", { class: "mention" }, `@${names.person(one.user_id) ?? one.user_id}`);
  if (one.type === "channel") return h("span", { class: "mention" }, `#${names.channel(one.channel_id) ?? one.channel_id}`);
  if (one.type === "broadcast") return h("span", { class: "mention" }, `@${one.range}`);
  if (one.type === "emoji") return `:${one.name}:`;
  if (one.type === "link") return link(one.url, one.text) ?? one.text ?? one.url;
  const text = one.text ?? one.url ?? `[${one.type}]`;
  const style = one.style ?? {};
  if (style.code) return h("code", {}, text);
  if (style.bold) return h("strong", {}, text);
  if (style.italic) return h("em", {}, text);
  return style.strike ? h("s", {}, text) : text;
}

function unknown(block) {
  const text = typeof block.text === "string" ? block.text : block.text?.text ?? block.title?.text ?? "";
  return h("div", { class: "unknown" }, `[${block.type} is not shown here] ${text}`.trim());
}
