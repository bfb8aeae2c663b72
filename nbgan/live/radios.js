// A group of buttons of which one is chosen, by pointer or arrow keys (the ARIA radio group).
//   parent, className, label   where the group lies, its class, its name for screen readers
//   contents                   one function a button, (button) => fills it
//   choose                     (index) => called when the reader chooses
// Gives { group, buttons, show(chosen) }; with −1 none is chosen.
export function createRadios({ parent, className, label, contents, choose, element }) {
  const group = element("div", parent, { className }, { role: "radiogroup", "aria-label": label });
  const buttons = contents.map((fill, i) => {
    const button = element("button", group, { type: "button" }, { role: "radio" });
    fill(button);
    button.addEventListener("click", () => choose(i));
    return button;
  });
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const from = buttons.indexOf(document.activeElement);
    if (!step || from < 0) return;
    event.preventDefault();
    const to = (from + step + buttons.length) % buttons.length;
    choose(to);
    buttons[to].focus();
  });
  const show = (chosen) =>
    buttons.forEach((button, i) => {
      button.setAttribute("aria-checked", String(i === chosen));
      button.tabIndex = i === Math.max(chosen, 0) ? 0 : -1;
    });
  return { group, buttons, show };
}
