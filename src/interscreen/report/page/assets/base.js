// Data, elements, formulas and numbers that every part of the page uses.
const DATA = JSON.parse(document.getElementById("data").textContent);
// by name: one that is called "constructor" finds only what is there
const { histograms, scatter, elements } = DATA.statistics;
for (const named of [DATA.measured, histograms, scatter, elements]) if (named) Object.setPrototypeOf(named, null);
const OVERALL = "overall";
const MINUS = "\u2212";
const HEAT_NAMES = {
  bare: "bare Li",
  deposited: "as deposited",
  layer: "converted layer",
  worst_product: "worst product",
};
const ELECTROLYTE_WORD = { __proto__: null, [OVERALL]: "all electrolytes (mean)" };

/** Rows of a table that was packed by columns (tables.py). */
function unpack(table) {
  if (!table) return [];
  const rows = Array.from({ length: table.n }, () => ({}));
  for (const [key, column] of Object.entries(table.columns)) {
    for (let i = 0; i < table.n; i++) {
      if (Array.isArray(column)) rows[i][key] = column[i];
      else rows[i][key] = "c" in column ? column.c : column.v[column.i[i]];
    }
  }
  return rows;
}

const TABLES = Object.fromEntries(
  Object.entries(DATA.tables).map(([name, table]) => [name, unpack(table)]),
);
const EQUATIONS = DATA.reactions.equations.map((text) => text.replace(/\$([0-9a-z]+)/g, (_, code) => DATA.reactions.words[parseInt(code, 36)]));
const pairKey = (candidate, electrolyte) => JSON.stringify([candidate, electrolyte]);
const RESULTS = new Map(TABLES.results.map((row) => [pairKey(row.candidate, row.electrolyte), row]));
const BLOCKS = new Map();
for (const row of TABLES.ranking) {
  const pair = RESULTS.get(pairKey(row.candidate, row.electrolyte));
  if (pair) for (const key of DATA.same) row[key] = pair[key];
  if (!BLOCKS.has(row.electrolyte)) BLOCKS.set(row.electrolyte, []);
  BLOCKS.get(row.electrolyte).push(row);
}
const UNCERTAINTY = new Map(
  (TABLES.uncertainty || []).map((row) => [
    JSON.stringify([row.candidate || "", row.electrolyte || "", row.quantity]),
    row,
  ]),
);
const SCALES = new Map((TABLES.scales || []).map((row) => [pairKey(row.candidate, row.electrolyte), row]));
const ANCHORS = new Map((TABLES.anchors || []).map((row) => [row.material, row]));
const FIRST_ROW = new Map();
for (const row of TABLES.results) {
  if (!FIRST_ROW.has(row.candidate)) FIRST_ROW.set(row.candidate, row);
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** Number as people read it: true minus sign, no minus before zero. */
function fmt(value, digits = 0) {
  if (!isNumber(value)) return "";
  const text = Math.abs(value).toFixed(digits);
  const grouped = Number(text) >= 10000
    ? Number(text).toLocaleString("en-US", { maximumFractionDigits: digits }) : text;
  return value < 0 && Number(text) !== 0 ? MINUS + grouped : grouped;
}
const meV = (value, digits = 0) => (isNumber(value) ? fmt(1000 * value, digits) : "");

/** Value of a column in the unit and with the digits that page.py chose, and the unit. */
function shown(key, value) {
  if (value === null || value === undefined || value === "") return "";
  if (["product_energies", "score_terms"].includes(key)) return String(value).replace(/(^|\s)-(?=\d)/g, `$1${MINUS}`);
  if (!isNumber(value)) return String(value);
  const [, unit = "", , factor = 1, chosen = null] = DATA.columns[key] || [];
  const size = Math.abs(value);
  const digits = Number.isInteger(value) ? (chosen === null || unit === "%" ? 0 : chosen) : chosen ?? (size >= 100 ? 0 : size >= 1 ? 2 : 3);
  return `${fmt(factor * value, digits)}${unit ? (/%/.test(unit) ? "\u202f" : " ") + unit : ""}`;
}
const factorOf = (key) => (DATA.columns[key] || [])[3] ?? 1;
const label = (key) => (DATA.columns[key] || [key.replaceAll("_", " ")])[0];
const meaning = (key) => (DATA.columns[key] || ["", "", ""])[2];

/** Element with attributes and children; text stays text, so names cannot become markup. */
function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}
function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

const FORMULA = new RegExp(DATA.formula);
const AMOUNT = new RegExp(DATA.amount, "g");
/** Text with the amounts of its formulas as subscripts, and an arrow for "->". */
function rich(text) {
  const out = document.createDocumentFragment();
  for (const word of String(text ?? "").split(/(\s+)/)) {
    const match = word.length > 1000 ? null : FORMULA.exec(word); // no formula, and slow
    if (word === "->") out.append("\u2192");
    else if (!match) out.append(word);
    else {
      out.append(match[1]);
      let last = 0;
      for (const amount of match[2].matchAll(AMOUNT)) {
        out.append(match[2].slice(last, amount.index + 1), h("sub", {}, amount[2]));
        last = amount.index + amount[0].length;
      }
      out.append(match[2].slice(last), match[3]);
    }
  }
  return out;
}

/** Colour of a mutual energy [meV/atom]: one hue, 0 at the light end (OKLab between stops). */
const STOPS = [[0.985, 0, -0.004], [0.80, -0.030, -0.085], [0.56, -0.032, -0.145], [0.27, -0.008, -0.105]];
function rampColour(share) {
  const place = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const i = Math.min(STOPS.length - 2, Math.floor(place));
  const [l, a, b] = STOPS[i].map((v, k) => v + (STOPS[i + 1][k] - v) * (place - i));
  const [p, q, r] = [l + 0.3963377774 * a + 0.2158037573 * b, l - 0.1055613458 * a - 0.0638541728 * b,
    l - 0.0894841775 * a - 1.291485548 * b].map((v) => v ** 3);
  const linear = [4.0767416621 * p - 3.3077115913 * q + 0.2309699292 * r,
    -1.2684380046 * p + 2.6097574011 * q - 0.3413193965 * r,
    -0.0041960863 * p - 0.7034186147 * q + 1.707614701 * r];
  const rgb = linear.map((v) => {
    const c = Math.min(1, Math.max(0, v));
    return Math.round(255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055));
  });
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return { css: `rgb(${rgb.join(",")})`, dark: luminance < 0.179 };  // black and white text: 4.5 : 1 at least
}
function paint(cell, share) {
  const colour = rampColour(share);
  cell.style.setProperty("background-color", colour.css);
  cell.style.setProperty("color", colour.dark ? "#fff" : "#000");
}

/** Which energy of a reactant was used, in words. */
function energyWord(source, of = "") {
  return {
    phase: of.includes(" + ") ? "each its own phase in the source" : "its own phase in the source",
    given: "energy given in the study",
    hull: "hull energy of its composition (a lower bound: the total driving force is at least the one shown)",
  }[source] || "not stated";
}
function uncertaintyOf(candidate, electrolyte, quantity) {
  return UNCERTAINTY.get(JSON.stringify([candidate, electrolyte, quantity]))
    || UNCERTAINTY.get(JSON.stringify([candidate, "", quantity]))
    || UNCERTAINTY.get(JSON.stringify(["", electrolyte, quantity]));
}
/** Texts and tspans of a formula for SVG, which has no subscripts. */
function subscripted(text) {
  return [...rich(text).childNodes].map((node) => (node.nodeName === "SUB"
    ? [svg("tspan", { dy: 3, class: "sub" }, node.textContent), svg("tspan", { dy: -3 }, "\u200b")] : node.textContent)).flat();
}
/** Draw anew when the window has another width. */
function onResize(draw) {
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (Math.abs(window.innerWidth - width) > 40) { width = window.innerWidth; draw(); }
  });
}
const unique = (values) => [...new Set(values)];
const say = (text) => { document.getElementById("say").textContent = text; };
const section = (name) => document.getElementById(name);

/** Labelled select; options are [value, text]. */
function choice(id, text, options, change) {
  const select = h("select", { id, onchange: () => change(select.value) },
    options.map(([value, name]) => h("option", { value }, name)));
  return { element: h("label", { for: id, class: "control" }, h("span", {}, text), select), select };
}
const electrolyteOptions = (names) => names.map((name) => [name, ELECTROLYTE_WORD[name] || name]);
