// A button that is redrawn while it is pressed would swallow the press: what is drawn there waits until it is let go.

export class Pressed {
  // `again` draws what had to wait.
  constructor(root, again) {
    this.on = false;
    // A menu of the browser's own may keep to itself that the pointer went up.
    root.addEventListener("pointerdown", (event) => { this.on = !event.target.closest("select"); });
    for (const over of ["pointerup", "pointercancel"]) addEventListener(over, () => this.released(again));
  }

  // The click itself comes after the pointer is up.
  released(again) {
    if (!this.on) return;
    setTimeout(() => {
      this.on = false;
      again();
    });
  }
}
