// Pictures side by side, each with a title.

export default {
  render({ model, el }) {
    const root = document.createElement("div");
    root.className = "nbgan-pictures";
    el.appendChild(root);
    let addresses = [];

    function draw() {
      addresses.forEach((address) => URL.revokeObjectURL(address));
      root.style.setProperty("--picture", `${model.get("width")}px`);
      const items = model.get("items");
      addresses = items.map(({ png }) => URL.createObjectURL(new Blob([png], { type: "image/png" })));
      root.replaceChildren(
        ...items.map(({ title }, at) => {
          const figure = document.createElement("figure");
          const image = document.createElement("img");
          image.alt = `picture: ${title}`;
          image.src = addresses[at];
          const caption = document.createElement("figcaption");
          caption.textContent = title;
          figure.append(image, caption);
          return figure;
        }),
      );
    }

    draw();
    model.on("change:items", draw);
    return () => {
      model.off("change:items", draw);
      addresses.forEach((address) => URL.revokeObjectURL(address));
    };
  },
};
