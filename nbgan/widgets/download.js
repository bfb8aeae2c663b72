// A button that asks the kernel for a file and saves it.

const PATIENCE = 20000; // milliseconds until a silent kernel is reported

function element(tag, parent, properties = {}) {
  const node = document.createElement(tag);
  Object.assign(node, properties);
  parent.appendChild(node);
  return node;
}

function save(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "image/png" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

export default {
  render({ model, el }) {
    const root = element("div", el, { className: "nbgan-control" });
    const button = element("button", root, { type: "button", textContent: model.get("label") });
    const words = element("p", root, { className: "nbgan-words" });
    words.setAttribute("role", "status");
    let late = 0;
    let waiting = false; // another view of this widget may have asked

    function say(text, kind = "info") {
      clearTimeout(late);
      words.textContent = text;
      words.dataset.kind = kind;
    }

    button.addEventListener("click", () => {
      say("");
      waiting = true;
      late = setTimeout(() => say("The kernel does not answer.", "error"), PATIENCE);
      model.send({ kind: "wish" });
    });
    const receive = ({ kind, name, text }, buffers) => {
      if (!waiting) return;
      waiting = false;
      if (kind === "error") {
        say(text, "error");
        return;
      }
      save(name, buffers[0]);
      say(`Saved ${name}.`);
    };
    model.on("msg:custom", receive);
    return () => {
      clearTimeout(late);
      model.off("msg:custom", receive);
    };
  },
};
