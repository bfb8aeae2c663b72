// A line of words under the studio. In a saved page, where no kernel can answer, it says so.

export default {
  render({ model, el }) {
    const words = document.createElement("p");
    words.className = "nbgan-words nbgan-notice";
    words.setAttribute("role", "status");
    el.appendChild(words);
    // JupyterLab and Voila tell their kernel; a saved page has none to tell.
    const manager = model.widget_manager;
    const saved = Boolean(manager) && !("kernel" in manager);
    words.classList.toggle("nbgan-saved", saved);

    function draw() {
      words.textContent = saved ? model.get("saved") : model.get("text");
      words.dataset.kind = saved ? "info" : model.get("kind");
    }

    draw();
    model.on("change:text change:kind", draw);
    return () => model.off("change:text change:kind", draw);
  },
};
