// A row of small pictures, one of which is chosen: a radio group.

export default {
  render({ model, el }) {
    const root = document.createElement("div");
    root.className = "nbgan-control nbgan-swatches";
    root.setAttribute("role", "radiogroup");
    el.appendChild(root);
    let addresses = [];
    let nodes = [];

    function show() {
      const chosen = model.get("chosen");
      nodes.forEach((node, at) => {
        node.setAttribute("aria-checked", String(at === chosen));
        node.tabIndex = at === Math.max(chosen, 0) ? 0 : -1;
      });
    }

    function choose(at) {
      model.set("chosen", at);
      model.save_changes();
      show();
    }

    function draw() {
      addresses.forEach((address) => URL.revokeObjectURL(address));
      root.setAttribute("aria-label", model.get("label"));
      const items = model.get("items");
      addresses = items.map(({ png }) => URL.createObjectURL(new Blob([png], { type: "image/png" })));
      nodes = items.map(({ title }, at) => {
        const node = document.createElement("button");
        node.type = "button";
        node.setAttribute("role", "radio");
        const image = document.createElement("img");
        image.alt = "";
        image.src = addresses[at];
        const words = document.createElement("span");
        words.textContent = title;
        node.append(image, words);
        node.addEventListener("click", () => choose(at));
        return node;
      });
      root.replaceChildren(...nodes);
      show();
    }

    root.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const at = nodes.indexOf(event.target);
      if (!step || at < 0) return;
      event.preventDefault();
      event.stopPropagation();
      const next = (at + step + nodes.length) % nodes.length;
      choose(next);
      nodes[next].focus();
    });
    draw();
    model.on("change:items", draw);
    model.on("change:chosen", show);
    return () => {
      model.off("change:items", draw);
      model.off("change:chosen", show);
      addresses.forEach((address) => URL.revokeObjectURL(address));
    };
  },
};
