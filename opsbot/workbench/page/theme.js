// Light, dark, or as the system says; kept in this browser.

import { setText } from "./dom.js";

const KEY = "opsbot-theme";
const ORDER = ["system", "light", "dark"];

export function themes(button) {
  const show = (name) => {
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    setText(button, `Theme: ${name}`);
  };
  let now = localStorage.getItem(KEY);
  if (!ORDER.includes(now)) now = "system";
  show(now);
  button.addEventListener("click", () => {
    now = ORDER[(ORDER.indexOf(now) + 1) % ORDER.length];
    localStorage.setItem(KEY, now);
    show(now);
  });
}
