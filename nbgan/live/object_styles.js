// Styles of the objects of a street: which vector each has, and the row of pictures to choose from.

const BASE = 1000; // the n-th object of a class has the id class × BASE + n; stuff has its class id
const classOf = (id) => (id < BASE ? id : Math.floor(id / BASE));

// Which style each object has.
//   styles  {class: [{values, thumbnail}]}: what can be chosen
//   usual   {class: values}: for what has no other
//   own     {id: values} of the picture that is painted on
export class Wardrobe {
  constructor({ styles, usual, length }) {
    Object.assign(this, { styles, usual, own: {}, chosen: new Map() });
    this.none = new Array(length).fill(0);
  }

  // Another picture: every object looks as it does there.
  restart(own) {
    this.own = own;
    this.chosen.clear();
  }

  // -1: as in the picture; else a position among the styles of the class.
  choiceOf(id) {
    const classId = classOf(id);
    if (this.chosen.has(id)) return this.chosen.get(id);
    if (this.own[id]) return -1;
    const count = this.styles[classId]?.length ?? 0;
    // New things differ from each other from the start.
    return count && id >= BASE ? (id % BASE) % count : 0;
  }

  choose(id, choice) {
    this.chosen.set(id, choice);
  }

  vectorOf(id) {
    const choice = this.choiceOf(id);
    if (choice < 0) return this.own[id];
    const classId = classOf(id);
    return this.styles[classId]?.[choice]?.values ?? this.usual[classId] ?? this.none;
  }

  // The vectors of all objects of a map: {id: values}.
  vectors(mask, instance) {
    const ids = new Set(Array.from(instance, (id, i) => id || mask[i]));
    return Object.fromEntries([...ids].map((id) => [id, this.vectorOf(id)]));
  }
}

// The row above the painter: what is chosen, and the styles that it may have.
export function createChooser(parent, { classes, wardrobe, element, onChange }) {
  const bar = element("div", parent, { className: "nbgan-live-styles nbgan-live-object" });
  const title = element("p", bar, { className: "nbgan-live-note" }, { "aria-live": "polite" });
  const group = element("div", bar, { className: "nbgan-live-swatches" }, {
    role: "radiogroup", "aria-label": "style of the object",
  });
  let id = null;
  let options = [];

  const show = () => {
    const choice = id === null ? null : wardrobe.choiceOf(id);
    options.forEach(({ node, value }, at) => {
      node.setAttribute("aria-checked", String(value === choice));
      node.tabIndex = value === choice || (choice === null && at === 0) ? 0 : -1;
    });
  };
  const choose = (value) => {
    wardrobe.choose(id, value);
    show();
    onChange();
  };
  const swatch = (value, text, picture) => {
    const node = element("button", group, { type: "button", className: "nbgan-live-swatch" }, {
      role: "radio",
    });
    if (picture) element("img", node, { src: picture, alt: "", width: 96, height: 72 });
    element("span", node, { textContent: text });
    node.addEventListener("click", () => choose(value));
    options.push({ node, value });
  };
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const now = options.findIndex(({ value }) => value === wardrobe.choiceOf(id));
    const next = options[(now + step + options.length) % options.length];
    choose(next.value);
    next.node.focus();
  });

  // chosen: {classId, instance} or null, as the painter tells it.
  return (chosen) => {
    group.replaceChildren();
    options = [];
    id = chosen && (chosen.instance || chosen.classId);
    if (!chosen) {
      title.textContent =
        "Press “Object” below and click on something in the mask: its styles appear here.";
      return;
    }
    const name = classes[chosen.classId].name;
    title.textContent = chosen.instance ? `Style of this ${name} (${id})` : `Style of the ${name}`;
    if (wardrobe.own[id]) swatch(-1, "as in the picture", null);
    const styles = wardrobe.styles[chosen.classId] ?? [];
    styles.forEach(({ thumbnail }, at) => swatch(at, `style ${at + 1}`, thumbnail));
    if (options.length < 2) title.textContent += ": there is one only.";
    show();
  };
}
