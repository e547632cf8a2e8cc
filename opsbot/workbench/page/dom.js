// Small helpers around the DOM. Text only ever becomes text nodes: nothing here parses HTML.

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "value") node.value = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const money = (dollars) => `$${Math.round(dollars).toLocaleString("en-US")}`;

export const byNumber = (one, other) => one.localeCompare(other, "en", { numeric: true });

export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

// Remembers which control had the focus, by name, across a redraw of its surroundings.
export function keepingFocus(root, redraw) {
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  const name = focused?.dataset.focus;
  redraw();
  if (!name || focused.isConnected) return;
  root.querySelector(`[data-focus="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
}

export function initials(name) {
  const words = name.replace(/\(.*\)/, "").trim().split(/\s+/);
  return words.slice(0, 2).map((word) => word[0] ?? "").join("").toUpperCase();
}

export function hue(name) {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + char.codePointAt(0)) % 6;
  return `hue-${sum}`;
}
