/** Tooltips over ways, and the keys and mouse that move the map. */
const tip = byId("tip");

/** What runs along a way: each link with flow, capacity and source. */
function describeWay(way) {
  const box = make("div");
  const capacities = capacitiesOf(state.scenario);
  const links = way.links.map((signed) => Math.abs(signed) - 1).map((link) => [link, shownFlow(link)]).filter(([, flow]) => flow.total > 0);
  links.sort((a, b) => b[1].total - a[1].total);
  for (const [link, flow] of links.slice(0, 3)) {
    const row = capacities.get(link);
    const parts = (flowsOf(state.scenario).get(link) || []).filter(([commodity, corridor]) => isShown(commodity, corridor));
    const goods = new Map();
    for (const [commodity, , mt, value] of parts) goods.set(commodity, (goods.get(commodity) || 0) + measured(mt, value));
    const top = [...goods].sort((a, b) => b[1] - a[1]);
    const said = top.slice(0, 4).map(([commodity, size]) => `${commodityName(commodity)} ${showMeasured(size)}`);
    if (top.length > 4) said.push(`${top.length - 4} more`);
    const corridors = [...flow.corridors].sort((a, b) => b[1] - a[1]).map(([corridor, size]) => `${data.corridors[corridor][1]} ${showMeasured(size)}`);
    box.append(
      make("p", { class: "head" }, linkName(link)),
      make("p", {}, `${showMeasured(flow.total)} a year: ${said.join(", ")}`),
      make("p", {}, corridors.join(", ")),
      make("p", {}, row ? `Capacity ${short(row[C.capacity])} ${perYear(data.texts[row[C.unit]])}, ${fixed(100 * row[C.utilisation], 0)}% used` : "No limit of its own"),
      make("p", {}, `Source: ${sourceOf(link)}`),
    );
  }
  if (links.length > 3) box.append(make("p", {}, `and ${links.length - 3} more links`));
  return box;
}

/** Sources of a link's capacity, or else of the link itself. */
function sourceOf(link) {
  const enforced = (data.sheets.capacities[link] || []).filter((row) => row[4]);
  const cells = enforced.length ? enforced.map((row) => T(row[8])) : [T(data.sheets.links[link][2])];
  return [...new Set(cells.join(";").split(";").filter(Boolean))].slice(0, 4).join(", ");
}

function showTip(way, px, py) {
  tip.replaceChildren(describeWay(way));
  tip.hidden = false;
  const box = map.getBoundingClientRect();
  const left = px + 16 + tip.offsetWidth > box.width ? px - 16 - tip.offsetWidth : px + 16;
  const top = Math.min(py + 12, box.height - tip.offsetHeight - 6);
  tip.style.left = `${Math.max(left, 4)}px`;
  tip.style.top = `${Math.max(top, 4)}px`;
}

function hideTip() {
  tip.hidden = true;
}

const wayOf = (target) => ways.find((way) => String(way.index) === target.dataset?.way);

function choose(way) {
  chosen = way ? way.index : -1;
  for (const hit of layers.hits.children) hit.classList.toggle("chosen", Number(hit.dataset.way) === chosen);
}

/** The way that carries most after (or before) the one chosen. */
function stepWay(step) {
  if (!ways.length) return;
  const at = ways.findIndex((way) => way.index === chosen);
  const way = ways[at < 0 ? (step > 0 ? 0 : ways.length - 1) : (at + step + ways.length) % ways.length];
  const middle = halfway(way.points);
  view.x = middle.x - view.w / 2;
  view.y = middle.y - view.h / 2;
  choose(way);
  drawMap();
  const box = map.getBoundingClientRect();
  showTip(way, box.width / 2, box.height / 2);
  say([...tip.querySelectorAll("p")].map((line) => line.textContent).join(". "));
}

function openWay(way) {
  const links = way.links.map((signed) => Math.abs(signed) - 1).map((link) => [link, shownFlow(link).total]);
  links.sort((a, b) => b[1] - a[1]);
  hideTip();
  openSheet("link", links[0][0], links.slice(1).map(([link]) => link));
}

function listenToMap() {
  let drag = null;
  const touches = new Map();
  map.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button")) return;
    touches.set(event.pointerId, event);
    drag = { x: event.clientX, y: event.clientY, moved: false, way: wayOf(event.target) };
  });
  map.addEventListener("pointermove", (event) => {
    const box = map.getBoundingClientRect();
    if (drag && touches.has(event.pointerId)) {
      if (touches.size === 2) pinch(touches, event, box);
      else if (drag.moved || Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4) {
        if (!drag.moved) { map.setPointerCapture(event.pointerId); map.classList.add("dragging"); hideTip(); }
        drag.moved = true;
        moveView(drag.x - event.clientX, drag.y - event.clientY);
        [drag.x, drag.y] = [event.clientX, event.clientY];
      }
      touches.set(event.pointerId, event);
      return;
    }
    const way = wayOf(event.target);
    if (way) { showTip(way, event.clientX - box.left, event.clientY - box.top); choose(way); }
    else if (!tip.hidden) { hideTip(); choose(null); }
  });
  const end = (event) => {
    touches.delete(event.pointerId);
    map.classList.remove("dragging");
    if (drag && !drag.moved && drag.way && event.type === "pointerup") openWay(drag.way);
    drag = null;
  };
  map.addEventListener("pointerup", end);
  map.addEventListener("pointercancel", end);
  map.addEventListener("pointerleave", () => { if (!drag) hideTip(); });
  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = map.getBoundingClientRect();
    zoomView(Math.exp(Math.sign(event.deltaY) * 0.18), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  map.addEventListener("keydown", pressKey);
  byId("zoom-in").addEventListener("click", () => zoomView(0.6));
  byId("zoom-out").addEventListener("click", () => zoomView(1 / 0.6));
  byId("zoom-home").addEventListener("click", goHome);
  new ResizeObserver(redraw).observe(map);
}

function pinch(touches, event, box) {
  const [one, two] = [...touches.values()];
  const other = one.pointerId === event.pointerId ? two : one;
  const old = touches.get(event.pointerId);
  const before = Math.hypot(old.clientX - other.clientX, old.clientY - other.clientY) || 1;
  const after = Math.hypot(event.clientX - other.clientX, event.clientY - other.clientY) || 1;
  zoomView(before / after, (event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top);
}

function pressKey(event) {
  if (event.target !== map || event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = {
    ArrowLeft: () => moveView(-60, 0), ArrowRight: () => moveView(60, 0), ArrowUp: () => moveView(0, -60), ArrowDown: () => moveView(0, 60),
    "+": () => zoomView(0.75), "=": () => zoomView(0.75), "-": () => zoomView(1 / 0.75), 0: goHome,
    PageDown: () => stepWay(1), PageUp: () => stepWay(-1),
    Enter: () => { const way = ways.find((w) => w.index === chosen); if (way) openWay(way); },
    Escape: () => { hideTip(); choose(null); },
  };
  if (!(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
}
