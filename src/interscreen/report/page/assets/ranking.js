// The ranking: sortable, filtered by electrolyte, role and name.
function ranking() {
  const place = section("ranking");
  const names = [...BLOCKS.keys()];
  if (!names.length) {
    place.append(h("p", {}, "The run folder holds no ranking."));
    return;
  }
  const roles = unique(TABLES.ranking.map((row) => row.role).filter(Boolean));
  const chosen = { electrolyte: names[0], role: "", text: "" };
  const electrolyte = choice("rank-electrolyte", "Electrolyte", electrolyteOptions(names),
    (value) => { chosen.electrolyte = value; draw(true); });
  const role = choice("rank-role", "Role", [["", "all"], ...roles.map((r) => [r, r])],
    (value) => { chosen.role = value; draw(); });
  const search = h("input", { type: "search", id: "rank-text", autocomplete: "off", spellcheck: "false",
    oninput: () => { chosen.text = search.value.trim().toLowerCase(); draw(); } });
  const count = h("p", { class: "note", id: "rank-count" });
  const holder = h("div");
  const frequency = TABLES.ranking.some((row) => isNumber(row.score_low_meV_per_atom));
  const weights = h("details");
  place.append(h("p", {}, `Score in meV/atom, 0 at best (weighted sum of the contacts: open a score for its terms). Candidates within ${fmt(DATA.tie)} meV/atom are tied (=).`,
    frequency ? " Whiskers: 5 % to 95 % of the samples of the energies." : ""),
  h("div", { class: "controls" }, electrolyte.element, role.element,
    h("label", { class: "control", for: "rank-text" }, h("span", {}, "Name or phase"), search)), holder, count, weights);
  let table = null;

  function draw(anew = false) {
    const block = BLOCKS.get(chosen.electrolyte);
    const rows = block.filter((row) => (!chosen.role || row.role === chosen.role)
      && (!chosen.text || `${row.candidate} ${row.layer || ""} ${row.conversion_products || ""}`.toLowerCase().includes(chosen.text)));
    if (anew || !table) {
      table = sortableTable({ id: "ranking-table",
        caption: `Ranking with ${ELECTROLYTE_WORD[chosen.electrolyte] || chosen.electrolyte}`,
        columns: rankingColumns(block), rows, empty: "No candidate fits." });
      holder.replaceChildren(table.element);
    } else table.show(rows);
    const text = `${rows.length} of ${block.length} candidates`
      + (DATA.whole ? ` (the best of ${DATA.statistics.count.toLocaleString("en-US")})` : "");
    count.textContent = `${text}.`;
    say(text);
    weightsPart(weights, chosen.electrolyte);
  }
  draw(true);
}
/** How the order changes when one weight is halved or doubled (weights.csv). */
function weightsPart(details, electrolyte) {
  const rows = (TABLES.weights || []).filter((row) => row.electrolyte === electrolyte);
  details.hidden = !rows.length;
  details.replaceChildren(h("summary", {}, "If the weights were others"),
    plainTable("Order with one weight halved or doubled", ["Weight", "Role", "Change", "Kendall \u03c4 to the order above", "Best then", "Largest move"],
      rows.map((row) => [String(row.weight), row.role || "", row.change, fmt(row.kendall_tau, 3), h("span", {}, rich(row.best_candidate)),
        isNumber(row.largest_rank_change) && row.largest_rank_change ? h("span", {}, `${fmt(row.largest_rank_change)} places: `, rich(row.candidate_of_largest_change)) : "none"]), { numbers: [3], hideCaption: true }));
}
function rankingColumns(block) {
  const has = (key) => block.some((row) => row[key] !== null && row[key] !== undefined && row[key] !== "");
  const energy = (key, name) => ({ key, name, number: true, rise: false, title: meaning(key),
    value: (row) => row[key], cell: (row) => meV(row[key]) });
  const text = (key, name) => ({ key, name, title: meaning(key), value: (row) => row[key], cell: (row) => rich(row[key]) });
  const gains = (row) => !isNumber(row.improvement_eV_per_atom) || row.improvement_eV_per_atom > 0;  // who gains nothing is among no best
  const share = (key, name) => ({ key, name, number: true, rise: false, title: meaning(key),
    value: (row) => (gains(row) ? row[key] : null), cell: (row) => (!gains(row) ? "no gain" : isNumber(row[key]) ? `${fmt(100 * row[key])}\u202f%` : "") });
  const range = (low, high, name) => ({ key: low, name, number: true, title: meaning(low),
    value: (row) => row[low],
    cell: (row) => (isNumber(row[low]) ? fmt(row[low]) + (row[high] !== row[low] ? `\u2013${fmt(row[high])}` : "") : "") });
  const low = Math.min(0, ...block.flatMap((row) => [row.score_low_meV_per_atom, row.score_meV_per_atom].filter(isNumber)));
  const all = [
    { key: "candidate", name: "Candidate", head: true, value: (row) => row.candidate,
      cell: (row) => h("button", { type: "button", class: "link",
        onclick: () => openCandidate(row.candidate, chosenPair(row)) }, rich(row.candidate)) },
    has("verdict") && { key: "verdict", name: "Verdict", value: (row) => row.verdict, cell: verdictWords },
    { key: "rank", name: "Rank", number: true, title: meaning("rank"), value: (row) => row.rank,
      cell: (row) => (row.rank === null || row.rank === "" || row.rank === undefined ? "\u2013"
        : `${row.rank}${row.tied_with || row.tied === "yes" ? "=" : ""}`) },
    text("role", "Role"),
    has("observed") && { ...text("observed", "Made"), cell: madeWord },
    has("lithium_competitors") && { key: "lithium_competitors", name: "Competitors with Li", number: true, rise: false,
      title: meaning("lithium_competitors"), value: (row) => row.lithium_competitors, cell: (row) => fmt(row.lithium_competitors) },
    { key: "score_meV_per_atom", name: "Score", number: true, rise: false, title: meaning("score_meV_per_atom"),
      value: (row) => row.score_meV_per_atom,
      cell: scoreCell },
    { key: "whisker", name: "0 is best", value: (row) => row.score_meV_per_atom, rise: false, class: "whisker",
      title: "Score with its 90 % interval", cell: (row) => whisker(row, low) },
    SCALES.size && { key: "tabulated", name: "Score as tabulated", number: true, rise: false, title: meaning("tabulated_score_meV_per_atom"),
      value: (row) => scaleOf(row).tabulated_score_meV_per_atom, cell: tabulatedCell },
    has("probability_top3") && share("probability_top3", "P(top 3)"),
    has("rank_low") && range("rank_low", "rank_high", "Ranks, 90 %"),
    has("layer_mutual_eV_per_atom") && energy("layer_mutual_eV_per_atom", "converted layer"),
    has("worst_product_mutual_eV_per_atom") && energy("worst_product_mutual_eV_per_atom", "worst product"),
    has("deposited_mutual_eV_per_atom") && energy("deposited_mutual_eV_per_atom", "as deposited"),
    has("lithium_mutual_eV_per_atom") && energy("lithium_mutual_eV_per_atom", "with Li"),
    has("bridge_margin_V") && { key: "bridge_margin_V", name: "Bridge / V", number: true, rise: false,
      title: meaning("bridge_margin_V"), value: (row) => row.bridge_margin_V, cell: (row) => fmt(row.bridge_margin_V, 2) },
    has("layer") && { ...text("layer", "Layer after Li"), class: "layer-names" },
    has("probability_best") && share("probability_best", "P(best)"),
    has("weight_rank_low") && range("weight_rank_low", "weight_rank_high", "Ranks by weights"),
    has("pareto") && text("pareto", "Pareto"),
    has("suspect_phase") && { key: "suspect_phase", name: "Phase in doubt", title: meaning("suspect_phase"),
      value: (row) => Math.abs(row.suspect_change_meV_per_atom), rise: false,
      cell: (row) => (row.suspect_phase ? h("span", {}, rich(row.suspect_phase), ` ${row.suspect_direction} (${fmt(row.suspect_change_meV_per_atom)})`) : "") },
    (has("tied_with") || has("reason")) && { ...text("tied_with", has("reason") ? "Tied with, or why there is no score" : "Tied with"),
      class: "names", cell: (row) => (row.reason ? reasonOf(row.reason) : tiedNames(row.tied_with || "")) },
  ];
  return all.filter(Boolean);
}
/** A score that opens into the sum of its terms. */
function scoreCell(row) {
  if (!isNumber(row.score_meV_per_atom)) return "not computed";
  const text = fmt(row.score_meV_per_atom) + (isNumber(row.score_std_meV_per_atom) ? ` \u00b1 ${fmt(row.score_std_meV_per_atom)}` : "");
  const terms = String(row.score_terms || "").split("; ").filter(Boolean);
  if (!terms.length) return text;
  const line = (term) => h("li", {}, term.replace(/ -(?=[\d.]+$)/, ` ${MINUS}`));
  return h("details", { class: "sum" }, h("summary", {}, text), h("ul", {}, terms.map(line), h("li", { class: "total" }, `= ${fmt(row.score_meV_per_atom, 1)}`)));
}
/** The verdict of a row; overall the best that some electrolyte allows, else the most frequent, and with how many. */
function verdictWords(row) {
  if (row.electrolyte !== OVERALL) return row.verdict || "";
  const all = pairsOf(row.candidate).map((pair) => pair.verdict).filter(Boolean);
  const count = (word) => all.filter((one) => one === word).length;
  const [best, second, ...rest] = DATA.verdicts;
  const said = [best, second].find(count) || rest.reduce((one, other) => (count(other) > count(one) ? other : one));
  return !all.length ? row.verdict || "" : count(said) === all.length ? said : `${said} ${count(said)} of ${all.length}`;
}
const scaleOf = (row) => SCALES.get(pairKey(row.candidate, row.electrolyte)) || {};
/** Score and rank with the energies as the source tabulates them, and the change. */
function tabulatedCell(row) {
  const found = scaleOf(row), score = found.tabulated_score_meV_per_atom;
  if (!isNumber(score)) return "";
  const change = found.score_change_meV_per_atom;
  const rank = isNumber(found.tabulated_rank) ? `, rank ${found.tabulated_rank}` : "";
  return `${fmt(score)} (${change > 0 ? "+" : ""}${fmt(change)}${rank})`;
}
/** Whether somebody made a candidate, and what else is known of it. */
function madeWord(row) {
  const also = ["hygroscopic", row.gaseous === "yes" ? "gaseous" : "volatile"].filter((key) => row[key] === "yes");
  return [row.observed, ...also].filter(Boolean).join(", ");
}
/** Names of the tied candidates; many of them behind a button. */
function tiedNames(text) {
  const names = text.split(/;\s*|,\s+/).filter(Boolean);
  if (names.length <= 3) return rich(text);
  return h("details", {}, h("summary", {}, `${names.length} others`), rich(names.join(", ")));
}
/** First clause of a reason; all of it to who asks. */
function reasonOf(text) {
  const first = text.split(/; | \(/)[0];
  return first === text ? rich(text) : h("details", {}, h("summary", {}, rich(first)), rich(text));
}
const chosenPair = (row) => (row.electrolyte === OVERALL ? null : row.electrolyte);

function whisker(row, low) {
  if (!isNumber(row.score_meV_per_atom)) return "";
  const place = (value) => `${Math.min(100, Math.max(0, 100 * (1 - value / low)))}%`;
  const parts = [h("i", { class: "dot", style: { left: place(row.score_meV_per_atom) } })];
  if (isNumber(row.score_low_meV_per_atom) && isNumber(row.score_high_meV_per_atom)) {
    const from = row.score_low_meV_per_atom, to = Math.min(0, row.score_high_meV_per_atom);
    parts.unshift(h("i", { class: "interval", style: { left: place(from), width: `${100 * (to - from) / -low}%` } }));
  }
  return h("div", { class: "strip", "aria-hidden": "true" }, parts);
}
