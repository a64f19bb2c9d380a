// Tables and figures as files, made on the spot.
function save(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
const fileName = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);
const quoted = (value) => {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
const csv = (rows) => `${rows.map((row) => row.map(quoted).join(",")).join("\n")}\n`;

const fileButton = (kind, title, onclick) => h("button", { type: "button", class: "file", "aria-label": `${kind} of ${title}`, onclick }, kind);
const csvButton = (title, rows) => fileButton("CSV", title, () => save(`${fileName(title)}.csv`, "text/csv", csv(rows())));

/** What a table of the page shows; ``drawing`` for tables that are pictures, too. */
function tableTools(table, caption, drawing = false) {
  const rows = () => gridOf(table);
  return drawing ? fileTools(caption, rows, () => drawn(table)) : h("p", { class: "tools-of" }, csvButton(caption, rows));
}
/** Texts of a table by row and column; a cell over several fills the first of them. */
function gridOf(table) {
  const grid = [...table.rows].map(() => []);
  [...table.rows].forEach((row, y) => [...row.cells].forEach((cell) => {
    let x = 0;
    while (grid[y][x] !== undefined) x += 1;
    for (let down = 0; down < cell.rowSpan; down++) {
      for (let right = 0; right < cell.colSpan; right++) grid[y + down][x + right] = "";
    }
    grid[y][x] = cell.textContent.trim().replaceAll(MINUS, "-");
  }));
  return grid;
}
/** Boxes and texts of a part of the page, as a drawing. */
function drawn(part) {
  const scroll = part.closest(".scroll");
  if (scroll) scroll.scrollLeft = 0;
  const from = part.getBoundingClientRect();
  const root = svg("svg", { viewBox: `0 0 ${Math.ceil(from.width)} ${Math.ceil(from.height)}`, width: Math.ceil(from.width), height: Math.ceil(from.height) });
  const inside = document.createTreeWalker(part, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = part; node; node = inside.nextNode()) {
    if ((node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest(".hidden")) continue;
    if (node.nodeType === Node.TEXT_NODE) root.append(...wordsDrawn(node, from));
    else root.append(...boxDrawn(node, from));
  }
  return root;
}
function boxDrawn(element, from) {
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  const at = { x: box.left - from.left, y: box.top - from.top, width: box.width, height: box.height };
  const dashed = /repeating-linear/.test(style.backgroundImage) && element.classList.contains("open");
  const ground = dashed ? style.color : style.backgroundColor;
  const filled = !/, 0\)$|transparent/.test(ground), line = parseFloat(style.borderLeftWidth) || 0;
  const edge = line && style.borderLeftStyle === "solid" && (box.width <= 2 * line || parseFloat(style.borderRightWidth));
  if (!edge && (!filled || !box.width || !box.height)) return [];
  const ink = edge ? { stroke: style.borderLeftColor, "stroke-width": line } : {};
  return [svg("rect", { ...at, fill: filled ? ground : "none", ...ink })];
}
function wordsDrawn(node, from) {
  const style = getComputedStyle(node.parentElement), range = document.createRange();
  const font = { "font-size": style.fontSize, "font-weight": style.fontWeight, "font-family": style.fontFamily, fill: style.color };
  return [...node.data.matchAll(/\S+/g)].map((word) => {
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    const box = range.getBoundingClientRect();
    return box.width ? svg("text", { x: box.left - from.left, y: box.top - from.top + 0.79 * box.height, ...font }, word[0]) : "";
  });
}
const DRAWN = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "font-family", "opacity"];
/** A drawing as a file of its own. */
function standalone(root) {
  const copy = root.isConnected ? styled(root) : root, box = root.viewBox.baseVal;
  copy.prepend(svg("rect", { x: box.x, y: box.y, width: box.width, height: box.height, fill: getComputedStyle(document.body).backgroundColor }));
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new XMLSerializer().serializeToString(copy);
}
/** A copy of a drawing with the styles of the page written into it. */
function styled(root) {
  const copy = root.cloneNode(true);
  const from = [root, ...root.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of DRAWN) to[i].setAttribute(name, style.getPropertyValue(name));
  });
  return copy;
}
/** Drawings of the page in one, ``columns`` side by side in cells of the widest and the highest. */
function joined(drawings, columns) {
  const boxes = drawings.map((one) => one.viewBox.baseVal);
  const widths = [...Array(columns).keys()].map((n) => Math.max(...boxes.filter((_, i) => i % columns === n).map((box) => box.width)));
  const starts = widths.map((_, n) => widths.slice(0, n).reduce((sum, width) => sum + width, 0));
  const high = Math.max(...boxes.map((box) => box.height));
  const width = starts.at(-1) + widths.at(-1), height = Math.ceil(boxes.length / columns) * high;
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height }, drawings.map((one, i) =>
    svg("g", { transform: `translate(${starts[i % columns]} ${Math.floor(i / columns) * high})` }, [...styled(one).childNodes])));
}
function png(root, name) {
  const box = root.viewBox.baseVal, image = new Image();
  image.onload = () => {
    const canvas = h("canvas", { width: 2 * box.width, height: 2 * box.height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(`${name}.png`, "image/png", blob));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(root))}`;
}
/** Buttons for the files of what ``draw`` returns; ``rows`` returns its data. */
function fileTools(title, rows, draw, name = fileName(title)) {
  return h("p", { class: "tools-of" }, csvButton(title, rows), fileButton("SVG", title, () => save(`${name}.svg`, "image/svg+xml", standalone(draw()))),
    fileButton("PNG", title, () => png(draw(), name)));
}
/** A figure with its files. */
function figureBox(root, rows) {
  return h("div", {}, h("div", { class: "figure" }, root), fileTools(root.getAttribute("aria-label"), rows, () => root));
}
/** Every table of the run at full precision. */
function downloadsSection() {
  const place = section("downloads");
  const names = Object.keys(TABLES).filter((name) => TABLES[name].length);
  const write = (name) => {
    const keys = unique(TABLES[name].flatMap((row) => Object.keys(row)));
    save(`${name}.csv`, "text/csv", csv([keys, ...TABLES[name].map((row) => keys.map((key) => row[key]))]));
  };
  place.append(h("p", {}, "The numbers behind this page at full precision; what each column means stands under Words. Every table and figure above has its own button, too."),
    h("p", { class: "controls" }, names.map((name) => h("button", { type: "button", class: "file", onclick: () => write(name) }, `${name}.csv`)),
      CONTACTS.size ? h("button", { type: "button", class: "file", onclick: () => save("reactions.csv", "text/csv", csv(reactionRows())) }, "reactions.csv") : ""));
}
/** Every kink of every contact. */
function reactionRows() {
  const rows = [["candidate", "electrolyte", "contact_kind", "contact", "mixing_fraction", "mutual_energy_eV_per_atom", "equation"]];
  for (const [pair, contacts] of CONTACTS) {
    for (const { kind, name, curve } of contacts) curve.x.forEach((x, i) => rows.push([...JSON.parse(pair), kind, name, x, curve.e[i], EQUATIONS[curve.q[i]]]));
  }
  return rows;
}
/** One drawing of the names and the cells of the first screen. */
function pictureTools() {
  const parts = [...document.querySelectorAll(".drawing svg")];
  if (parts.length !== 2) return;
  const keys = ["candidate", "electrolyte", "verdict", "verdict_reason", "layer"];
  document.querySelector(".picture").append(fileTools("the picture", () => [keys, ...TABLES.results.map((row) => keys.map((key) => row[key]))],
    () => joined(parts, 2), "interlayers"));
}
