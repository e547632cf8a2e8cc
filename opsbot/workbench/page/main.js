// Puts the page together: the phone on the left, the stage on the right.

import { byId, setText } from "./dom.js";
import { Phone } from "./slack.js";
import { StageView } from "./stage.js";
import { themes } from "./theme.js";

themes(byId("theme"));

let stage = null;
const phone = new Phone(byId("phone"), (event) => stage?.typed(event));
stage = new StageView(phone);
stage.start();
phone.start().catch((error) => setText(byId("phone"), `Slack’s stand-in does not answer: ${error.message}`));

byId("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(byId("lines").textContent);
    setText(byId("copied"), "Copied.");
  } catch {
    getSelection().selectAllChildren(byId("lines"));
    setText(byId("copied"), "Selected: copy it with your keyboard.");
  }
});
