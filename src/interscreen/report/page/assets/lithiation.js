// Lithiation of all candidates as small multiples: a drawing each, on the same axes.
const PANEL = { width: 178, height: 126, left: 32, right: 168, top: 34, bottom: 108 };
function lithiationSection() {
  const place = section("lithiation");
  const paths = new Map();
  for (const step of TABLES.lithiation || []) {
    if (!isNumber(step.voltage_V)) continue;
    if (!paths.has(step.candidate)) paths.set(step.candidate, []);
    paths.get(step.candidate).push(step);
  }
  const names = DATA.candidates.filter((name) => paths.has(name));
  if (!names.length) {
    place.append(h("p", {}, "No candidate takes up Li."));
    return;
  }
  const none = DATA.whole ? [] : DATA.candidates.filter((name) => !paths.has(name) && (FIRST_ROW.get(name) || {}).status !== "failed");
  const title = "Lithiation of all candidates";
  const keys = ["candidate", "step", "voltage_V", "li_per_formula_start", "li_per_formula_end", "capacity_mAh_per_g", "products"];
  const rows = () => [keys, ...names.flatMap((name) => paths.get(name).map((step) => keys.map((key) => step[key])))];
  const top = Math.max(1, ...names.flatMap((name) => paths.get(name).map((step) => step.voltage_V))) * 1.05;
  const drawings = names.map((name) => lithiationPanel(name, paths.get(name), top));
  const panels = h("div", { class: "panels", role: "group", "aria-label": title }, drawings);
  place.append(h("p", {}, "Potential in V vs Li/Li\u207a over the share of the Li that a candidate takes up, on the same axes; how much that is stands beneath the name. Open a panel for the candidate."),
    panels, fileTools(title, rows, () => joined(drawings, Math.min(8, drawings.length))), none.length ? h("p", { class: "note" }, "Take up no Li: ", rich(none.join(", ")), ".") : "");
}
function lithiationPanel(name, steps, top) {
  const at = PANEL, volts = ticks(0, top, 3);
  const root = svg("svg", { viewBox: `0 0 ${at.width} ${at.height}`, width: at.width, height: at.height, class: "chart" });
  const sx = (share) => at.left + share * (at.right - at.left);
  const sy = (volt) => at.bottom - volt / top * (at.bottom - at.top);
  const panel = svg("a", { href: anchorOf(name, bestElectrolyte(name)), tabindex: "-1" });
  const start = steps[0].li_per_formula_start, end = steps.at(-1).li_per_formula_end;
  const share = (li) => (li - start) / (end - start || 1);
  for (const volt of volts.values) {
    panel.append(svg("line", { x1: at.left, x2: at.right, y1: sy(volt), y2: sy(volt), class: volt ? "grid" : "zero" }),
      svg("text", { x: at.left - 5, y: sy(volt) + 4, "text-anchor": "end" }, fmt(volt, volts.digits)));
  }
  const points = steps.flatMap((step) => [[sx(share(step.li_per_formula_start)), sy(step.voltage_V)], [sx(share(step.li_per_formula_end)), sy(step.voltage_V)]]);
  const line = points.map((point, i) => `${i ? "L" : "M"}${point.map((v) => v.toFixed(1)).join(" ")}`).join("");
  const capacity = Math.max(...steps.map((step) => step.capacity_mAh_per_g).filter(isNumber), 0);
  panel.append(svg("text", { x: at.left, y: 13, class: "step" }, ...subscripted(name.length > 18 ? `${name.slice(0, 17)}\u2026` : name)),
    svg("text", { x: at.left, y: 27, class: "name small" }, `${fmt(end - start, 2)} Li, ${fmt(capacity)} mAh/g`),
    svg("rect", { x: at.left, y: at.top, width: at.right - at.left, height: at.bottom - at.top, class: "ground" }),
    svg("path", { d: `${line}L${sx(1)} ${sy(0)}L${sx(0)} ${sy(0)}Z`, class: "area" }), svg("path", { d: line, class: "curve curve-layer" }),
    ...[0, 0.5, 1].map((part) => svg("text", { x: sx(part), y: at.bottom + 14, "text-anchor": ["start", "middle", "end"][2 * part] }, part === 1 ? "100\u202f%" : `${100 * part}`)));
  root.append(withTip(panel, () => [h("p", { class: "tip-title" }, rich(name)),
    ...steps.slice(0, 8).map((step) => h("p", {}, `${fmt(step.voltage_V, 2)} V: `, rich(step.products))), steps.length > 8 ? h("p", {}, "\u2026") : ""]));
  return root;
}
