// Demos of a page: nothing of one is loaded before the reader opens it. Works from a server and
// from disk: all parts are classic scripts that put texts (gzip in base64) into nbgan.assets.

(() => {
  "use strict";

  const nbgan = (globalThis.nbgan ??= {});
  nbgan.assets ??= {};
  const folder = document.currentScript.src.replace(/[^/]*$/, "");
  const LOADING = 0.6; // share of the progress bar for what travels; the rest is starting it
  const LIGHT = 300_000; // bytes of which nothing needs to be said before they are loaded
  const scripts = new Map();
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

  const element = (tag, parent, properties = {}, attributes = {}) => {
    const node = Object.assign(document.createElement(tag), properties);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    parent?.appendChild(node);
    return node;
  };

  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  // Add a script to the page, once; a failed one may be tried again.
  const addScript = (name) => {
    if (!scripts.has(name)) {
      const promise = new Promise((resolve, reject) => {
        const script = element("script", null, { src: folder + name, async: true });
        script.onload = resolve;
        script.onerror = () => {
          scripts.delete(name);
          script.remove();
          reject(new Error(`${name.split("?")[0]} could not be loaded`));
        };
        document.head.appendChild(script);
      });
      scripts.set(name, promise);
    }
    return scripts.get(name);
  };

  const asset = async (name) => {
    if (!nbgan.assets[name]) throw new Error(`${name} did not arrive`);
    return unpack(nbgan.assets[name]);
  };
  const text = async (name) => new TextDecoder().decode(await asset(name));

  // Modules cannot be imported from files, but from a Blob.
  const module = async (name) => {
    const source = new Blob([await text(name)], { type: "text/javascript" });
    const address = URL.createObjectURL(source);
    try {
      return await import(address);
    } finally {
      URL.revokeObjectURL(address);
    }
  };

  const check = () => {
    const missing = ["WebAssembly", "DecompressionStream", "Worker"].filter(
      (name) => !(name in globalThis),
    );
    if (missing.length)
      throw new Error(`this browser has no ${missing.join(", ")}; a newer one is needed`);
  };

  // Everything a demo needs: its scripts, then its module.
  const start = async (root, stage, { parts, total }, onProgress) => {
    check();
    let arrived = 0;
    onProgress(0, `loading ${megabytes(total)}`);
    for (const { name, bytes } of parts) {
      await addScript(name);
      arrived += bytes;
      onProgress((LOADING * arrived) / total, "loading");
    }
    const { open } = await module(`${root.dataset.demo}.mjs`);
    return open(stage, {
      root,
      element,
      assets: nbgan.assets,
      unpack,
      asset,
      text,
      module,
      onProgress: (share, what) => onProgress(LOADING + (1 - LOADING) * share, what),
    });
  };

  const prepare = (root) => {
    const parts = JSON.parse(root.dataset.scripts);
    const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    const cover = root.querySelector(".nbgan-live-cover");
    const bar = element("div", root, { className: "nbgan-live-bar" });
    root.insertBefore(bar, cover.nextSibling);
    const button = element("button", cover, {
      type: "button", className: "nbgan-live-open", textContent: root.dataset.open,
    });
    const progress = element("progress", bar, { max: 1, value: 0, hidden: true }, {
      "aria-label": "progress",
    });
    const status = element("span", bar, { className: "nbgan-live-status" }, {
      role: "status", "aria-live": "polite",
    });
    if (total > LIGHT) status.textContent = `Loads ${megabytes(total)}, then runs on this device.`;
    else bar.hidden = true;
    const stage = element("div", null, { className: "nbgan-live-stage", hidden: true });
    root.insertBefore(stage, cover);

    const open = async () => {
      button.disabled = true;
      bar.hidden = false;
      progress.hidden = false;
      delete root.dataset.state;
      try {
        const handle = await start(root, stage, { parts, total }, (share, what) => {
          progress.value = share;
          status.textContent = `${what} …`;
        });
        Object.assign(root.nbganDemo, handle);
        stage.hidden = false;
        cover.hidden = true;
        bar.hidden = true;
        root.dataset.state = "open";
        stage.querySelector("button, input, select, [tabindex]")?.focus({ preventScroll: true });
      } catch (error) {
        stage.replaceChildren();
        progress.hidden = true;
        button.disabled = false;
        button.textContent = "Try again";
        status.textContent = `The demo could not start: ${error.message}. The picture stays.`;
        root.dataset.state = "failed";
        throw error;
      }
    };
    root.nbganDemo = {
      open: () => {
        root.nbganDemo.ready ??= open().catch((error) => {
          root.nbganDemo.ready = null;
          return Promise.reject(error);
        });
        return root.nbganDemo.ready;
      },
    };
    button.addEventListener("click", () => root.nbganDemo.open().catch(() => {}));
  };

  document.querySelectorAll(".nbgan-live").forEach(prepare);
})();
