// Everything about one candidate.
/** Rows of the ranking of a candidate, one for each electrolyte. */
const pairsOf = (candidate) => DATA.electrolytes.flatMap((name) => (BLOCKS.get(name) || []).filter((row) => row.candidate === candidate));
const PICKED = { candidate: DATA.candidates[0], electrolyte: bestElectrolyte(DATA.candidates[0]) };
let drawCandidate = () => {};

/** The electrolyte with which a candidate has its best verdict; of several, its best score, then the largest gain. */
function bestElectrolyte(candidate) {
  const keys = [(row) => -DATA.verdicts.indexOf(row.verdict), (row) => row.score_meV_per_atom, (row) => row.improvement_eV_per_atom ?? 0];
  const better = (one, other) => { for (const key of keys) if (key(one) !== key(other)) return key(one) > key(other); return false; };
  const rows = pairsOf(candidate).filter((row) => isNumber(row.score_meV_per_atom));
  return rows.length ? rows.reduce((best, row) => (better(row, best) ? row : best)).electrolyte : DATA.electrolytes[0];
}
const anchorOf = (candidate, electrolyte) => `#${encodeURIComponent(candidate)}/${encodeURIComponent(electrolyte)}`;
/** Go where the address says: #CuF2/LATP. */
function followAddress() {
  const [candidate, electrolyte] = location.hash.slice(1).split("/").map((part) => { try { return decodeURIComponent(part); } catch { return ""; } });
  if (FIRST_ROW.has(candidate)) openCandidate(candidate, DATA.electrolytes.includes(electrolyte) ? electrolyte : null);
}
/** Show a candidate (with an electrolyte) and go there. */
function openCandidate(candidate, electrolyte) {
  if (!FIRST_ROW.has(candidate)) return;
  PICKED.candidate = candidate;
  PICKED.electrolyte = electrolyte || bestElectrolyte(candidate);
  drawCandidate();
  hideTip(null);
  const head = document.getElementById("candidate-name");
  section("candidate").scrollIntoView({ block: "start" });
  head.focus({ preventScroll: true });
}
function candidateSection() {
  const place = section("candidate");
  const body = h("div");
  if (!DATA.candidates.length) {
    place.append(h("p", {}, "No candidate could be computed."));
    return;
  }
  const pick = choice("pick-candidate", "Candidate", DATA.candidates.map((name) => [name, name]),
    (value) => { PICKED.candidate = value; drawCandidate(); });
  const other = choice("pick-electrolyte", "Electrolyte", electrolyteOptions(DATA.electrolytes),
    (value) => { PICKED.electrolyte = value; drawCandidate(); });
  place.append(h("div", { class: "controls" }, pick.element, other.element), body);
  let started = false;
  drawCandidate = () => {
    pick.select.value = PICKED.candidate;
    other.select.value = PICKED.electrolyte;
    history.replaceState(null, "", started ? anchorOf(PICKED.candidate, PICKED.electrolyte) : location.href);
    started = true;
    body.replaceChildren(...candidateParts(PICKED.candidate, PICKED.electrolyte, chartWidth(place.clientWidth)));
  };
  drawCandidate();
  onResize(drawCandidate);
}
/** Width of a chart: two stand side by side where there is room. */
function chartWidth(room) {
  return Math.max(280, Math.min(620, room >= 900 ? (room - 40) / 2 : room - 4));
}
function candidateParts(candidate, electrolyte, width) {
  const row = RESULTS.get(pairKey(candidate, electrolyte)) || FIRST_ROW.get(candidate);
  const out = [h("h3", { id: "candidate-name", tabindex: "-1" }, rich(candidate),
    h("span", { class: "aside" }, row.formula && row.formula !== candidate ? [" ", rich(row.formula)] : "", row.role ? ` ${row.role}` : ""))];
  if (row.status === "failed") {
    return [...out, h("p", { class: "failed" }, "Could not be computed: ", rich(row.reason)), ...measuredPart(candidate, electrolyte)];
  }
  out.push(stackPart(row), h("div", { class: "charts" }, contactsPart(candidate, electrolyte, row, width), lithiationPart(candidate, row, width)),
    ...factsPart(row), ...uncertaintyPart(candidate, electrolyte), ...sensitivityPart(candidate, electrolyte),
    ...surroundingsPart(candidate, electrolyte), ...measuredPart(candidate, electrolyte), ...referencesPart(row));
  return out;
}
/** A formula or mixture whose phases tell their anchors. */
function anchored(text) {
  const parts = String(text).split(" + ");
  return h("span", {}, parts.map((piece, i) => {
    const formula = piece.replace(/^[\d./]+ /, "");
    const row = ANCHORS.get(formula) || ANCHORS.get((TABLES.results.find((one) => one.electrolyte === formula) || {}).electrolyte_formula);
    const shownPart = row ? withTip(h("span", { class: "term", tabindex: "0" }, rich(piece)), () => anchorTip(row)) : rich(piece);
    return [i ? " + " : "", shownPart];
  }));
}
function anchorTip(row) {
  const known = isNumber(row.anchored_energy_eV_per_atom);
  const moved = known && Math.abs(row.anchored_energy_eV_per_atom - row.tabulated_energy_eV_per_atom) > 1e-9;
  return [h("p", { class: "tip-title" }, rich(row.material)),
    moved || !known ? tipLine("anchors", rich(row.anchors)) : h("p", {}, "No anchor: its energy is as the source tabulates it."),
    known ? tipLine("energy", `${fmt(row.anchored_energy_eV_per_atom, 3)} eV/atom${moved ? `, as tabulated ${fmt(row.tabulated_energy_eV_per_atom, 3)}` : ""}`)
      : h("p", {}, "No phase of the source has this composition.")];
}
const part = (title, ...content) => [h("h4", {}, title), ...content.flat(Infinity)];

/** Three stacks: bare, as deposited, after lithium; each contact with its number. */
function stackPart(row) {
  const layer = (name, kind) => h("div", { class: `layer ${kind}` }, anchored(name));
  const contact = (value, key, candidate) => {
    const error = uncertaintyOf(candidate ?? row.candidate, row.electrolyte, key);
    const spread = error && isNumber(error.standard_deviation) ? ` \u00b1 ${meV(error.standard_deviation)}` : "";
    return h("div", { class: "contact" }, isNumber(value) ? `${meV(value, 1)}${spread} meV/atom` : "not computed");
  };
  const stack = (title, ...parts) => h("figure", { class: "stack" }, h("figcaption", {}, title), parts);
  const products = row.layer || row.conversion_products || "converted layer";
  const same = products === row.formula;
  const worst = row.worst_product && row.worst_product !== products && isNumber(row.worst_product_mutual_eV_per_atom)
    ? h("p", { class: "note" }, "Worst of its phases against ", rich(row.electrolyte), ": ", rich(row.worst_product), ` ${meV(row.worst_product_mutual_eV_per_atom, 1)} meV/atom.`) : null;
  return h("div", {}, h("h4", {}, "Stack with ", rich(row.electrolyte)), h("div", { class: "stacks" },
    stack("Without interlayer", layer(DATA.anode, "metal"), contact(row.bare_mutual_eV_per_atom, "bare_mutual_eV_per_atom", ""), layer(row.electrolyte, "electrolyte")),
    stack("As deposited", layer(DATA.anode, "metal"), contact(row.lithium_mutual_eV_per_atom, "lithium_mutual_eV_per_atom"),
      layer(row.formula || row.candidate, "interlayer"), contact(row.deposited_mutual_eV_per_atom, "deposited_mutual_eV_per_atom"), layer(row.electrolyte, "electrolyte")),
    stack(same ? "With Li (unchanged)" : "After Li", layer(DATA.anode, "metal"), h("div", { class: "contact" }, "in equilibrium"),
      layer(products, "interlayer"), contact(row.layer_mutual_eV_per_atom, "layer_mutual_eV_per_atom"), layer(row.electrolyte, "electrolyte"))), worst);
}
function contactsPart(candidate, electrolyte, row, width) {
  const all = CONTACTS.get(pairKey(candidate, electrolyte)) || [];
  if (!all.length) {
    const given = [["with Li", "lithium_mutual_eV_per_atom", row.lithium_equation], ["as deposited", "deposited_mutual_eV_per_atom", row.deposited_equation],
      ["converted layer", "layer_mutual_eV_per_atom", row.layer_equation]].filter(([, key]) => isNumber(row[key]));
    if (!given.length) return [];
    return [h("div", {}, part("Reactions", plainTable("Reactions", ["Contact", "meV/atom", "Equation"],
      given.map(([name, key, equation]) => [name, meV(row[key], 1), row[key] === 0 ? "coexist" : h("span", { class: "equation" }, equation ? rich(equation) : "not kept for this row")]),
      { numbers: [1], hideCaption: true }), h("p", { class: "note" }, "The curves are kept for the best candidates only.")))];
  }
  const lithium = all.filter((contact) => contact.kind === "lithium");
  const rest = all.filter((contact) => contact.kind !== "lithium");
  return [h("div", {}, part("Mutual energy with the electrolyte", ...curveChart(rest, width, `Mutual energies of the contacts of ${candidate} with ${electrolyte}`, "atom fraction of the first-named"))),
    h("div", {}, part("Mutual energy with Li metal", ...curveChart(lithium, width, `Mutual energy of Li with ${candidate}`, "atom fraction of Li")))];
}
function lithiationPart(candidate, row, width) {
  const steps = (TABLES.lithiation || []).filter((step) => step.candidate === candidate && isNumber(step.voltage_V));
  if (!steps.length) return DATA.whole ? [] : [h("div", {}, part("Lithiation", h("p", {}, "Takes up no Li above 0 V.")))];
  return [h("div", {}, part("Lithiation", ...staircase(steps, width)))];
}
const SHOWN_ELSEWHERE = new Set(`candidate formula electrolyte status reason role source warnings reference expected_products
  bare_mutual_eV_per_atom lithium_mutual_eV_per_atom deposited_mutual_eV_per_atom layer_mutual_eV_per_atom
  worst_product_mutual_eV_per_atom worst_product rank tied lithium_equation deposited_equation layer_equation layer`.split(/\s+/));
function factsPart(row) {
  const entries = Object.entries(row).filter(([key, value]) => !SHOWN_ELSEWHERE.has(key) && value !== null && value !== undefined && value !== "");
  return part("Numbers", h("dl", { class: "facts" }, entries.map(([key, value]) => h("div", {},
    h("dt", {}, explained(label(key), meaning(key))), " ",
    h("dd", { "data-key": key }, rich(key.endsWith("energy_source") ? energyWord(value, row.formula) : shown(key, value)))))));
}
function uncertaintyPart(candidate, electrolyte) {
  const rows = (TABLES.uncertainty || []).filter((row) => row.candidate === candidate && (!row.electrolyte || row.electrolyte === electrolyte)
    && isNumber(row.value) && isNumber(row.standard_deviation));
  if (!rows.length) return [];
  return part("Error bars", plainTable("Error bars from samples of the energies", ["Quantity", "Value", "Standard deviation", "5 %", "95 %", "Samples"],
    rows.map((row) => [label(row.quantity), ...["value", "standard_deviation", "low_5_percent", "high_95_percent"].map((key) => shown(row.quantity, row[key])),
      fmt(row.samples_counted)]), { numbers: [1, 2, 3, 4, 5], hideCaption: true }));
}
function sensitivityPart(candidate, electrolyte) {
  const table = TABLES.sensitivity || [];
  const rows = table.filter((row) => row.candidate === candidate && (!row.electrolyte || row.electrolyte === electrolyte));
  if (!rows.length) {
    return table.length ? part("Phases in doubt", h("p", {}, "No phase in doubt touches this candidate.")) : [];
  }
  const why = (row) => row.suspect_reason || (row.phase === "all suspects" ? "" : "not suspect, but decides the answer");
  const listing = (some) => plainTable("What changes when a phase is left out or put back", ["Phase", "Why", "Quantity", "Value", "Value then", "Change", "Products then"],
    some.map((row) => [h("span", {}, rich(row.phase), ` ${row.direction}`), rich(why(row)), label(row.quantity), shown(row.quantity, row.value),
      shown(row.quantity, row.value_then), shown(row.quantity, row.change), h("span", {}, rich(row.products_then || ""))]), { numbers: [3, 4, 5], hideCaption: true });
  const moved = rows.filter((row) => (isNumber(row.value) || isNumber(row.value_then)) && row.change !== 0);
  const still = rows.filter((row) => row.change === 0);
  return part("Phases in doubt, left out or put back", moved.length ? listing(moved) : h("p", {}, "No number of this candidate changes when a suspect phase is left out, or one that does not count is put back."),
    still.length ? h("details", {}, h("summary", {}, `${still.length} checks without any change`), listing(still)) : []);
}
function surroundingsPart(candidate, electrolyte) {
  const rows = (TABLES.surroundings || []).filter((row) => row.name === candidate || (row.part === "electrolyte" && row.name === electrolyte));
  if (!rows.length) return [];
  const air = rows.some((row) => row.partner_kind === "air");
  const note = DATA.ambient ? "Air: at 25 \u00b0C, each gas with its share of ambient air (21 % O2, 400 ppm CO2, 50 % humidity); meV per atom of both."
    : "Air: molecules at 0 K, without entropy and pressure.";
  return part("Against cathodes and air", air ? h("p", { class: "note" }, rich(note)) : "", plainTable("Contacts beside the stack", ["What", "Partner", "Kind", "meV/atom", "Reaction"],
    rows.map((row) => [h("span", {}, rich(row.formula || row.name), row.part === "layer" ? " (converted layer)" : ""), rich(row.partner), row.partner_kind,
      isNumber(row.mutual_energy_eV_per_atom) ? meV(row.mutual_energy_eV_per_atom, 1) : "not computed",
      h("span", { class: "equation" }, rich(row.equation || row.reason || "coexist"))]), { numbers: [3], hideCaption: true }));
}
const MATCH_WORD = { same: "same elements", related: "doped relative", other: "another electrolyte" };
function measuredPart(candidate, electrolyte) {
  const rows = DATA.measured[candidate] || [];
  if (!rows.length) return [];
  const pair = (before, after) => (isNumber(before) || isNumber(after) ? `${before ?? "?"} \u2192 ${after ?? "?"}` : "");
  const resistance = (row) => pair(row.resistance_before_ohm_cm2, row.resistance_after_ohm_cm2)
    || pair(row.resistance_before_ohm_per_cell, row.resistance_after_ohm_per_cell).replace(/$/, (end) => (isNumber(row.resistance_after_ohm_per_cell) ? " \u03a9 per cell" : end));
  return part("Measured cells", h("p", {}, "Layers deposited as the same phases. Resistances and critical currents as the sources give them (before \u2192 after the interlayer)."),
    plainTable("Measured cells", ["Interlayer", "Electrolyte", "Products reported", "Resistance / \u03a9 cm\u00b2", "Critical current / mA cm\u207b\u00b2", "Cycling / mA cm\u207b\u00b2 : h", "Method and note", "Reference"],
      rows.map((row) => [h("span", {}, rich(row.interlayer)), h("span", {}, rich(row.electrolyte), ` (${MATCH_WORD[row.electrolyte_match[electrolyte]] || ""})`),
        rich(row.reported_products), resistance(row), pair(row.ccd_before_mA_cm2, row.ccd_after_mA_cm2),
        (row.cycling_mA_cm2_hours || "").replaceAll(":", " : ").replaceAll(";", "; "), rich([row.method, row.note].filter(Boolean).join("; ")), linked(row.reference || "")]), { hideCaption: true }));
}
function referencesPart(row) {
  const out = [];
  if (row.expected_products) out.push(h("p", {}, h("b", {}, "Expected with Li: "), rich(row.expected_products)));
  if (row.reference) out.push(h("p", {}, h("b", {}, "Reference: "), linked(row.reference)));
  if (row.warnings) out.push(h("p", {}, h("b", {}, "Warnings: "), rich(row.warnings)));
  return out.length ? part("References and remarks", out) : [];
}
/** Text with links for the DOIs in it. */
function linked(text) {
  return String(text).split(/((?:doi:)?10\.\d{4,9}\/[^\s,;"<>]+)/).map((piece, i) => {
    if (!(i % 2)) return rich(piece);
    const doi = piece.replace(/^doi:/, "").replace(/[.)]+$/, "");
    return h("a", { href: `https://doi.org/${doi}`, rel: "noreferrer" }, `doi:${doi}`);
  });
}

/** Two or three candidates side by side. */
const COMPARED = ["verdict", "role", "observed", "layer", "facing_product", "bare_mutual_eV_per_atom", "lithium_mutual_eV_per_atom", "deposited_mutual_eV_per_atom",
  "layer_mutual_eV_per_atom", "worst_product_mutual_eV_per_atom", "improvement_eV_per_atom", "bridge_margin_V", "first_voltage_V",
  "score_meV_per_atom", "volume_change_percent", "capacity_mAh_per_g", "electron_blocking", "lithium_equation", "layer_equation"];
function compareSection() {
  const place = section("compare");
  const holder = h("div");
  if (!DATA.candidates.length) return;
  const chosen = { electrolyte: PICKED.electrolyte, names: DATA.candidates.slice(0, 2).concat("") };
  const options = DATA.candidates.map((name) => [name, name]);
  const picks = [0, 1, 2].map((n) => choice(`compare-${n}`, ["First", "Second", "Third"][n], n < 2 ? options : [["", "none"], ...options],
    (value) => { chosen.names[n] = value; draw(); }));
  const other = choice("compare-electrolyte", "Electrolyte", electrolyteOptions(DATA.electrolytes), (value) => { chosen.electrolyte = value; draw(); });
  place.append(h("div", { class: "controls" }, picks.map((pick) => pick.element), other.element), holder);
  function draw() {
    picks.forEach((pick, n) => { pick.select.value = chosen.names[n] || ""; });
    other.select.value = chosen.electrolyte;
    const names = unique(chosen.names.filter(Boolean));
    const rows = names.map((name) => ({ ...RESULTS.get(pairKey(name, chosen.electrolyte)),
      ...((BLOCKS.get(chosen.electrolyte) || []).find((row) => row.candidate === name) || {}) }));
    const known = COMPARED.filter((key) => rows.some((row) => row[key] !== null && row[key] !== undefined && row[key] !== ""));
    const value = (key, row) => {
      const error = uncertaintyOf(row.candidate, chosen.electrolyte, key);
      const factor = factorOf(key);
      const spread = error && isNumber(error.low_5_percent) ? ` (${fmt(factor * error.low_5_percent, factor === 1 ? 1 : 0)} to ${fmt(factor * error.high_95_percent, factor === 1 ? 1 : 0)})` : "";
      return h("span", {}, rich(shown(key, row[key]) + spread));
    };
    holder.replaceChildren(plainTable(`${names.join(", ")} with ${chosen.electrolyte}`, ["", ...names],
      known.map((key) => [explained(label(key), meaning(key)), ...rows.map((row) => value(key, row))]), { hideCaption: true }));
  }
  draw();
}
