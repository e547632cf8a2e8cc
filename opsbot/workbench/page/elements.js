// Draw Block Kit's interactive elements, and read what was chosen in them.

import { h, plural, setText } from "./dom.js";

const TEXTS = {
  plain_text_input: "text", email_text_input: "email", url_text_input: "url", number_input: "number",
};
const LONGEST = 3000;
const MOMENTS = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" };
const LISTS = { users: "people", channels: "channels", conversations: "channels" };

// `desk`: {act(element, block, value), options(element, block, query), people, channels}.
export function element(spec, block, desk, { input = false } = {}) {
  const made = draw(spec, block, desk, input);
  if (!made) return h("span", { class: "unknown" }, `[${spec.type} is not shown here]`);
  made.dataset.focus ??= `${block.block_id ?? ""}/${spec.action_id ?? spec.type}`;
  return made;
}

function draw(spec, block, desk, input) {
  const type = spec.type;
  const changed = (value) => !input && desk.act(spec, block, value);
  if (type === "button" || type === "workflow_button") return button(spec, block, desk);
  if (type in TEXTS) return textInput(spec, changed);
  if (type in MOMENTS) return moment(spec, changed);
  if (type === "radio_buttons" || type === "checkboxes") return choices(spec, block, changed);
  if (type === "overflow") return overflow(spec, changed);
  if (type === "image") return h("span", { class: "image", role: "img" }, `Image: ${spec.alt_text}`);
  if (type.endsWith("select")) return select(spec, block, desk, changed);
  return null;
}

function button(spec, block, desk) {
  if (spec.url) {
    const props = { class: `button ${spec.style ?? ""}`, target: "_blank", rel: "noopener noreferrer" };
    const safe = /^https?:\/\//i.test(spec.url) ? { href: spec.url } : {};
    return h("a", { ...props, ...safe, onclick: () => desk.act(spec, block) }, spec.text.text);
  }
  const props = { type: "button", class: `button ${spec.style ?? ""}`, "aria-label": spec.accessibility_label };
  return h("button", { ...props, onclick: () => desk.act(spec, block) }, spec.text.text);
}

function textInput(spec, changed) {
  const many = spec.type === "plain_text_input" && spec.multiline;
  const node = h(many ? "textarea" : "input", {
    type: many ? null : TEXTS[spec.type],
    rows: many ? 3 : null,
    minlength: spec.min_length,
    step: spec.is_decimal_allowed ? "any" : null,
    min: spec.min_value,
    max: spec.max_value,
    placeholder: spec.placeholder?.text,
    value: spec.initial_value ?? "",
    autocomplete: "off",
    onchange: () => { if (!node.tooLong()) changed(node.value); },
    oninput: () => node.tooLong(),
  });
  limit(node, spec.max_length ?? LONGEST);
  return reading(node, () => node.value || undefined, (value) => { node.value = value; node.tooLong(); });
}

let limits = 0;

// As in Slack, what is too long is kept, and is not sent: `tooLong` says so below the field, and returns whether.
function limit(node, most) {
  const said = h("p", { class: "error", id: `too-long-${(limits += 1)}`, role: "status" });
  node.tooLong = () => {
    const over = [...node.value].length - most;
    const others = (node.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== said.id);
    if (over <= 0) said.remove();
    else if (said.previousSibling !== node) node.after(said);
    setText(said, over > 0 ? `${plural(over, "character")} too many: at most ${most}.` : "");
    const about = over > 0 ? [...others, said.id] : others;
    put(node, "aria-describedby", about.join(" "));
    put(node, "aria-invalid", about.length ? "true" : "");
    return over > 0;
  };
}

function put(node, name, value) {
  if (value) node.setAttribute(name, value);
  else node.removeAttribute(name);
}

// The first field below `root` that holds more than it may.
export function tooLong(root) {
  return [...root.querySelectorAll("[data-block]")].filter((node) => node.tooLong?.())[0];
}

function moment(spec, changed) {
  const initial = spec.initial_date ?? spec.initial_time ?? localTime(spec.initial_date_time) ?? "";
  const node = h("input", { type: MOMENTS[spec.type], value: initial, onchange: () => changed(read()) });
  const read = () => {
    if (!node.value) return undefined;
    return spec.type === "datetimepicker" ? Math.floor(new Date(node.value).getTime() / 1000) : node.value;
  };
  return reading(node, read, (value) => { node.value = spec.type === "datetimepicker" ? localTime(value) : value; });
}

function localTime(seconds) {
  if (!seconds) return null;
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function choices(spec, block, changed) {
  const one = spec.type === "radio_buttons";
  const initial = new Set((spec.initial_options ?? [spec.initial_option]).filter(Boolean).map((o) => o.value));
  const name = `${block.block_id}-${spec.action_id}`;
  const boxes = spec.options.map((option) => h("input", {
    type: one ? "radio" : "checkbox", name, value: option.value,
    checked: initial.has(option.value), onchange: () => changed(read()),
  }));
  const read = () => {
    const picked = boxes.filter((box) => box.checked).map((box) => box.value);
    return one ? picked[0] : picked;
  };
  const rows = boxes.map((box, index) => h("label", {}, box, h("span", {}, spec.options[index].text.text)));
  const write = (value) => { for (const box of boxes) box.checked = [value].flat().includes(box.value); };
  return reading(h("div", { class: "choices", role: "group" }, ...rows), read, write);
}

function overflow(spec, changed) {
  const node = h("select", {
    class: "overflow", "aria-label": "More actions",
    onchange: () => { const value = node.value; node.value = ""; changed(value); },
  }, h("option", { value: "" }, "⋯"), ...spec.options.map(option));
  return node;
}

const option = (one) => h("option", { value: one.value }, one.text.text);

function groups(spec) {
  if (!spec.option_groups) return (spec.options ?? []).map(option);
  return spec.option_groups.map((group) => h("optgroup", { label: group.label.text }, ...group.options.map(option)));
}

function select(spec, block, desk, changed) {
  const kind = spec.type.replace(/^multi_/, "").replace(/_select$/, "");
  const many = spec.type.startsWith("multi_");
  const node = h("select", { multiple: many, "aria-label": spec.placeholder?.text, onchange: () => changed(read()) });
  if (!many) node.append(h("option", { value: "" }, spec.placeholder?.text ?? "Choose…"));
  if (kind in LISTS) node.append(...desk[LISTS[kind]]().map((one) => h("option", { value: one.id }, one.name)));
  else node.append(...groups(spec));
  preselect(node, spec, kind);
  const read = () => {
    const picked = [...node.selectedOptions].map((one) => one.value).filter(Boolean);
    return many ? picked : picked[0];
  };
  const write = (value) => { for (const one of node.options) one.selected = [value].flat().includes(one.value); };
  return kind === "external" ? external(node, spec, block, desk, read) : reading(node, read, write);
}

function preselect(node, spec, kind) {
  const single = spec.initial_option?.value ?? spec[`initial_${kind.replace(/s$/, "")}`];
  const all = spec.initial_options?.map((one) => one.value) ?? spec[`initial_${kind}`] ?? [single];
  for (const one of node.options) if (one.value && all.includes(one.value)) one.selected = true;
}

function external(node, spec, block, desk, read) {
  const ask = async () => {
    const found = await desk.options(spec, block, query.value);
    if (found.error) return;
    node.replaceChildren(h("option", { value: "" }, "Choose…"), ...groups(found.option_groups?.length ? found : { options: found.options ?? [] }));
  };
  const query = h("input", { type: "search", placeholder: "Search…", "aria-label": "Search", onchange: ask });
  if (!spec.min_query_length) ask();
  return reading(h("div", { class: "external" }, query, node), read);
}

// `write` puts back what was read, where setting `value` would not do.
function reading(node, read, write) {
  node.readValue = read;
  node.writeValue = write;
  return node;
}

// Everything that was chosen below `root`: {block_id: {action_id: value}}; what was left alone is absent.
export function values(root) {
  const found = {};
  for (const node of root.querySelectorAll("[data-block]")) {
    const value = node.readValue?.();
    if (value === undefined) continue;
    (found[node.dataset.block] ??= {})[node.dataset.action] = value;
  }
  return found;
}
