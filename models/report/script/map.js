/** The map: ways as lanes side by side, one per corridor and direction; pan, zoom, names. */
const WIDEST = 21;
const THINNEST = 0.9;
const HOME = byId("drawing").getAttribute("viewBox").split(" ").map(Number);
const [MOST_WIDE, LEAST_WIDE] = [17450, 160];
const map = byId("map");
const drawing = byId("drawing");
const layers = Object.fromEntries(["country-names", "lanes", "marks", "dots", "hits", "names"].map((id) => [id, byId(id)]));
let view = { x: HOME[0], y: HOME[1], w: HOME[2], h: HOME[3] };
let kmPerPx = 1;
let ways = [];
let full = new Set();
let chosen = -1;
let waiting = false;

function fitView() {
  const box = map.getBoundingClientRect();
  const ratio = (box.height || 1) / (box.width || 1);
  const middle = view.y + view.h / 2;
  view.h = view.w * ratio;
  view.y = middle - view.h / 2;
  kmPerPx = view.w / (box.width || 1);
}

function moveView(dx, dy) {
  view.x += dx * kmPerPx;
  view.y += dy * kmPerPx;
  redraw();
}

/** Zoom by a factor around a point of the map (px from its corner). */
function zoomView(factor, px, py) {
  const box = map.getBoundingClientRect();
  px ??= box.width / 2;
  py ??= box.height / 2;
  const w = Math.min(Math.max(view.w * factor, LEAST_WIDE), MOST_WIDE);
  const scale = w / view.w;
  view.x += px * kmPerPx * (1 - scale);
  view.y += py * kmPerPx * (1 - scale);
  view.w = w;
  view.h *= scale;
  redraw();
}

function goHome() {
  view = { x: HOME[0], y: HOME[1], w: HOME[2], h: HOME[3] };
  redraw();
}

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; drawMap(); });
}

/** The lanes of every way with shown flow, from left to right across its direction. */
function measureWays() {
  ways = data.ways.map((way, index) => {
    const lanes = new Map();
    let total = 0;
    for (const signed of way.l) {
      const sign = Math.sign(signed);
      const { corridors, total: size } = shownFlow(Math.abs(signed) - 1);
      total += size;
      for (const [corridor, value] of corridors) {
        const key = corridor + (sign > 0 ? 100 : 0);
        lanes.set(key, (lanes.get(key) || 0) + value);
      }
    }
    const list = [...lanes].map(([key, value]) => ({ corridor: key % 100, sign: key >= 100 ? 1 : -1, value }));
    list.sort((a, b) => a.sign - b.sign || a.sign * (a.corridor - b.corridor));
    return { index, points: way.p, links: way.l, lanes: list, total };
  }).filter((way) => way.total > 0);
  ways.sort((a, b) => b.total - a.total);
}

function widest() {
  return Math.max(1e-12, ...ways.flatMap((way) => way.lanes.map((lane) => lane.value)));
}

const widthOf = (value, top) => Math.max(THINNEST, WIDEST * Math.sqrt(value / top));

/** The polyline moved to its right by `by` km. */
function shift(points, by) {
  const n = points.length / 2;
  const out = new Array(points.length);
  for (let i = 0; i < n; i += 1) {
    const a = Math.max(i - 1, 0);
    const b = Math.min(i + 1, n - 1);
    const [ux, uy] = direction(points, a, i === 0 ? 1 : i);
    const [vx, vy] = direction(points, i === n - 1 ? n - 2 : i, b);
    let [nx, ny] = [-(uy + vy), ux + vx];
    const length = Math.hypot(nx, ny) || 1;
    nx /= length;
    ny /= length;
    const cosine = Math.max(nx * -vy + ny * vx, 0.5);
    out[2 * i] = points[2 * i] + (nx * by) / cosine;
    out[2 * i + 1] = points[2 * i + 1] + (ny * by) / cosine;
  }
  return out;
}

function direction(points, a, b) {
  const [dx, dy] = [points[2 * b] - points[2 * a], points[2 * b + 1] - points[2 * a + 1]];
  const length = Math.hypot(dx, dy) || 1;
  return [dx / length, dy / length];
}

const pathOf = (points) => "M" + points.map((value) => value.toFixed(1)).join(" ");

/** Point and direction half along a polyline, and its length. */
function halfway(points) {
  const n = points.length / 2;
  const steps = [];
  for (let i = 1; i < n; i += 1) steps.push(Math.hypot(points[2 * i] - points[2 * i - 2], points[2 * i + 1] - points[2 * i - 1]));
  const length = steps.reduce((a, b) => a + b, 0);
  let left = length / 2;
  let i = 0;
  while (i < steps.length - 1 && left > steps[i]) { left -= steps[i]; i += 1; }
  const [dx, dy] = direction(points, i, i + 1);
  return { x: points[2 * i] + dx * left, y: points[2 * i + 1] + dy * left, dx, dy, length };
}

function drawMap() {
  fitView();
  drawing.setAttribute("viewBox", `${view.x.toFixed(1)} ${view.y.toFixed(1)} ${view.w.toFixed(1)} ${view.h.toFixed(1)}`);
  const top = widest();
  const lanes = [];
  const marks = [];
  const hits = [];
  for (const way of [...ways].reverse()) {
    const widths = way.lanes.map((lane) => widthOf(lane.value, top));
    const total = widths.reduce((a, b) => a + b, 0);
    let offset = -total / 2;
    way.lanes.forEach((lane, i) => {
      drawLane(lanes, way, lane, widths[i], offset + widths[i] / 2);
      offset += widths[i];
    });
    if (way.links.some((signed) => full.has(Math.abs(signed) - 1))) marks.push(fullMark(way, total));
    const hit = draw("path", { class: way.index === chosen ? "hit chosen" : "hit", d: pathOf(way.points), "stroke-width": Math.max(total, 11).toFixed(1), "data-way": way.index });
    hits.push(hit);
  }
  layers.lanes.replaceChildren(...lanes);
  layers.marks.replaceChildren(...marks, ...fullPlaces());
  layers.hits.replaceChildren(...hits);
  drawNames();
  listBeyond();
  drawKey(top);
}

function drawLane(lanes, way, lane, width, offset) {
  const [, , colour, dashes] = data.corridors[lane.corridor];
  const points = shift(way.points, offset * kmPerPx);
  const shared = { class: "lane", d: pathOf(points), "stroke-width": width.toFixed(2) };
  if (dashes.length && width > 1.2) {
    lanes.push(draw("path", { ...shared, stroke: colour, "stroke-opacity": 0.4 }));
    const scale = Math.min(Math.max(width / 3.2, 0.7), 1.7);
    lanes.push(draw("path", { ...shared, stroke: colour, "stroke-dasharray": dashes.map((d) => (d * scale).toFixed(1)).join(" ") }));
  } else {
    lanes.push(draw("path", { ...shared, stroke: colour }));
  }
  lanes[lanes.length - 1].dataset.corridor = lane.corridor;
  lanes[lanes.length - 1].dataset.value = lane.value;
  const at = halfway(points);
  const size = Math.min(Math.max(3.2 + 0.55 * width, 4), 12) * kmPerPx;
  if (at.length < 3.4 * size) return;
  const [dx, dy] = [at.dx * lane.sign, at.dy * lane.sign];
  const corner = (along, across) => `${(at.x + dx * along * size - dy * across * size).toFixed(1)} ${(at.y + dy * along * size + dx * across * size).toFixed(1)}`;
  lanes.push(draw("path", { d: `M${corner(0.62, 0)}L${corner(-0.5, 0.5)}L${corner(-0.5, -0.5)}Z`, fill: width > 9 ? "#fff" : "#1f2328", "fill-opacity": width > 9 ? 0.9 : 0.75 }));
}

/** Links at their capacity in the scenario shown. */
function fullLinks() {
  const found = new Set();
  for (const row of current().capacities) if (row[C.kind] === 0 && row[C.utilisation] > 0.999 && shownFlow(row[C.subject]).total > 0) found.add(row[C.subject]);
  return found;
}

function fullMark(way, total) {
  const at = halfway(way.points);
  const reach = (total / 2 + 4) * kmPerPx;
  const step = 5 * kmPerPx;
  const [x, y] = [at.x + at.dx * step, at.y + at.dy * step];
  return draw("path", { class: "full", d: `M${x - at.dy * -reach} ${y + at.dx * -reach}L${x - at.dy * reach} ${y + at.dx * reach}` });
}

function fullPlaces() {
  const places = new Set();
  for (const link of full) if (data.links[link][L.from] === data.links[link][L.to]) places.add(data.links[link][L.from]);
  return [...places].map((place) => {
    const [, , , x, y] = data.places[place];
    const r = 6 * kmPerPx;
    return draw("path", { class: "diamond", d: `M${x} ${y - r}L${x + r * 0.7} ${y}L${x} ${y + r}L${x - r * 0.7} ${y}Z` });
  });
}

/** What passes, and what arrives at, each place. */
function measurePlaces() {
  const passing = new Map();
  const arriving = new Map();
  for (const row of current().routes) {
    if (!isShown(row[R.commodity], row[R.corridor])) continue;
    const size = measured(row[R.mt], row[R.mt] * row[R.price]);
    const seen = new Set([row[R.from], row[R.to]]);
    for (const link of data.paths[row[R.path]]) { seen.add(data.links[link][L.from]); seen.add(data.links[link][L.to]); }
    for (const place of seen) passing.set(place, (passing.get(place) || 0) + size);
    if (data.places[row[R.to]][2] !== "KZ") arriving.set(row[R.to], (arriving.get(row[R.to]) || 0) + size);
  }
  return { passing, arriving };
}

let places = { passing: new Map(), arriving: new Map() };

/** Dots and names: markets with what arrives first, then the busiest places, then countries. */
function drawNames() {
  const taken = [];
  const free = (box) => !taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]);
  const inside = (x, y) => x > view.x && x < view.x + view.w && y > view.y && y < view.y + view.h;
  const size = 11.5 * kmPerPx;
  const names = [];
  const dots = [];
  const order = [...places.passing].filter(([place]) => inside(data.places[place][3], data.places[place][4]));
  const weight = ([place, value]) => (places.arriving.has(place) ? 4 * places.arriving.get(place) : 0) + value;
  order.sort((a, b) => weight(b) - weight(a));
  for (const [place] of order) {
    const [, , , x, y] = data.places[place];
    dots.push(draw("circle", { class: "dot", cx: x, cy: y, r: 2.4 * kmPerPx }));
  }
  for (const [place] of order.slice(0, 160)) {
    const [, name, , x, y] = data.places[place];
    const arrives = places.arriving.get(place);
    if (/ border$| border of /.test(name)) continue;
    const words = arrives ? `${name} ${showMeasured(arrives)}` : name;
    const placed = fitName(words, x, y, size, arrives ? 0.63 : 0.57, free);
    if (!placed) continue;
    taken.push(placed.box);
    const label = draw("text", { x: placed.x, y: placed.y, "font-size": size, "stroke-width": 3 * kmPerPx, class: arrives ? "market" : "place" });
    label.textContent = words;
    names.push(label);
  }
  layers.dots.replaceChildren(...dots);
  layers.names.replaceChildren(...names);
  const countries = [];
  for (const [name, x, y, reach] of data.countries) {
    const small = 10 * kmPerPx;
    const width = name.length * small * 0.75;
    const box = [x - width / 2, y - small, x + width / 2, y + small * 0.3];
    if (!inside(x, y) || width > 1.1 * reach || !free(box)) continue;
    taken.push(box);
    const label = draw("text", { x, y, "font-size": small, "text-anchor": "middle", "stroke-width": 2 * kmPerPx });
    label.textContent = name.toUpperCase();
    countries.push(label);
  }
  layers["country-names"].replaceChildren(...countries);
}

function fitName(words, x, y, size, perLetter, free) {
  const [width, gap] = [words.length * size * perLetter, 5 * kmPerPx];
  const corners = [[x + gap, y + size * 0.35], [x - gap - width, y + size * 0.35], [x - width / 2, y - gap - size * 0.1], [x - width / 2, y + gap + size * 0.9]];
  for (const [left, base] of corners) {
    const box = [left - kmPerPx, base - size, left + width + kmPerPx, base + size * 0.3];
    const within = box[0] > view.x && box[2] < view.x + view.w && box[1] > view.y && box[3] < view.y + view.h;
    if (within && free(box)) return { x: left, y: base, box };
  }
  return null;
}

/** Markets outside what is seen, with what goes there. */
function listBeyond() {
  const outside = [...places.arriving].filter(([place]) => {
    const [, , , x, y] = data.places[place];
    return x < view.x || x > view.x + view.w || y < view.y || y > view.y + view.h;
  }).sort((a, b) => b[1] - a[1]);
  const lines = outside.slice(0, 6).map(([place, value]) => make("div", {}, `${placeName(place)} ${showMeasured(value)}`));
  if (outside.length > 6) lines.push(make("div", {}, `${outside.length - 6} more ${showMeasured(outside.slice(6).reduce((sum, item) => sum + item[1], 0))}`));
  const box = byId("beyond");
  box.hidden = !lines.length;
  box.replaceChildren(make("b", {}, "Beyond this view"), ...lines);
}

/** Three widths and what they stand for. */
function drawKey(top) {
  const unit = Math.pow(10, Math.floor(Math.log10(top)));
  const rows = [1, 0.2, 0.04].map((part) => {
    const raw = top * part;
    const step = Math.pow(10, Math.floor(Math.log10(raw)));
    return [5, 2, 1].map((m) => m * step).find((v) => v <= raw * 1.0001) || unit * part;
  });
  const lines = rows.map((value) => {
    const width = widthOf(value, top);
    const sample = draw("svg", { width: 40, height: Math.max(width, 6) + 2 });
    sample.append(draw("rect", { x: 0, y: (Math.max(width, 6) + 2 - width) / 2, width: 40, height: width, fill: "#6b6b6b" }));
    return make("div", {}, sample, showMeasured(value) + " a year");
  });
  byId("key").replaceChildren(make("b", {}, "Width: square root"), ...lines);
}

function updateMap() {
  measureWays();
  full = fullLinks();
  places = measurePlaces();
  chosen = -1;
  hideTip();
  redraw();
}
