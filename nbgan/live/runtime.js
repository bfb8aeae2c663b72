// Models in a worker of the page. Works from a server and from disk alike: nothing is fetched, all
// parts are texts that classic scripts left in globalThis.nbgan.assets (gzip in base64).

// Start the worker and load models.
//   assets     {name: text}
//   models     names; the file of a model is the asset "<name>.onnx"
//   parts      names of assets with further worker code
//   unpack     async text => Uint8Array
//   onProgress (share done, what is being done) => {}
// Gives { call(task, given) => promise, stop() }.
export const startModels = async ({ assets, models, parts, unpack, onProgress }) => {
  const decoder = new TextDecoder();
  const sources = [];
  for (const name of ["ort.js", "worker.js", ...parts]) {
    if (!assets[name]) throw new Error(`${name} did not arrive`);
    sources.push(decoder.decode(await unpack(assets[name])), "\n;\n");
  }
  const address = URL.createObjectURL(new Blob(sources, { type: "text/javascript" }));
  const worker = new Worker(address);
  const waiting = new Map();
  let count = 0;
  let broken = null;

  const fail = (reason) => {
    broken = new Error(reason);
    for (const { reject } of waiting.values()) reject(broken);
    waiting.clear();
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message || "the worker could not start");
  };
  worker.onmessage = ({ data: { id, answer, error } }) => {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error === undefined) resolve?.(answer);
    else reject?.(new Error(error));
  };
  const call = (task, given) =>
    new Promise((resolve, reject) => {
      if (broken) return reject(broken);
      const id = ++count;
      waiting.set(id, { resolve, reject });
      return worker.postMessage({ id, task, ...given });
    });
  const stop = () => {
    worker.terminate();
    URL.revokeObjectURL(address);
    fail("the demo was closed");
  };

  try {
    const steps = models.length + 1;
    onProgress(0, "starting the runtime");
    await call("start", { glue: assets["ort.mjs"], wasm: assets["ort.wasm"] });
    for (const [i, name] of models.entries()) {
      onProgress((i + 1) / steps, `loading the model (${i + 1} of ${models.length})`);
      if (!assets[`${name}.onnx`]) throw new Error(`${name}.onnx did not arrive`);
      await call("load", { name, model: assets[`${name}.onnx`] });
    }
    onProgress(1, "ready");
  } catch (error) {
    stop();
    throw error;
  }
  return { call, stop };
};

// Of requests that come faster than answers, only the newest waits; older ones are dropped and
// answered with null.
export const latestOnly = (work) => {
  let running = false;
  let next = null;
  const turn = async () => {
    running = true;
    while (next) {
      const { given, resolve, reject } = next;
      next = null;
      try {
        resolve(await work(given));
      } catch (error) {
        reject(error);
      }
    }
    running = false;
  };
  return (given) =>
    new Promise((resolve, reject) => {
      next?.resolve(null);
      next = { given, resolve, reject };
      if (!running) turn();
    });
};
