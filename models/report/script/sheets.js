/** Sheets of links, shared capacities and places: every input with its source and grade. */
const sheet = byId("sheet");

/** A button that opens a sheet. */
function opener(kind, index, words) {
  const button = make("button", { type: "button", class: "open", "data-sheet": kind, "data-index": index }, words);
  return button;
}

const openers = { link: (i) => opener("link", i, linkName(i)), place: (i) => opener("place", i, placeName(i)), shared: (i) => opener("shared", i, data.shared[i][1]) };

function openSheet(kind, index, others = []) {
  const build = { link: linkSheet, shared: sharedSheet, place: placeSheet }[kind];
  const [title, ...parts] = build(index);
  byId("sheet-title").textContent = title;
  const rest = others.length ? make("p", {}, "Also on this line: ", ...others.flatMap((link, i) => [i ? ", " : "", openers.link(link)])) : null;
  byId("sheet-body").replaceChildren(...parts.filter(Boolean), ...(rest ? [rest] : []));
  if (!sheet.open) sheet.showModal();
  sheet.scrollTop = 0;
}

function facts(rows) {
  const list = make("dl", { class: "facts" });
  for (const [name, value] of rows) if (value !== "" && value !== null && value !== undefined) list.append(make("dt", {}, name), make("dd", {}, value));
  return list;
}

function cited(words, cell, grade) {
  const box = make("span", {}, `${words} `, sources(cell));
  if (grade) box.append(` (grade ${grade})`);
  return box;
}

function linkSheet(index) {
  const link = data.links[index];
  const [status, flags, source, grade, daysSource, daysGrade, note] = data.sheets.links[index];
  const flow = flowsOf(state.scenario).get(index) || [];
  const row = capacitiesOf(state.scenario).get(index);
  const total = flow.reduce((sum, part) => sum + part[2], 0);
  const main = facts([
    ["Id", make("code", {}, link[L.id])],
    ["What", `${link[L.kind]}, ${link[L.mode]}, on ground of ${link[L.country] === "XZ" ? "no country (open sea)" : link[L.country]}`],
    ["From, to", make("span", {}, openers.place(link[L.from]), " \u2013 ", openers.place(link[L.to]))],
    ["Length", cited(`${fixed(link[L.km], 0)} km`, T(source), grade)],
    ["Time", cited(`${short(link[L.days])} days`, T(daysSource), daysGrade)],
    ["Emissions", `${short(link[L.co2])} kg CO2e/t (factors under Inputs)`],
    ["Status", T(status)], ["Flags", T(flags).replaceAll(";", ", ")], ["Note", T(note)],
    ["Flow here", `${amount(total)} a year in \u201c${current().title}\u201d`],
    ["Capacity here", row ? `${short(row[C.capacity])} ${perYear(data.texts[row[C.unit]])}, ${fixed(100 * row[C.utilisation], 1)}% used` : "no limit of its own"],
    ["One unit more", row && row[C.utilisation] > 0.999 ? price(row[C.gain], data.texts[row[C.unit]]) : ""],
  ]);
  const flows = flow.length ? table("Flow by commodity and corridor", [["Commodity"], ["Corridor"], ["Flow", "Mt a year", true], ["Value", "m USD a year", true]],
    flow.map(([commodity, corridor, mt, value]) => [text(commodityName(commodity)), text(data.corridors[corridor][1]), number(mt, 4, short(mt)), number(value, 1, short(value))])) : null;
  return [link[L.name], main, flows && heading("Flow"), flows, ...capacityParts(data.sheets.capacities[index]), ...memberParts(index), ...chargeParts(index)];
}

const heading = (words) => make("h3", {}, words);

function capacityParts(rows) {
  if (!rows || !rows.length) return [];
  const columns = [["Capacity", "", true], ["Of it others'", "", true], ["Unit"], ["Basis"], ["Enforced"], ["Range"], ["Years"], ["Grade"], ["Sources"], ["Note"]];
  const cells = rows.map(([value, background, unit, basis, enforced, low, high, years, source, grade, note]) => [
    number(value, 2, typeof value === "string" ? value : short(value)), number(background, 2, background ? short(background) : "0"), text(perYear(T(unit))), text(T(basis)), text(enforced ? "yes" : "no"),
    text(`${typeof low === "string" ? low : short(low)} \u2013 ${typeof high === "string" ? high : short(high)}`), text(years), text(grade), node(sources(T(source)), T(source)), text(T(note)),
  ]);
  return [heading("Statements of its capacity"), table("Statements of its capacity", columns, cells)];
}

function memberParts(index) {
  const rows = data.sheets.members[index];
  if (!rows || !rows.length) return [];
  const cells = rows.map(([shared, cls, coefficient, unit, source, grade, years]) => [
    node(openers.shared(shared), data.shared[shared][1]), text(T(cls) || "all"), text(coefficient === null ? "1 / tonnes per TEU" : short(coefficient)), text(T(unit)), text(years), text(grade), node(sources(T(source)), T(source)),
  ]);
  return [heading("Shared capacities it draws on"), table("Shared capacities", [["Shared capacity"], ["Class"], ["One tonne takes"], ["Unit"], ["Years"], ["Grade"], ["Sources"]], cells)];
}

function chargeParts(index) {
  const rows = data.sheets.charges[index];
  if (!rows || !rows.length) return [];
  const cells = rows.map(([cls, use, kind, usd, row]) => {
    const tariff = data.sheets.tariffs[row];
    const [scope, fix, perKm, low, high, year, source, grade, note] = tariff || [];
    const rate = tariff ? [fix ? `${fix} USD/t` : "", perKm ? `${perKm} USD/t-km` : ""].filter(Boolean).join(" + ") || "0" : "set by the scenario";
    return [text(T(cls)), text(T(use)), text(T(kind).replaceAll("_", " ")), number(usd, 2, short(usd)), text(rate), text(tariff ? `${low} \u2013 ${high}` : ""), text(year), text(T(scope)), text(grade), node(sources(T(source)), T(source)), text(T(note))];
  });
  return [heading("Charges"), table("Charges", [["Class"], ["Use"], ["Kind"], ["Charge", "2023 USD/t", true], ["Published rate"], ["Range"], ["Dollars of"], ["Scope"], ["Grade"], ["Sources"], ["Note"]], cells)];
}

function sharedSheet(index) {
  const [id, name] = data.shared[index];
  const row = current().capacities.find((r) => r[C.kind] === 1 && r[C.subject] === index);
  const members = Object.entries(data.sheets.members).filter(([, rows]) => rows.some((r) => r[0] === index)).map(([link]) => Number(link));
  const main = facts([
    ["Id", make("code", {}, id)],
    ["Used here", row ? `${short(row[C.used])} of ${short(row[C.capacity])} ${perYear(data.texts[row[C.unit]])}, ${fixed(100 * row[C.utilisation], 1)}%, in \u201c${current().title}\u201d` : "not used in this scenario"],
    ["One unit more", row && row[C.utilisation] > 0.999 ? price(row[C.gain], data.texts[row[C.unit]]) : ""],
  ]);
  const list = make("p", {}, ...members.flatMap((link, i) => [i ? "; " : "", openers.link(link)]));
  return [name, main, ...capacityParts(data.sheets.shared[index]), heading("Links that draw on it"), list];
}

function placeSheet(index) {
  const [id, name, country] = data.places[index];
  const [kind, source, grade, supplies, markets] = data.sheets.places[index];
  const main = facts([["Id", make("code", {}, id)], ["What", `${kind.replaceAll("_", " ")} in ${country}`], ["Location", cited("", T(source), grade)]]);
  const sold = supplies.length ? table("Supplies", [["Commodity"], ["Year"], ["Supply", "Mt a year", true], ["Range"], ["Lifting cost", "USD/t", true], ["Grade"], ["Sources"], ["Note"]],
    supplies.map(([commodity, year, mt, low, high, lifting, src, grd, note]) => [text(commodityName(commodity)), text(year), number(mt, 3, short(mt)), text(`${short(low)} \u2013 ${short(high)}`), number(lifting, 1), text(grd), node(sources(T(src)), T(src)), text(T(note))])) : null;
  const bought = markets.length ? table("Markets", [["Commodity"], ["Year"], ["At most", "Mt a year", true], ["At least", "Mt a year", true], ["Price", "USD/t", true], ["Term"], ["Dollars of"], ["Grade of amount"], ["Grade of price"], ["Sources"], ["Note"]],
    markets.map(([commodity, year, most, least, usd, basis, dollars, src, grd, priceGrade, note]) => [text(commodityName(commodity)), text(year), number(most, 3, typeof most === "string" ? most : short(most)), number(least, 3, least ? short(least) : "0"), number(usd, 1), text(basis), text(dollars), text(grd), text(priceGrade), node(sources(T(src)), T(src)), text(T(note))])) : null;
  return [name, main, sold && heading("What it sells"), sold, bought && heading("What it buys"), bought];
}

/** Buttons anywhere open sheets; #link-ID and the like do too; a source leaves the sheet. */
function listenToSheets() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sheet]");
    if (button) openSheet(button.dataset.sheet, Number(button.dataset.index));
    else if (event.target.closest("#sheet a[href^='#']")) sheet.close();
    else if (event.target === sheet) sheet.close();
  });
  window.addEventListener("hashchange", followHash);
}

function followHash() {
  const [, kind, id] = /^#(link|shared|place)-(.+)$/.exec(decodeURIComponent(location.hash)) || [];
  if (!kind) return;
  const list = { link: data.links, shared: data.shared, place: data.places }[kind];
  const index = list.findIndex((item) => item[0] === id);
  if (index >= 0) openSheet(kind, index);
}
