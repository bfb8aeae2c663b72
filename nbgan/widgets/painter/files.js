// What the buttons "Load" and "Save" do.

import { holdsInstances, readInstances, writeInstances } from "./instancefile.js";
import { openPng, place, readMask, writeMask } from "./maskfile.js";

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

export async function saveMask({ space, board }) {
  download(await writeMask(space, board.mask), "mask.png");
  return "Saved mask.png: the pixel values are the class ids.";
}

export async function saveInstances({ space, board }) {
  download(await writeInstances(space, board.mask, board.instance), "instances.png");
  return space.things
    ? "Saved instances.png: 16 bits, class × 1000 + n on things, the class id elsewhere."
    : "Saved instances.png: 16 bits, the pixel values are the instance ids.";
}

async function read(space, instances, file) {
  try {
    const opened = await openPng(space, file);
    const name = file.name;
    if (!instances || !holdsInstances(opened)) return { name, mask: await readMask(space, opened) };
    return { name, ...(await readInstances(space, opened)), own: true };
  } catch (error) {
    throw new Error(`${file.name ?? "the file"}: ${error.message}`);
  }
}

// Two files of one picture must tell the same story.
function checkTogether({ width, classes }, mask, { name, instance, mask: classIds }) {
  const at = classIds ? instance.findIndex((id, i) => id && classIds[i] !== mask[i]) : -1;
  if (at < 0) return;
  const said = classes[mask[at]]?.name ?? "without a class";
  throw new Error(
    `${name}: instance ${instance[at]} ${place(at, width)} is a ${classes[classIds[at]].name}, but ` +
      `there the mask is ${said}; choose the two files of one picture`,
  );
}

// A mask, an instance map (16 bits), or one of each: {mask, instance} for the board.
export async function loadFiles({ space, board }, files) {
  const found = await Promise.all(files.map((file) => read(space, Boolean(board.instance), file)));
  const [own, others] = [found.filter((each) => each.own), found.filter((each) => !each.own)];
  if (own.length > 1 || others.length > 1) {
    throw new Error(
      `${files.map(({ name }) => name).join(", ")}: choose one mask` +
        (board.instance ? " and at most one instance map (grey, 16 bits)" : ""),
    );
  }
  const [instances, masks] = [own[0], others[0]];
  if (instances && masks) checkTogether(space, masks.mask, instances);
  return {
    mask: masks?.mask ?? instances.mask ?? board.mask.slice(),
    instance: instances?.instance ?? null,
  };
}
