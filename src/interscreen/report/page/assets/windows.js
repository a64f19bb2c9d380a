// Stability windows as bars; the reduction limit of the electrolyte goes through them.
function windowsChart() {
  const place = section("windows");
  if (!place) return;
  const known = new Map((TABLES.windows || []).map((row) => [`${row.part} ${row.name}`, row]));
  const holder = h("div");
  const electrolyte = choice("window-electrolyte", "Electrolyte", electrolyteOptions(DATA.electrolytes), draw);
  const sign = (kind, text) => h("span", { class: "key-of" }, h("i", { class: `sample ${kind}`, "aria-hidden": "true" }), text);
  place.append(h("p", { class: "legend windows-legend" }, sign("salt", "salt of the layer that bridges"), sign("salt short", "does not reach the electrolyte"),
    sign("own", "candidate as deposited (not of metals)"), sign("band", "window of the electrolyte"), sign("limit", "its reduction limit")),
  h("p", {}, "Where the thick bar crosses the line there is a potential at which salt and electrolyte are both stable."),
  h("div", { class: "controls" }, electrolyte.element), holder);

  function draw(name) {
    const block = BLOCKS.get(name) || [];
    const order = unique([...block.map((row) => row.candidate), ...DATA.candidates]);
    const rows = order.map((candidate) => RESULTS.get(pairKey(candidate, name))).filter(Boolean);
    const own = known.get(`electrolyte ${name}`) || {};
    const limit = isNumber(own.reduction_limit_V) ? own.reduction_limit_V
      : (rows.find((row) => isNumber(row.electrolyte_reduction_limit_V)) || {}).electrolyte_reduction_limit_V;
    const ends = rows.flatMap((row) => [row.oxidation_limit_V, row.reduction_limit_V, saltOf(row).oxidation_limit_V])
      .concat(own.oxidation_limit_V).filter(isNumber);
    const end = Math.ceil(Math.max(4, ...ends));
    const percent = (volt) => `${100 * Math.min(volt, end) / end}%`;
    const from = (low, high) => ({ left: percent(low), width: `${100 * (Math.min(isNumber(high) ? high : end, end) - Math.min(low, end)) / end}%` });
    const band = () => [
      isNumber(limit) && isNumber(own.oxidation_limit_V) ? h("i", { class: "band", style: from(limit, own.oxidation_limit_V) }) : null,
      isNumber(limit) ? h("i", { class: "limit", style: { left: percent(limit) } }) : null];
    const axis = h("div", { class: "strip axis", "aria-hidden": "true" },
      Array.from({ length: end + 1 }, (_, volt) => h("span", { style: { left: percent(volt) } }, String(volt))));
    const line = (row) => {
      const salt = saltOf(row);
      const bars = [];
      const open = isNumber(row.reduction_limit_V) && !isNumber(row.oxidation_limit_V);
      const metal = row.role === "alloy" || !/[A-Z].*[A-Z]/.test(row.formula || row.candidate);  // its window is no stability
      if (isNumber(row.reduction_limit_V) && !metal) bars.push(h("i", { class: `bar own${open ? " open" : ""}`, style: from(row.reduction_limit_V, row.oxidation_limit_V) }));
      if (isNumber(salt.oxidation_limit_V)) {
        const good = row.bridge_margin_V >= 0;
        bars.push(h("i", { class: `bar salt${good ? "" : " short"}`, style: from(salt.reduction_limit_V || 0, salt.oxidation_limit_V) }));
      }
      const failed = row.status === "failed";
      return h("tr", { "data-candidate": row.candidate },
        h("th", { scope: "row" }, h("button", { type: "button", class: "link", onclick: () => openCandidate(row.candidate, name) }, rich(row.candidate))),
        h("td", {}, failed ? "not computed" : row.bridge_product ? rich(row.bridge_product) : "none"),
        h("td", { class: "number own-window" }, metal ? "\u2013" : volts(row.reduction_limit_V, row.oxidation_limit_V, failed)),
        h("td", { class: "number", "data-value": isNumber(row.bridge_margin_V) ? row.bridge_margin_V : null }, fmt(row.bridge_margin_V, 2)),
        h("td", { class: "wide" }, h("div", { class: `strip${failed ? " none" : ""}` }, band(), bars)));
    };
    const table = h("table", { class: "data windows" },
        h("caption", {}, "Windows with ", rich(name), isNumber(limit) ? `: reduction limit ${fmt(limit, 2)} V` : "",
          isNumber(own.oxidation_limit_V) ? `, oxidation limit ${fmt(own.oxidation_limit_V, 2)} V vs Li/Li\u207a` : ""),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Candidate"), h("th", { scope: "col" }, "Bridge"),
          h("th", { scope: "col", class: "number own-window" }, "Own window / V"), h("th", { scope: "col", class: "number" }, "Margin / V"),
          h("th", { scope: "col", class: "wide" }, h("span", { class: "hidden" }, "Windows on an axis, "), "V vs Li/Li\u207a", axis))),
        h("tbody", {}, rows.map(line)));
    holder.replaceChildren(h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Windows with ${name}` }, table), tableTools(table, `Windows with ${name}`, true));
  }
  function saltOf(row) {
    const found = row.bridge_product && known.get(`product ${row.bridge_product}`);
    if (found) return found;
    if (!row.bridge_product || !isNumber(row.bridge_margin_V)) return {};
    return { reduction_limit_V: 0, oxidation_limit_V: row.bridge_margin_V + row.electrolyte_reduction_limit_V };
  }
  draw(DATA.electrolytes[0]);
}
function volts(low, high, failed) {
  if (failed || !isNumber(low)) return "";
  return isNumber(high) ? `${fmt(low, 2)}\u2013${fmt(high, 2)}` : `${fmt(low, 2)}\u2013`;
}
