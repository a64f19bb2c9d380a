// Candidates against contacts, one block of columns for each electrolyte.
const SHORT_NAMES = { deposited: "dep.", layer: "layer", worst_product: "worst" };
const LAYERS = DATA.heat.filter((kind) => kind !== "bare");  // bare Li stands once, above them
const MOST_HEAT_ROWS = DATA.whole ? 60 : 400;

/** Curve of a contact: [kind, label] of a stack in reactions.csv. */
const CONTACTS = new Map();
for (const { candidate, electrolyte, kind, name, curve } of unpack(DATA.reactions.contacts)) {
  const key = pairKey(candidate, electrolyte);
  if (!CONTACTS.has(key)) CONTACTS.set(key, []);
  CONTACTS.get(key).push({ kind, name, curve: DATA.reactions.curves[curve] });
}
function contactOf(row, kind) {
  const all = CONTACTS.get(pairKey(row.candidate, row.electrolyte)) || [];
  if (kind !== "worst_product") return all.find((contact) => contact.kind === kind);
  return all.find((c) => c.kind === "product" && c.name === `${row.worst_product} | ${row.electrolyte}`)
    || all.find((c) => c.kind === "product" && c.name.startsWith(`${row.worst_product} | `))
    || all.find((c) => c.kind === "layer");  // a layer of one phase is its own worst product
}
/** What a cell says when it is looked at: equation, fraction, error, energies. */
function heatDetails(row, kind) {
  const { candidate, electrolyte } = row;
  const names = { bare: DATA.anode, deposited: candidate, layer: row.layer || "converted layer",
    worst_product: row.worst_product || "worst product", lithium: DATA.anode };
  const other = kind === "lithium" ? candidate : electrolyte;
  const out = [h("p", { class: "tip-title" }, rich(names[kind]), " | ", rich(other))];
  if (kind !== "bare" && kind !== "lithium") out.push(h("p", {}, HEAT_NAMES[kind], " of ", rich(candidate)));
  const key = `${kind}_mutual_eV_per_atom`;
  const value = row[key];
  if (row.status === "failed" || !isNumber(value)) {
    return [...out, h("p", { class: "tip-reason" }, "Not computed: ", rich(row.reason || "no value in results.csv"))];
  }
  const error = uncertaintyOf(kind === "bare" ? "" : candidate, kind === "lithium" ? "" : electrolyte, key);
  const spread = error && isNumber(error.standard_deviation)
    ? ` \u00b1 ${meV(error.standard_deviation, 1)} (90 % between ${meV(error.low_5_percent, 0)} and ${meV(error.high_95_percent, 0)})` : "";
  out.push(h("p", { class: "tip-value" }, `${meV(value, 1)}${spread} meV/atom`));
  const contact = contactOf(row, kind);
  const curve = contact && contact.curve;
  const best = curve && curve.m >= 0 ? curve.m : -1;
  const given = { deposited: row.deposited_equation, layer: row.layer_equation, lithium: row.lithium_equation }[kind];
  const equation = best >= 0 ? EQUATIONS[curve.q[best]] : given;
  const fraction = best >= 0 ? curve.x[best]
    : kind === "deposited" ? row.deposited_mixing_fraction : kind === "lithium" ? row.lithium_mixing_fraction : null;
  if (value === 0 || (curve && best < 0)) out.push(h("p", {}, "The two coexist: nothing reacts."));
  else if (equation) out.push(h("p", { class: "equation" }, rich(equation)));
  else if (kind === "deposited" && row.deposited_products) out.push(h("p", { class: "equation" }, "products: ", rich(row.deposited_products)));
  if (isNumber(fraction) && value !== 0) out.push(tipLine("mixing fraction", fmt(fraction, 3), " (atom fraction of ", rich(names[kind]), ")"));
  if (curve) {
    out.push(tipLine("energies", rich(curve.a), ": ", energyWord(curve.ea, curve.a), "; ", rich(curve.b), ": ", energyWord(curve.eb, curve.b)));
  } else if (row.electrolyte_energy_source && kind !== "lithium") {
    out.push(tipLine("energies", rich(electrolyte), ": ", energyWord(row.electrolyte_energy_source)));
  }
  return out;
}

function heatmap() {
  const place = section("heatmap");
  const legend = h("div", { class: "legend" });
  const holder = h("div", { class: "scroll" }), tools = h("div");
  const roles = unique(TABLES.results.map((row) => row.role).filter(Boolean));
  const chosen = { electrolyte: "", role: "" };
  const electrolyte = choice("heat-electrolyte", "Electrolyte",
    [["", "all, side by side"], ...electrolyteOptions(DATA.electrolytes)], (value) => { chosen.electrolyte = value; draw(); });
  const role = choice("heat-role", "Role", [["", "all"], ...roles.map((r) => [r, r])],
    (value) => { chosen.role = value; draw(); });
  const count = h("p", { class: "note", id: "heat-count" });

  place.append(h("p", {}, "Minimum of the mutual reaction energy of each contact with the electrolyte [meV/atom]: 0 (light) is best. "
    + "Bars: driving force of the reaction with Li metal, which a conversion interlayer needs and a coating must not have. "
    + "These are the contacts themselves; the number that a verdict rests on counts what of the layer faces the electrolyte, as far as Li makes it. "
    + "Point at a cell or move with the arrow keys for the reaction; open a cell to see the candidate."),
  h("div", { class: "controls" }, electrolyte.element, role.element), legend, holder, ...(DATA.electrolytes.length > 1 ? [h("p", { class: "note hint" }, "Scroll sideways for more electrolytes.")] : []), tools, count);
  legend.append(...legendParts());

  function draw() {
    const shownElectrolytes = chosen.electrolyte ? [chosen.electrolyte] : DATA.electrolytes;
    const block = chosen.electrolyte && BLOCKS.get(chosen.electrolyte);
    const order = unique([...(block ? block.map((row) => row.candidate) : []), ...DATA.candidates]);
    const fitting = order.filter((name) => !chosen.role
      || TABLES.results.some((row) => row.candidate === name && row.role === chosen.role));
    const names = fitting.slice(0, MOST_HEAT_ROWS);
    const table = heatTable(names, shownElectrolytes);
    holder.replaceChildren(table);
    tools.replaceChildren(tableTools(table, table.getAttribute("aria-label"), true));
    roving(holder.querySelector("table"), "td.heat, td.li");
    const text = `${names.length} of ${fitting.length} candidates, in the order of the ranking`
      + (chosen.electrolyte ? ` with ${chosen.electrolyte}` : BLOCKS.has(OVERALL) ? " over all electrolytes" : "")
      + (DATA.whole ? " (those in ranking.csv)" : "");
    count.textContent = `${text}.`;
    say(text);
  }
  draw();
}
function legendParts(limit = DATA.range, values = null, none = "could not be computed") {
  const bar = h("div", { class: "ramp", role: "img",
    "aria-label": `Colours from 0, light, to ${limit} meV/atom below, dark` });
  for (let i = 0; i <= 40; i++) bar.append(h("i", { style: { "background-color": rampColour(i / 40).css } }));
  const beyond = (values || TABLES.results.flatMap((row) => DATA.heat.map((kind) => 1000 * row[`${kind}_mutual_eV_per_atom`])))
    .some((value) => value < -limit);
  return [h("span", {}, "0"), bar,
    h("span", {}, `${MINUS}${limit} meV/atom${beyond ? " and below" : ""}`),
    h("span", { class: "swatch none", "aria-hidden": "true" }), h("span", {}, none)];
}
function heatTable(names, electrolytes) {
  const most = Math.max(0.001, ...TABLES.results.map((row) => -row.lithium_mutual_eV_per_atom || 0));
  const many = electrolytes.length > 6;
  const top = h("tr", {}, h("th", { scope: "col", rowspan: 2, class: "name" }, "Candidate"),
    h("th", { scope: "col", rowspan: 2, class: "li" }, "with Li"),
    electrolytes.map((name) => h("th", { scope: "colgroup", colspan: LAYERS.length, class: "group" }, rich(name))));
  const second = h("tr", {}, electrolytes.map(() => LAYERS.map((kind, i) =>
    h("th", { scope: "col", class: i ? null : "group" }, explained(many ? SHORT_NAMES[kind] : HEAT_NAMES[kind], wordOf(HEAT_NAMES[kind]))))));
  const bare = h("tr", {}, h("th", { scope: "row", class: "name" }, explained("bare Li")), h("td", {}),
    electrolytes.map((electrolyte) => {
      const row = names.map((name) => RESULTS.get(pairKey(name, electrolyte))).find((one) => one && isNumber(one.bare_mutual_eV_per_atom));
      const cell = heatCell(row || { candidate: names[0], electrolyte, reason: "not computed" }, "bare", true);
      cell.setAttribute("colspan", LAYERS.length);
      return cell;
    }));
  const body = names.map((name) => h("tr", { "data-candidate": name },
    h("th", { scope: "row", class: "name" }, rich(name)),
    lithiumCell(FIRST_ROW.get(name), most),
    electrolytes.map((electrolyte) => LAYERS.map((kind, i) => heatCell(
      RESULTS.get(pairKey(name, electrolyte)) || { candidate: name, electrolyte, reason: "no row in the results" }, kind, i === 0)))));
  return h("table", { class: `heatmap${many ? " many" : electrolytes.length === 1 ? " one" : ""}`, role: "grid", "aria-label": "Reaction energies of candidates and contacts, meV/atom" },
    h("thead", {}, top, second), h("tbody", {}, bare, body));
}
function heatCell(row, kind, first) {
  const value = row[`${kind}_mutual_eV_per_atom`];
  const failed = row.status === "failed" || !isNumber(value);
  const cell = h("td", { class: `heat${first ? " group" : ""}${failed ? " none" : ""}`, tabindex: "-1",
    "data-candidate": row.candidate, "data-electrolyte": row.electrolyte, "data-kind": kind,
    "data-value": failed ? null : value, "aria-label": failed ? "not computed" : null },
  failed ? "" : meV(value));
  if (!failed) paint(cell, -1000 * value / DATA.range);
  const content = () => heatDetails(row, kind);
  withTip(cell, content);
  opens(cell, content, () => openCandidate(row.candidate, row.electrolyte));
  return cell;
}
function lithiumCell(row, most) {
  const value = row.lithium_mutual_eV_per_atom;
  const failed = row.status === "failed" || !isNumber(value);
  const cell = h("td", { class: `li${failed ? " none" : ""}`, tabindex: "-1", "data-candidate": row.candidate,
    "aria-label": failed ? "not computed" : null, "data-value": failed ? null : value });
  if (!failed) {
    cell.append(h("i", { class: "bar", style: { width: `${Math.max(0, 100 * -value / most)}%` } }),
      h("span", {}, meV(value)));
  }
  const content = () => heatDetails(row, "lithium");
  withTip(cell, content);
  opens(cell, content, () => openCandidate(row.candidate, row.electrolyte));
  return cell;
}
