/** What is shown: scenario, layers, measure; and the flows that follow from it. */
const state = {
  scenario: 0,
  corridors: new Set(data.corridors.keys()),
  commodities: new Set(data.commodities.keys()),
  measure: "mt",
};
for (const scenario of data.scenarios) {
  scenario.routes = scenario.routes.map(([route, mt]) => [mt, ...data.routes[route]]);
  scenario.capacities = scenario.capacities.map(([limit, used, gain, loss]) => {
    const [kind, subject, capacity, unit] = data.limits[limit];
    return [kind, subject, used, capacity, unit, used / capacity, gain, loss];
  });
}
const R = { mt: 0, commodity: 1, corridor: 2, from: 3, to: 4, price: 5, cash: 6, general: 7, netback: 8, days: 9, co2: 10, path: 11 };
const C = { kind: 0, subject: 1, used: 2, capacity: 3, unit: 4, utilisation: 5, gain: 6, loss: 7 };
const L = { id: 0, name: 1, kind: 2, mode: 3, country: 4, from: 5, to: 6, km: 7, days: 8, co2: 9 };
const flowCache = new Map();

const current = () => data.scenarios[state.scenario];
const linkName = (i) => data.links[i][L.name];
const placeName = (i) => data.places[i][1];
const commodityName = (i) => data.commodities[i][1];

/** Flows of a scenario by link: [commodity, corridor, Mt, value] for each. */
function flowsOf(scenario) {
  if (!flowCache.has(scenario)) {
    const sums = new Map();
    for (const row of data.scenarios[scenario].routes) {
      for (const link of data.paths[row[R.path]]) {
        if (!sums.has(link)) sums.set(link, new Map());
        const key = row[R.commodity] * 100 + row[R.corridor];
        const old = sums.get(link).get(key) || [row[R.commodity], row[R.corridor], 0, 0];
        old[2] += row[R.mt];
        old[3] += row[R.mt] * row[R.price];
        sums.get(link).set(key, old);
      }
    }
    flowCache.set(scenario, new Map([...sums].map(([link, parts]) => [link, [...parts.values()]])));
  }
  return flowCache.get(scenario);
}

const isShown = (commodity, corridor) => state.commodities.has(commodity) && state.corridors.has(corridor);
const measured = (mt, value) => (state.measure === "mt" ? mt : value);
const showMeasured = (value) => (state.measure === "mt" ? amount(value) : money(value));

/** Shown flow of a link: by corridor, and in all. */
function shownFlow(link) {
  const corridors = new Map();
  let total = 0;
  for (const [commodity, corridor, mt, value] of flowsOf(state.scenario).get(link) || []) {
    if (!isShown(commodity, corridor)) continue;
    const size = measured(mt, value);
    corridors.set(corridor, (corridors.get(corridor) || 0) + size);
    total += size;
  }
  return { corridors, total };
}

/** Capacities of the scenario by link number. */
function capacitiesOf(scenario) {
  const found = new Map();
  for (const row of data.scenarios[scenario].capacities) if (row[C.kind] === 0) found.set(row[C.subject], row);
  return found;
}
