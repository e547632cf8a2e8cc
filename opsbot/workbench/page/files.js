// Draw what was shared with a message: pictures as pictures with their words, anything else by its name.

import { h } from "./dom.js";

export function files(message, user) {
  return (message.files ?? []).map((file) => {
    const address = `/slack/ui/file/${encodeURIComponent(file.id)}?user=${encodeURIComponent(user)}`;
    const shown = file.mimetype.startsWith("image/")
      ? h("img", { src: address, alt: file.alt_txt })
      : h("span", {}, `${file.size} bytes`);
    return h("figure", { class: "file" },
      h("figcaption", {}, file.title),
      h("a", { href: address, target: "_blank", rel: "noopener" }, shown));
  });
}
