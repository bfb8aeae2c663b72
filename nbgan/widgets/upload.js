// A button for a file of the user. What is too large never leaves the page: the server would cut
// the connection.

const PATIENCE = 20000; // milliseconds until a silent kernel is reported

function element(tag, parent, properties = {}) {
  const node = document.createElement(tag);
  Object.assign(node, properties);
  parent.appendChild(node);
  return node;
}

export default {
  render({ model, el }) {
    const root = element("div", el, { className: "nbgan-control" });
    const button = element("button", root, { type: "button", textContent: model.get("label") });
    const input = element("input", root, { type: "file", accept: model.get("accept"), hidden: true });
    input.setAttribute("aria-label", model.get("label"));
    const words = element("p", root, { className: "nbgan-words" });
    words.setAttribute("role", "status");
    let late = 0;

    function say(text, kind) {
      clearTimeout(late);
      words.textContent = text;
      words.dataset.kind = kind;
    }

    button.addEventListener("click", () => input.click());
    input.addEventListener("change", async () => {
      const [file] = input.files;
      input.value = "";
      if (!file) return;
      const most = model.get("most_megabytes");
      if (file.size > most * 1e6) {
        const size = (file.size / 1e6).toFixed(1);
        say(`${file.name}: ${size} MB; at most ${most} MB are read. Make it smaller.`, "error");
        return;
      }
      say(`Reading ${file.name} …`, "info");
      late = setTimeout(() => say("The kernel does not answer; the file was not used.", "error"), PATIENCE);
      model.send({ kind: "file", name: file.name }, undefined, [await file.arrayBuffer()]);
    });
    const receive = ({ kind, text }) => say(text, kind);
    model.on("msg:custom", receive);
    return () => {
      clearTimeout(late);
      model.off("msg:custom", receive);
    };
  },
};
