// The worker that runs models. Its text is put behind onnxruntime-web's, so `ort` is there, and
// before that of the worker parts of a demo, which add their own tasks.
// Nothing is fetched: runtime and models arrive as gzip in base64 text.

"use strict";

const sessions = {};
const tasks = {};

async function unpack(text) {
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

tasks.start = async ({ glue, wasm }) => {
  const script = new Blob([await unpack(glue)], { type: "text/javascript" });
  ort.env.wasm.wasmPaths = { mjs: URL.createObjectURL(script) };
  ort.env.wasm.wasmBinary = await unpack(wasm);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  ort.env.logLevel = "error";
};

tasks.load = async ({ name, model }) => {
  sessions[name] = await ort.InferenceSession.create(await unpack(model), {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
};

// inputs: {name: {type, data, dims}}; gives outputs in the same form.
tasks.run = async ({ name, inputs }) => {
  const feeds = {};
  for (const [key, { type, data, dims }] of Object.entries(inputs))
    feeds[key] = new ort.Tensor(type, data, dims);
  const outputs = {};
  for (const [key, tensor] of Object.entries(await sessions[name].run(feeds))) {
    // A copy of its own: the tensor may be a window into the runtime's memory.
    outputs[key] = { type: tensor.type, data: tensor.data.slice(), dims: tensor.dims };
    tensor.dispose();
  }
  return outputs;
};

// One task at a time: sessions share the runtime's memory.
let last = Promise.resolve();

onmessage = ({ data: { id, task, ...given } }) => {
  last = last.then(async () => {
    try {
      postMessage({ id, answer: await tasks[task](given) });
    } catch (error) {
      postMessage({ id, error: error?.message ?? String(error) });
    }
  });
};
