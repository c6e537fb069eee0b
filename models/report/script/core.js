const data = JSON.parse(document.getElementById("data").textContent);
/** Words by their number in the pool. */
const T = (i) => (i === undefined ? "" : data.texts[i]);
const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; text is always text, never markup. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function draw(tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** A number with fixed decimals, thousands apart, a true minus sign. */
function fixed(value, decimals) {
  if (value === null || value === undefined) return "n/a";
  const text = Math.abs(value).toLocaleString("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return (value < 0 && /[1-9]/.test(text) ? "\u2212" : "") + text;
}

/** Three figures at most. */
function short(value) {
  if (value === null || value === undefined) return "n/a";
  const size = Math.abs(value);
  if (size === 0) return "0";
  let decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  if (size < 0.0995) decimals = Math.min(1 - Math.floor(Math.log10(size)), 12);
  return fixed(value, decimals);
}

function amount(mt) {
  if (Math.abs(mt) >= 0.9995) return short(mt) + " Mt";
  if (Math.abs(mt) >= 0.0009995) return short(mt * 1e3) + " kt";
  return mt ? short(mt * 1e6) + " t" : "0";
}

function money(musd) {
  if (Math.abs(musd) >= 999.5) return short(musd / 1e3) + " bn USD";
  return musd ? short(musd) + " m USD" : "0";
}

const PRICES = {
  "Mt/yr": [1e-6, "USD/t"], "kTEU/yr": [1e-3, "USD per TEU"], "trains/day": [1 / 365, "USD per train"],
  "ship-days/yr": [1, "USD per ship-day"], "wagon-days/yr": [1, "USD per wagon-day"],
};

/** What one unit of a capacity is worth, per thing carried. */
function price(usd, unit) {
  if (usd === null) return "not priced";
  if (usd === 0) return "0";
  const [factor, words] = PRICES[unit] || [1, "USD per " + unit];
  return short(usd * factor) + " " + words;
}

const perYear = (unit) => unit.replace("/yr", " a year").replace("/day", " a day");

/** A cell: what it shows, what it is sorted by. */
const text = (words) => ({ text: String(words ?? ""), value: String(words ?? "") });
const number = (value, decimals, words) => ({ text: words ?? fixed(value, decimals), value, number: true });
const node = (inside, value) => ({ node: inside, value });

/** Links to sources: "A;B" as two anchors. */
function sources(cell) {
  const box = make("span");
  for (const id of String(cell || "").split(";").filter(Boolean)) {
    if (box.childNodes.length) box.append(" ");
    box.append(make("a", { href: "#source-" + id }, id));
  }
  return box;
}

/** A table with sortable headings. `columns`: [heading, unit, is it a number]. */
function table(caption, columns, rows, { tall = false, most = 0, filter = "" } = {}) {
  const head = make("tr");
  for (const [heading, unit, isNumber] of columns) {
    head.append(make("th", { scope: "col", class: isNumber ? "number" : "" },
      make("button", { type: "button" }, heading), unit ? make("span", { class: "unit" }, unit) : null));
  }
  const body = make("tbody");
  const whole = make("table", { class: "sortable" }, make("caption", { class: "unseen" }, caption), make("thead", {}, head), body);
  const box = make("div", { class: tall ? "scroll tall" : "scroll", tabindex: "0", role: "region", "aria-label": caption }, whole);
  const fill = (shown) => body.replaceChildren(...shown.map((row) => makeRow(row, columns)));
  fill(most ? rows.slice(0, most) : rows);
  sortable(whole);
  const outer = make("div", {}, box);
  if (most && rows.length > most) {
    const button = make("button", { type: "button" }, `Show all ${rows.length}`);
    button.addEventListener("click", () => { fill(rows); button.remove(); });
    outer.append(button);
  }
  if (filter) outer.prepend(makeFilter(filter, rows, fill));
  return outer;
}

function makeRow(row, columns) {
  const line = make("tr");
  row.forEach((cell, i) => {
    const kind = i === 0 ? "th" : "td";
    const attributes = i === 0 ? { scope: "row" } : {};
    if (columns[i][2]) attributes.class = "number";
    const made = make(kind, attributes, cell.node ?? cell.text);
    if (cell.value !== null && cell.value !== undefined) made.dataset.value = cell.value;
    line.append(made);
  });
  return line;
}

function makeFilter(words, rows, fill) {
  const input = make("input", { type: "search" });
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    fill(rows.filter((row) => row.some((cell) => (cell.node ? cell.node.textContent : cell.text).toLowerCase().includes(wanted))));
  });
  return make("label", { class: "filter" }, words + " ", input);
}

/** Sort a table by the column of a pressed heading. */
function sortable(whole) {
  const heads = [...whole.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const isNumber = head.classList.contains("number");
      const down = head.getAttribute("aria-sort") === "descending" || (!head.hasAttribute("aria-sort") && !isNumber);
      const key = (row) => {
        const value = row.cells[column].dataset.value;
        return isNumber ? toNumber(value) : String(value ?? "").toLowerCase();
      };
      const rows = [...whole.tBodies[0].rows];
      rows.sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        const order = isNumber ? (x < y ? -1 : x > y ? 1 : 0) : x.localeCompare(y, "en");
        return down ? order : -order;
      });
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "ascending" : "descending");
      whole.tBodies[0].append(...rows);
      say(`Sorted by ${button.textContent}, ${down ? "ascending" : "descending"}`);
    });
  });
}

/** What a cell is sorted by: unknown last, unlimited first. */
function toNumber(value) {
  if (value === undefined) return -Infinity;
  return Number.isNaN(Number(value)) ? Infinity : Number(value);
}

/** Tell a screen reader what changed. */
function say(words) {
  byId("live").textContent = words;
}
