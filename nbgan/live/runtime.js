// Models in a worker of the page. Works from a server and from disk alike: nothing is fetched, all
// parts are texts that classic scripts left in globalThis.nbgan.assets (gzip in base64).

const PATIENCE = 120_000; // milliseconds; a worker that is silent for longer is given up

// A worker that does tasks, from the texts of its parts. Every call ends: in an answer, in an error,
// or in the end of a worker that gives no sign of life.
function startWorker(sources) {
  const address = URL.createObjectURL(new Blob(sources, { type: "text/javascript" }));
  const worker = new Worker(address);
  const waiting = new Map();
  let count = 0;
  let broken = null;

  const stop = (reason = "the demo was closed", silent = false) => {
    if (broken) return;
    worker.terminate();
    URL.revokeObjectURL(address);
    broken = Object.assign(new Error(reason), { silent });
    for (const { reject, late } of waiting.values()) {
      clearTimeout(late);
      reject(broken);
    }
    waiting.clear();
  };
  worker.onerror = (event) => {
    event.preventDefault();
    stop(event.message || "the worker could not start");
  };
  worker.onmessageerror = () => stop("an answer of the worker could not be read");
  worker.onmessage = ({ data: { id, answer, error } }) => {
    const { resolve, reject, late } = waiting.get(id) ?? {};
    clearTimeout(late);
    waiting.delete(id);
    if (error === undefined) resolve?.(answer);
    else reject?.(new Error(error));
  };
  const call = (task, given) =>
    new Promise((resolve, reject) => {
      if (broken) return reject(broken);
      const id = ++count;
      const seconds = Math.round(PATIENCE / 1000);
      const silence = `the worker has not answered for ${seconds} seconds`;
      const late = setTimeout(() => stop(silence, true), PATIENCE);
      waiting.set(id, { resolve, reject, late });
      return worker.postMessage({ id, task, ...given });
    });
  return { call, stop };
}

// Start a worker and load models.
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
  const steps = models.length + 1;
  const start = async (what) => {
    const worker = startWorker(sources);
    try {
      onProgress(0, what);
      await worker.call("start", { glue: assets["ort.mjs"], wasm: assets["ort.wasm"] });
      for (const [i, name] of models.entries()) {
        onProgress((i + 1) / steps, `loading the model (${i + 1} of ${models.length})`);
        if (!assets[`${name}.onnx`]) throw new Error(`${name}.onnx did not arrive`);
        await worker.call("load", { name, model: assets[`${name}.onnx`] });
      }
    } catch (error) {
      worker.stop();
      throw error;
    }
    onProgress(1, "ready");
    return worker;
  };
  try {
    return await start("starting the runtime");
  } catch (error) {
    // Browsers end or freeze a worker without a word when memory is short: once more, afresh.
    if (!error.silent) throw error;
    return start("starting the runtime once more");
  }
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
