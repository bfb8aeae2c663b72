// Shapes on a grid of pixels. A pixel belongs to a shape or it does not: no soft edges.
// Each function calls visit(index) for every covered pixel of a width × height grid. Points are
// [x, y] in pixels; pixel (i, j) covers the square from (i, j) to (i + 1, j + 1).

// A brush of whole size sits on pixel centres if its size is odd, on corners if it is even.
export function snap([x, y], size) {
  return size % 2 ? [Math.floor(x) + 0.5, Math.floor(y) + 0.5] : [Math.round(x), Math.round(y)];
}

// All pixels whose centre is no further than size / 2 from the line between two points.
export function line({ width, height }, from, to, size, visit) {
  const [ax, ay] = snap(from, size);
  const [bx, by] = snap(to, size);
  const reach = size / 2;
  const limit = reach * reach + 1e-9;
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const left = Math.max(Math.floor(Math.min(ax, bx) - reach), 0);
  const right = Math.min(Math.ceil(Math.max(ax, bx) + reach), width);
  const top = Math.max(Math.floor(Math.min(ay, by) - reach), 0);
  const bottom = Math.min(Math.ceil(Math.max(ay, by) + reach), height);
  for (let j = top; j < bottom; j++) {
    for (let i = left; i < right; i++) {
      const [px, py] = [i + 0.5 - ax, j + 0.5 - ay];
      const along = length ? Math.min(Math.max((px * dx + py * dy) / length, 0), 1) : 0;
      const [ex, ey] = [px - along * dx, py - along * dy];
      if (ex * ex + ey * ey <= limit) visit(j * width + i);
    }
  }
}

// From the pixel under one point to the pixel under the other, both included.
export function rectangle({ width, height }, from, to, visit) {
  const [left, right] = [from[0], to[0]].sort((a, b) => a - b).map(Math.floor);
  const [top, bottom] = [from[1], to[1]].sort((a, b) => a - b).map(Math.floor);
  for (let j = Math.max(top, 0); j <= Math.min(bottom, height - 1); j++) {
    for (let i = Math.max(left, 0); i <= Math.min(right, width - 1); i++) visit(j * width + i);
  }
}

// Pixels whose centre lies inside, by the even-odd rule.
export function polygon({ width, height }, points, visit) {
  const lows = points.map(([, y]) => y);
  const top = Math.max(Math.floor(Math.min(...lows)), 0);
  const bottom = Math.min(Math.ceil(Math.max(...lows)), height);
  for (let j = top; j < bottom; j++) {
    const y = j + 0.5;
    const crossings = [];
    points.forEach(([ax, ay], k) => {
      const [bx, by] = points[(k + 1) % points.length];
      if (ay <= y !== by <= y) crossings.push(ax + ((y - ay) / (by - ay)) * (bx - ax));
    });
    crossings.sort((a, b) => a - b);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const left = Math.max(Math.ceil(crossings[k] - 0.5), 0);
      const right = Math.min(Math.ceil(crossings[k + 1] - 0.5), width);
      for (let i = left; i < right; i++) visit(j * width + i);
    }
  }
}

// The connected region around a pixel (over edges, not corners) where inside(index) holds.
export function region({ width, height }, start, inside, visit) {
  if (!inside(start)) return;
  const seen = new Uint8Array(width * height);
  const stack = [start];
  seen[start] = 1;
  while (stack.length) {
    const index = stack.pop();
    visit(index);
    const column = index % width;
    const neighbours = [
      column > 0 ? index - 1 : -1,
      column < width - 1 ? index + 1 : -1,
      index - width,
      index + width < width * height ? index + width : -1,
    ];
    for (const next of neighbours) {
      if (next >= 0 && !seen[next] && inside(next)) {
        seen[next] = 1;
        stack.push(next);
      }
    }
  }
}
