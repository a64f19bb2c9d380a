// Line charts of one candidate: mutual energy over the mixing fraction, lithiation.

/** Round steps for an axis between two values. */
function ticks(low, high, count = 5) {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= raw * 0.999);
  const out = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-6; v += step) out.push(Math.abs(v) < step * 1e-9 ? 0 : v);
  return { values: out, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (step / 10 ** Math.floor(Math.log10(step)) === 2.5 ? 1 : 0)) };
}
/** Frame with axes; gives the two scales and the group to draw into. */
function frame({ width, height, x, y, xName, yName, title }) {
  const at = { left: 58, right: width - 14, top: 12, bottom: height - 42 };
  const sx = (v) => at.left + (v - x[0]) / (x[1] - x[0] || 1) * (at.right - at.left);
  const sy = (v) => at.bottom - (v - y[0]) / (y[1] - y[0] || 1) * (at.bottom - at.top);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "chart", role: "img", "aria-label": title });
  const xt = ticks(x[0], x[1], Math.max(2, Math.round(width / 110))), yt = ticks(y[0], y[1], Math.max(2, Math.round(height / 60)));
  for (const v of yt.values) {
    root.append(svg("line", { x1: at.left, x2: at.right, y1: sy(v), y2: sy(v), class: v === 0 ? "zero" : "grid" }),
      svg("text", { x: at.left - 7, y: sy(v) + 4, "text-anchor": "end" }, fmt(v, yt.digits)));
  }
  for (const v of xt.values) {
    root.append(svg("line", { x1: sx(v), x2: sx(v), y1: at.bottom, y2: at.bottom + 4, class: "axis" }),
      svg("text", { x: sx(v), y: at.bottom + 17, "text-anchor": "middle" }, fmt(v, xt.digits)));
  }
  root.append(svg("line", { x1: at.left, x2: at.right, y1: at.bottom, y2: at.bottom, class: "axis" }),
    svg("text", { x: (at.left + at.right) / 2, y: height - 6, "text-anchor": "middle", class: "name" }, xName),
    svg("text", { transform: `translate(13 ${(at.top + at.bottom) / 2}) rotate(-90)`, "text-anchor": "middle", class: "name" }, yName));
  return { root, sx, sy, at };
}
const CURVE_CLASS = { bare: "curve-bare", lithium: "curve-lithium", deposited: "curve-deposited", layer: "curve-layer", product: "curve-product" };

/** Mutual energies of contacts with their kinks. */
function curveChart(contacts, width, title, fraction) {
  const usable = contacts.map((contact) => ({ ...contact, points: contact.curve.x
    .map((x, i) => ({ x, e: 1000 * contact.curve.e[i], i })).filter((p) => isNumber(p.x) && isNumber(contact.curve.e[p.i])) }))
    .filter((contact) => contact.points.length);
  const low = Math.min(-1, ...usable.flatMap((contact) => contact.points.map((p) => p.e)));
  const { root, sx, sy } = frame({ width, height: Math.min(300, Math.max(230, width * 0.5)), x: [0, 1], y: [low * 1.06, 0],
    xName: fraction, yName: "meV/atom", title });
  let products = 0;
  for (const contact of usable) {
    const dash = contact.kind === "product" ? ["2 3", "7 3", "7 3 2 3", "1 5", "12 4", "4 2"][products++ % 6] : null;
    contact.dash = dash;
    const sorted = [...contact.points].sort((a, b) => a.x - b.x);
    root.append(svg("polyline", { points: sorted.map((p) => `${sx(p.x).toFixed(1)},${sy(p.e).toFixed(1)}`).join(" "),
      class: `curve ${CURVE_CLASS[contact.kind]}`, "stroke-dasharray": dash }));
  }
  for (const contact of usable) {
    for (const p of contact.points) {
      const dot = svg("circle", { cx: sx(p.x), cy: sy(p.e), r: p.i === contact.curve.m ? 4.5 : 2.6, class: `kink ${CURVE_CLASS[contact.kind]}` });
      root.append(withTip(dot, () => [h("p", { class: "tip-title" }, rich(contact.name)),
        h("p", { class: "tip-value" }, `${fmt(p.e, 1)} meV/atom at ${fmt(p.x, 3)}${p.i === contact.curve.m ? " (minimum)" : ""}`),
        h("p", { class: "equation" }, rich(EQUATIONS[contact.curve.q[p.i]] || "no reaction"))]));
    }
  }
  const key = h("ul", { class: "key" }, usable.map((contact) => h("li", {},
    svg("svg", { width: 26, height: 8, "aria-hidden": "true" }, svg("line", { x1: 0, x2: 26, y1: 4, y2: 4,
      class: `curve ${CURVE_CLASS[contact.kind]}`, "stroke-dasharray": contact.dash })),
    h("span", {}, rich(contact.name), contact.kind === "bare" ? " (no interlayer)" : contact.kind === "layer" ? " (converted layer)" : contact.kind === "deposited" ? " (as deposited)" : "",
      ": ", contact.curve.m >= 0 ? `${meV(contact.curve.e[contact.curve.m], 1)} at ${fmt(contact.curve.x[contact.curve.m], 3)}` : "coexist"))));
  const flat = low > -1.0001 && usable.every((contact) => contact.curve.m < 0);  // a line at zero tells nothing
  const data = () => [["contact", "mixing_fraction", "mutual_energy_meV_per_atom", "equation"],
    ...usable.flatMap((contact) => contact.points.map((p) => [contact.name, p.x, p.e, EQUATIONS[contact.curve.q[p.i]]]))];
  return [flat ? null : figureBox(root, data), key, kinkTable(usable)].filter(Boolean);
}
function kinkTable(contacts) {
  const rows = contacts.flatMap((contact) => contact.points.map((p) => [
    h("span", {}, rich(contact.name)), fmt(p.x, 4), fmt(p.e, 1),
    h("span", { class: "equation" }, rich(EQUATIONS[contact.curve.q[p.i]] || "no reaction"))]));
  const details = h("details", {}, h("summary", {}, "Kinks as a table"));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) {
      details.append(plainTable("Kinks: where the products change", ["Contact", "Mixing fraction", "meV/atom", "Equation"], rows, { numbers: [1, 2], hideCaption: true }));
    }
  });
  return details;
}

/** Voltage over the Li content, one plateau for each step. */
function staircase(steps, width) {
  const start = steps[0].li_per_formula_start, end = steps.at(-1).li_per_formula_end;
  const top = Math.max(...steps.map((step) => step.voltage_V)) * 1.12 || 1;
  const { root, sx, sy } = frame({ width, height: Math.min(280, Math.max(210, width * 0.45)), x: [start, end], y: [0, top],
    xName: "Li per formula unit", yName: "V vs Li/Li\u207a", title: `Lithiation in ${steps.length} steps; the table below has the numbers` });
  let path = "";
  steps.forEach((step, i) => {
    path += `${i ? "L" : "M"}${sx(step.li_per_formula_start)} ${sy(step.voltage_V)}L${sx(step.li_per_formula_end)} ${sy(step.voltage_V)}`;
  });
  root.append(svg("path", { d: `${path}L${sx(end)} ${sy(0)}`, class: "curve curve-layer" }));
  let last = -99, lift = 0;
  steps.forEach((step, i) => {
    const middle = (sx(step.li_per_formula_start) + sx(step.li_per_formula_end)) / 2;
    lift = middle - last < 14 ? lift + 12 : 0;  // narrow steps: numbers above each other
    last = middle;
    const mark = svg("text", { x: middle, y: sy(step.voltage_V) - 6 - lift, "text-anchor": "middle", class: "step" }, String(step.step ?? i + 1));
    root.append(withTip(mark, () => [h("p", { class: "tip-title" }, `Step ${step.step}: ${fmt(step.voltage_V, 3)} V`),
      h("p", { class: "equation" }, rich(step.products))]));
  });
  const keys = ["step", "voltage_V", "li_per_formula_start", "li_per_formula_end", "capacity_mAh_per_g", "products"];
  return [figureBox(root, () => [keys, ...steps.map((step) => keys.map((key) => step[key]))]),
    plainTable("Steps down to Li metal", ["Step", "V", "Li per formula", "mAh/g", "Products at its end"],
      steps.map((step) => [String(step.step), fmt(step.voltage_V, 3), `${fmt(step.li_per_formula_start, 2)} to ${fmt(step.li_per_formula_end, 2)}`,
        fmt(step.capacity_mAh_per_g), h("span", {}, rich(step.products))]), { numbers: [1, 3], hideCaption: true })];
}
