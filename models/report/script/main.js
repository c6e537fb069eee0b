/** The parts of the page that follow the scenario, and the start of it all. */
function showScenario(index) {
  state.scenario = index;
  const scenario = current();
  byId("scenario").value = String(index);
  byId("scenario-note").textContent = `${scenario.year}, ${scenario.assignment} flows`;
  byId("summary-title").textContent = scenario.title;
  byId("tables-title").textContent = scenario.title;
  byId("summary-list").replaceChildren(...scenario.summary.map(sentence));
  map.setAttribute("aria-label", `Map of flows: ${scenario.title}`);
  listCorridors();
  listCommodities();
  updateMap();
  fillTables(scenario);
}

function sentence(parts) {
  return make("li", {}, ...parts.map(([words, anchor]) => (anchor ? make("a", { href: "#" + anchor }, words) : words)));
}

/** Sums of the scenario's routes by a column. */
function sumRoutes(column, rows = current().routes) {
  const sums = new Map();
  for (const row of rows) {
    const old = sums.get(row[column]) || { mt: 0, value: 0, cash: 0, days: 0 };
    old.mt += row[R.mt];
    old.value += row[R.mt] * row[R.price];
    old.cash += row[R.mt] * row[R.cash];
    old.days += row[R.mt] * row[R.days];
    sums.set(row[column], old);
  }
  return sums;
}

function swatch(colour, dashes) {
  const sample = draw("svg", { width: 34, height: 8, "aria-hidden": "true" });
  const line = { x1: 0, y1: 4, x2: 34, y2: 4, stroke: colour, "stroke-width": 4 };
  if (dashes.length) sample.append(draw("line", { ...line, "stroke-opacity": 0.4 }), draw("line", { ...line, "stroke-dasharray": dashes.join(" ") }));
  else sample.append(draw("line", line));
  return sample;
}

function checkbox(name, value, set, words, sum, sample) {
  const input = make("input", { type: "checkbox", name, value: String(value) });
  input.checked = set.has(value);
  input.addEventListener("change", () => {
    if (input.checked) set.add(value); else set.delete(value);
    updateMap();
    say(`${words} ${input.checked ? "shown" : "hidden"}`);
  });
  return make("label", {}, input, sample, words, make("span", { class: "amount" }, amount(sum)));
}

function listCorridors() {
  const sums = sumRoutes(R.corridor);
  const shown = data.corridors.map((corridor, i) => [corridor, i]).filter(([, i]) => sums.has(i));
  byId("corridor-list").replaceChildren(...shown.map(([[, name, colour, dashes], i]) => checkbox("corridor", i, state.corridors, name, sums.get(i).mt, swatch(colour, dashes))));
}

function listCommodities() {
  const sums = sumRoutes(R.commodity);
  const order = [...sums].sort((a, b) => b[1].mt - a[1].mt);
  byId("commodity-list").replaceChildren(...order.map(([i, sum]) => checkbox("commodity", i, state.commodities, commodityName(i), sum.mt, null)));
}

function fillTables(scenario) {
  const put = (id, made) => byId(id).replaceChildren(made);
  put("corridor-table", corridorTable());
  put("commodity-table", commodityTable(scenario));
  put("capacity-table", capacityTable(scenario));
  put("link-table", linkTable());
  put("route-table", routeTable(scenario));
  put("change-table", changeTable(scenario));
  const [least, count, mt] = scenario.left_out;
  byId("left-out").textContent = count ? `${count} routes that each carry less than ${100 * least}% of their commodity, together ${amount(mt)} a year, are left out to keep the file small; indicators and the tables of commodities and capacities count them.` : "";
  const proof = scenario.certificate;
  const surplus = fixed(proof.primal, 3);
  byId("certificate").textContent = proof.dual_bound === null || scenario.assignment !== "optimal"
    ? `Surplus ${surplus} million USD a year. Largest violation of any rule ${tiny(proof.max_violation)}.`
    : `Surplus ${surplus} million USD a year, proven: no flow at all can reach more than ${fixed(proof.dual_bound, 3)} (relative gap ${tiny(proof.relative_gap)}). Largest violation of any rule ${tiny(proof.max_violation)}. Scenario digest ${scenario.digest}.`;
}

/** A number near zero, such as a gap. */
const tiny = (value) => (value ? value.toExponential(1).replace("-", "\u2212") : "0");

function corridorTable() {
  const sums = sumRoutes(R.corridor);
  const total = [...sums.values()].reduce((sum, part) => sum + part.mt, 0);
  const rows = data.corridors.map(([, name, colour], i) => {
    const sum = sums.get(i);
    if (!sum) return null;
    const mark = draw("svg", { class: "bar", viewBox: "0 0 10 10", "aria-hidden": "true" });
    mark.append(draw("rect", { width: 10, height: 10, fill: colour }));
    return [node(make("span", {}, mark, name), name), number(sum.mt, 3), number((100 * sum.mt) / total, 1), number(sum.value, 0), number(sum.cash / sum.mt, 1), number(sum.days / sum.mt, 1)];
  }).filter(Boolean);
  return table("Corridors", [["Corridor"], ["Flow", "Mt a year", true], ["Share", "%", true], ["Value", "m USD a year", true], ["Cash cost", "USD/t", true], ["Time", "days", true]], rows);
}

function commodityTable(scenario) {
  const rows = scenario.commodities.map(([commodity, supply, exported, home, left, missed, share]) => [
    text(commodityName(commodity)), number(supply, 4, short(supply)), number(exported, 4, short(exported)), number(home, 4, short(home)), number(left, 4, left < 1e-6 ? "0" : short(left)), number(missed, 4, missed < 1e-6 ? "0" : short(missed)),
    number(share, 1, share === null ? "n/a" : fixed(100 * share, 1)),
  ]);
  rows.sort((a, b) => b[1].value - a[1].value);
  return table("Commodities", [["Commodity"], ["Supply", "Mt a year", true], ["Exported", "Mt a year", true], ["Home", "Mt a year", true], ["Left behind", "Mt a year", true], ["Obligations missed", "Mt a year", true], [`Crosses ${scenario.country}`, "% of third-country exports", true]], rows);
}

function capacityTable(scenario) {
  const rows = scenario.capacities.map((row) => {
    const unit = data.texts[row[C.unit]];
    const stake = row[C.loss] === null ? null : (row[C.loss] * row[C.capacity]) / 1e6;
    const open = row[C.kind] === 0 ? openers.link(row[C.subject]) : openers.shared(row[C.subject]);
    return [node(open, open.textContent), number(row[C.used], 3, short(row[C.used])), number(row[C.capacity], 3, short(row[C.capacity])), text(perYear(unit)), number(row[C.utilisation], 1, fixed(100 * row[C.utilisation], 1)),
      number(row[C.gain], 1, price(row[C.gain], unit)), number(row[C.loss], 1, price(row[C.loss], unit)), number(stake, 1, stake === null ? "not priced" : stake ? short(stake) : "0")];
  });
  rows.sort((a, b) => (b[7].value ?? -1) - (a[7].value ?? -1) || b[4].value - a[4].value);
  return table("Capacities", [["Link or shared capacity"], ["Used", "", true], ["Capacity", "", true], ["Unit"], ["Use", "%", true], ["One unit more is worth", "", true], ["One unit less costs", "", true], ["At stake", "m USD a year", true]], rows, { tall: true, most: 40, filter: "Find a capacity:" });
}

function linkTable() {
  const capacities = capacitiesOf(state.scenario);
  const rows = [...flowsOf(state.scenario)].map(([link, parts]) => {
    const mt = parts.reduce((sum, part) => sum + part[2], 0);
    const value = parts.reduce((sum, part) => sum + part[3], 0);
    const row = capacities.get(link);
    const corridors = [...new Set(parts.map((part) => data.corridors[part[1]][1]))].join(", ");
    return [node(openers.link(link), linkName(link)), text(data.links[link][L.mode]), number(mt, 3, short(mt)), number(value, 0), number(row ? row[C.utilisation] : null, 1, row ? fixed(100 * row[C.utilisation], 1) : "no limit"), text(corridors), node(sources(sourceOf(link).replaceAll(", ", ";")), sourceOf(link))];
  });
  rows.sort((a, b) => b[2].value - a[2].value);
  return table("Links", [["Link"], ["Mode"], ["Flow", "Mt a year", true], ["Value", "m USD a year", true], ["Use", "%", true], ["Corridors"], ["Sources"]], rows, { tall: true, most: 40, filter: "Find a link:" });
}

function routeTable(scenario) {
  const rows = scenario.routes.map((row) => {
    const steps = make("details", {}, make("summary", {}, `${data.paths[row[R.path]].length} links`));
    steps.addEventListener("toggle", () => {
      if (steps.childElementCount > 1) return;
      steps.append(make("ol", {}, ...data.paths[row[R.path]].map((link) => make("li", {}, openers.link(link)))));
    });
    return [text(commodityName(row[R.commodity])), node(openers.place(row[R.from]), placeName(row[R.from])), node(openers.place(row[R.to]), placeName(row[R.to])), text(data.corridors[row[R.corridor]][1]),
      number(row[R.mt], 3, short(row[R.mt])), number(row[R.price], 1), number(row[R.cash], 1), number(row[R.general], 1), number(row[R.netback], 1), number(row[R.days], 1), number(row[R.co2], 1), node(steps, data.paths[row[R.path]].length)];
  });
  return table("Routes", [["Commodity"], ["From"], ["To"], ["Corridor"], ["Flow", "Mt a year", true], ["Price", "USD/t", true], ["Cash cost", "USD/t", true], ["With time and risk", "USD/t", true], ["Netback", "USD/t", true], ["Time", "days", true], ["Emissions", "kg CO2e/t", true], ["Way"]], rows, { tall: true, most: 60, filter: "Find a route:" });
}

function changeTable(scenario) {
  const { count, rows } = scenario.changes;
  if (!count) return make("p", {}, "Nothing: this is the data set as it is.");
  const cells = rows.map(([subject, field, old, now, unit, why]) => [text(subject), text(field), text(old), text(now), text(unit), text(data.texts[why])]);
  const made = table("Changes", [["Subject"], ["Field"], ["Was"], ["Is"], ["Unit"], ["Why"]], cells, { tall: true, most: 20 });
  if (count > rows.length) made.append(make("p", { class: "small" }, `${count - rows.length} further changes of the same kind are in the JSON of the run.`));
  return made;
}

function setAll(wanted) {
  state.commodities = new Set(wanted ? data.commodities.keys() : []);
  listCommodities();
  updateMap();
  say(wanted ? "All commodities shown" : "No commodity shown");
}

function start() {
  for (const whole of document.querySelectorAll("table.sortable")) sortable(whole);
  byId("scenario").addEventListener("change", (event) => {
    showScenario(Number(event.target.value));
    say(`Scenario shown: ${current().title}`);
  });
  document.addEventListener("click", (event) => {
    const pick = event.target.closest("[data-scenario]");
    if (!pick) return;
    showScenario(Number(pick.dataset.scenario));
    byId("scenario").focus();
    say(`Scenario shown: ${current().title}`);
  });
  for (const input of document.querySelectorAll("input[name=measure]")) {
    input.addEventListener("change", () => { state.measure = input.value; updateMap(); say(`Width by ${input.value === "mt" ? "tonnes" : "value"}`); });
  }
  byId("all-commodities").addEventListener("click", () => setAll(true));
  byId("no-commodities").addEventListener("click", () => setAll(false));
  listenToMap();
  listenToSheets();
  showScenario(0);
  followHash();
}

start();
