// All candidates of a source: histograms, bins of the scatter, the periodic table.
function wholeSections() {
  if (!DATA.whole) return;
  distributions();
  scatterSection();
  elementsSection();
}
function distributions() {
  const place = section("distributions");
  const holder = h("div", { class: "multiples" });
  const pick = choice("histogram-electrolyte", "Electrolyte", electrolyteOptions(DATA.electrolytes), draw);
  const roles = DATA.statistics.roles;
  place.append(h("p", {}, `${DATA.statistics.count.toLocaleString("en-US")} candidates: `
    + `${Object.entries(roles).map(([role, n]) => `${n.toLocaleString("en-US")} ${role}`).join(", ")}. The outermost bins hold everything beyond; counts on a logarithmic axis.`),
  h("div", { class: "controls" }, pick.element, h("span", { class: "legend" }, Object.keys(roles).map((role) => [h("span", { class: `swatch ${role}` }), role]))), holder);
  function draw(name) {
    holder.replaceChildren(...(DATA.statistics.histograms[name] || []).map((histogram) => histogramChart(histogram)));
  }
  draw(DATA.electrolytes[0]);
}
function histogramChart({ key, low, high, width, counts }) {
  const unit = key.endsWith("_V") ? "V" : "meV/atom";
  const W = 345, H = 190;
  const most = Math.max(1, ...Object.values(counts).flat());
  const decades = Math.max(1, Math.ceil(Math.log10(most)));
  const at = { left: 56, right: W - 10, top: 8, bottom: H - 36 };
  const sx = (v) => at.left + (v - low) / (high - low) * (at.right - at.left);
  const sy = (n) => at.bottom - Math.log10(Math.max(1, n) * (n ? 1.3 : 1)) / (decades + 0.15) * (at.bottom - at.top);
  const roles = Object.keys(counts);
  const total = (role) => `${counts[role].reduce((a, b) => a + b, 0)} ${role}`;
  const root = svg("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, class: "chart", role: "img",
    "aria-label": `Histogram of ${label(key)}: ${roles.map(total).join(", ")} candidates` });
  for (let d = 0; d <= decades; d++) {
    root.append(svg("line", { x1: at.left, x2: at.right, y1: sy(10 ** d / 1.3), y2: sy(10 ** d / 1.3), class: "grid" }),
      svg("text", { x: at.left - 5, y: sy(10 ** d / 1.3) + 4, "text-anchor": "end" }, (10 ** d).toLocaleString("en-US")));
  }
  const xt = ticks(low, high, 4);
  for (const v of xt.values) root.append(svg("text", { x: sx(v), y: at.bottom + 15, "text-anchor": "middle" }, fmt(v, xt.digits)));
  const part = (sx(low + width) - sx(low)) / roles.length;
  for (const [n, role] of roles.entries()) {
    counts[role].forEach((count, i) => {
      if (!count) return;
      const bar = svg("rect", { x: sx(low + i * width) + n * part, y: sy(count), width: Math.max(0.8, part - 0.2), height: at.bottom - sy(count), class: role });
      root.append(withTip(bar, () => [h("p", { class: "tip-title" }, label(key)),
        h("p", {}, `${count.toLocaleString("en-US")} ${role} candidates between ${fmt(low + i * width, unit === "V" ? 1 : 0)} and ${fmt(low + (i + 1) * width, unit === "V" ? 1 : 0)} ${unit}`)]));
    });
  }
  root.append(svg("line", { x1: at.left, x2: at.right, y1: at.bottom, y2: at.bottom, class: "axis" }),
    svg("text", { x: (at.left + at.right) / 2, y: H - 4, "text-anchor": "middle", class: "name" }, `${label(key)} [${unit}]`));
  return figureBox(root, () => [["from", "to", ...roles], ...counts[roles[0]].map((_, i) => [low + i * width, low + (i + 1) * width, ...roles.map((role) => counts[role][i])])]);
}

function scatterSection() {
  const place = section("scatter");
  const holder = h("div");
  const pick = choice("scatter-electrolyte", "Electrolyte", electrolyteOptions(DATA.electrolytes), draw);
  place.append(h("p", {}, "Each cell counts candidates with that driving force towards Li (to the right: stronger) and that remaining reactivity of the converted layer with the electrolyte (further down: worse). "
    + "What a conversion interlayer wants is the upper right. Darker: more candidates (logarithmic). The last cells hold everything beyond."),
  h("div", { class: "controls" }, pick.element), holder);
  function draw(name) { holder.replaceChildren(...scatterChart(DATA.statistics.scatter[name] || [], name, place.clientWidth)); }
  draw(DATA.electrolytes[0]);
}
function scatterChart(bins, name, room) {
  const [xEnd, xWidth, yEnd, yWidth] = DATA.statistics.scatter_axes;
  const W = Math.max(300, Math.min(820, room - 4)), H = Math.round(W * 0.56) + 40;
  const deepest = Math.max(9, ...bins.map((bin) => bin[1]));
  const nx = xEnd / xWidth + 1, ny = Math.min(yEnd / yWidth, deepest + 1) + 1;
  const { root, sx, sy, at } = frame({ width: W, height: H, x: [0, xEnd + xWidth], y: [-ny * yWidth, 0],
    xName: "driving force with Li, minus mutual energy [meV/atom]", yName: "converted layer [meV/atom]",
    title: `Driving force with Li against remaining reactivity with ${name}; the table below names the best of each range` });
  const most = Math.log10(Math.max(2, ...bins.map((bin) => bin[2])));
  const w = (at.right - at.left) / nx, t = (at.bottom - at.top) / ny;
  const places = new Map(), shades = new Map();  // a path for each shade: fewer parts than a box for each bin
  for (const bin of bins) {
    const [x, y, n] = bin;
    places.set(`${x} ${y}`, bin);
    const shade = Math.round(24 * Math.log10(n) / most) / 24;
    const box = `M${(at.left + x * w).toFixed(1)} ${(at.top + y * t).toFixed(1)}h${(w - 0.4).toFixed(1)}v${(t - 0.4).toFixed(1)}h${(0.4 - w).toFixed(1)}Z`;
    shades.set(shade, (shades.get(shade) || "") + box);
  }
  const cells = svg("g", {}, [...shades].map(([shade, d]) => svg("path", { d, fill: rampColour(0.22 + 0.78 * shade).css })));
  root.append(cells);
  cells.addEventListener("pointermove", (event) => {
    const box = root.getBoundingClientRect(), scale = W / box.width;
    const x = Math.floor(((event.clientX - box.left) * scale - at.left) / w), y = Math.floor(((event.clientY - box.top) * scale - at.top) / t);
    const bin = places.get(`${x} ${y}`);
    if (!bin) { hideTip(cells); return; }
    const px = { left: event.clientX + 8, top: event.clientY, bottom: event.clientY + 8 };
    showTip(cells, () => binDetails(bin), px);
  });
  cells.addEventListener("pointerleave", () => hideTip(cells));
  const best = new Map();  // least remaining reactivity in each range of driving force
  for (const bin of bins) {
    const range = Math.min(Math.floor(bin[0] * xWidth / 200), Math.floor(xEnd / 200));
    if (!best.has(range) || bin[1] < best.get(range)[1]) best.set(range, bin);
  }
  const rows = [...best].sort((a, b) => a[0] - b[0]).map(([range, bin]) => [
    range * 200 >= xEnd ? `${xEnd} and more` : `${range * 200} to ${range * 200 + 200}`,
    bin[1] === 0 ? `0 to ${MINUS}${yWidth}` : `${MINUS}${bin[1] * yWidth} to ${MINUS}${(bin[1] + 1) * yWidth}`,
    bin[2].toLocaleString("en-US"), h("span", {}, rich(bin.slice(3).join(", ")))]);
  const data = () => [["lithium_from", "layer_from", "candidates", "best"], ...bins.map(([x, y, n, ...names]) => [-x * xWidth, -y * yWidth, n, names.join("; ")])];
  return [figureBox(root, data),
    h("details", {}, h("summary", {}, "Best of each range as a table"), plainTable("Least remaining reactivity by driving force",
      ["Driving force / meV/atom", "Converted layer / meV/atom", "Candidates there", "Best scores among them"], rows, { numbers: [2], hideCaption: true }))];
}
function binDetails([x, y, n, ...names]) {
  const [xEnd, xWidth, yEnd, yWidth] = DATA.statistics.scatter_axes;
  const range = (i, width, end, sign) => (i * width >= end ? `beyond ${sign}${end}` : `${sign}${i * width} to ${sign}${(i + 1) * width}`);
  return [h("p", { class: "tip-title" }, `${n.toLocaleString("en-US")} candidate${n === 1 ? "" : "s"}`),
    tipLine("with Li", `${range(x, xWidth, xEnd, MINUS)} meV/atom`), tipLine("layer", `${range(y, yWidth, yEnd, y ? MINUS : "")} meV/atom`.replace(/ to (\d)/, ` to ${MINUS}$1`)),
    h("p", {}, n > names.length ? "best: " : "", rich(names.join(", ")))];
}

function elementsSection() {
  const place = section("elements");
  const names = Object.keys(DATA.statistics.elements);
  const ordered = names.includes(OVERALL) ? [OVERALL, ...names.filter((name) => name !== OVERALL)] : names;
  const roles = [...Object.keys(DATA.statistics.roles), "all"];
  const chosen = { electrolyte: ordered[0], role: roles[0] };
  const holder = h("div");
  const pick = choice("element-electrolyte", "Electrolyte", electrolyteOptions(ordered), (value) => { chosen.electrolyte = value; draw(); });
  const role = choice("element-role", "Role", roles.map((one) => [one, one]), (value) => { chosen.role = value; draw(); });
  place.append(h("p", {}, "The best score [meV/atom] that any candidate with an element reaches; 0 (light) is best. Point at an element for the candidate."),
    h("div", { class: "controls" }, pick.element, role.element), holder);
  function draw() {
    const best = DATA.statistics.elements[chosen.electrolyte][chosen.role] || {};
    const values = Object.values(best).map((found) => found[0]);
    const limit = DATA.ranges.find((range) => values.every((value) => value >= -range)) || DATA.ranges.at(-1);
    const rows = DATA.periods.map((period, i) => h("tr", { class: i === 7 ? "apart" : null }, period.split(" ").map((symbol) => {
      if (symbol === ".") return h("td", { class: "empty" });
      const found = best[symbol];
      const cell = h("td", { class: `element${found ? "" : " none"}`, tabindex: "-1", "data-element": symbol, "data-value": found ? found[0] : null },
        h("b", {}, symbol), h("span", {}, found ? fmt(found[0]) : ""));
      if (found) paint(cell, -found[0] / limit);
      const content = () => (found ? [h("p", { class: "tip-title" }, `${symbol}: ${fmt(found[0], 1)} meV/atom`), h("p", {}, rich(found[1])),
        h("p", {}, `${found[2].toLocaleString("en-US")} candidates with ${symbol}`)] : [h("p", {}, `No ${chosen.role === "all" ? "" : `${chosen.role} `}candidate with ${symbol}.`)]);
      withTip(cell, content);
      opens(cell, content, () => found && openCandidate(found[1], chosen.electrolyte === OVERALL ? null : chosen.electrolyte));
      return cell;
    })));
    const table = h("table", { class: "periodic", role: "grid", "aria-label": `Best score by element, ${ELECTROLYTE_WORD[chosen.electrolyte] || chosen.electrolyte}` }, h("tbody", {}, rows));
    holder.replaceChildren(h("div", { class: "legend" }, legendParts(limit, values, "no such candidate")), h("div", { class: "scroll" }, table), tableTools(table, table.getAttribute("aria-label"), true));
    roving(table, "td.element");
  }
  draw();
}
