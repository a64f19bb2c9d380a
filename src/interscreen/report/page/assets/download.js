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

/** What a table of the page shows, as CSV. */
function tableTools(table, caption) {
  const write = () => save(`${fileName(caption)}.csv`, "text/csv", csv([...table.rows].map((row) =>
    [...row.cells].map((cell) => cell.textContent.trim().replaceAll(MINUS, "-")))));
  return h("p", { class: "tools-of" }, h("button", { type: "button", class: "file", "aria-label": `CSV of ${caption}`, onclick: write }, "CSV"));
}
const DRAWN = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "font-family", "opacity"];
/** A drawing as a file of its own: the styles of the page are written into it. */
function standalone(root) {
  const copy = root.cloneNode(true);
  const from = [root, ...root.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of DRAWN) to[i].setAttribute(name, style.getPropertyValue(name));
  });
  const box = root.viewBox.baseVal;
  copy.prepend(svg("rect", { x: box.x, y: box.y, width: box.width, height: box.height, fill: getComputedStyle(document.body).backgroundColor }));
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new XMLSerializer().serializeToString(copy);
}
function png(root, name, text = standalone(root)) {
  const box = root.viewBox.baseVal, image = new Image();
  image.onload = () => {
    const canvas = h("canvas", { width: 2 * box.width, height: 2 * box.height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(`${name}.png`, "image/png", blob));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}
function figureTools(root, title) {
  const name = fileName(title);
  return h("p", { class: "tools-of" },
    h("button", { type: "button", class: "file", "aria-label": `SVG of ${title}`, onclick: () => save(`${name}.svg`, "image/svg+xml", standalone(root)) }, "SVG"),
    h("button", { type: "button", class: "file", "aria-label": `PNG of ${title}`, onclick: () => png(root, name) }, "PNG"));
}
/** A figure with its files. */
function figureBox(root, more = []) {
  return h("div", {}, h("div", { class: "figure" }, root, more), figureTools(root, root.getAttribute("aria-label")));
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
    h("p", { class: "controls" }, names.map((name) => h("button", { type: "button", class: "file", onclick: () => write(name) }, `${name}.csv`))));
}
/** One drawing of the names and the cells of the first screen. */
function pictureTools() {
  const parts = [...document.querySelectorAll(".drawing svg")];
  if (parts.length !== 2) return;
  const [left, cells] = parts.map((part) => part.viewBox.baseVal);
  const whole = () => {
    const root = svg("svg", { viewBox: `0 0 ${left.width + cells.width} ${left.height}`, width: left.width + cells.width, height: left.height, "aria-label": "interlayers" });
    parts.forEach((part, i) => {
      const group = svg("g", { transform: `translate(${i * left.width} 0)` });
      const copy = new DOMParser().parseFromString(standalone(part), "image/svg+xml").documentElement;
      group.append(...copy.childNodes);
      root.append(group);
    });
    return root;
  };
  const act = (how) => () => {
    const root = whole();
    root.setAttribute("class", "hidden");
    document.body.append(root);
    how(root);
    root.remove();
  };
  document.querySelector(".picture").append(h("p", { class: "tools-of" },
    h("button", { type: "button", class: "file", "aria-label": "SVG of the picture", onclick: act((root) => save("interlayers.svg", "image/svg+xml", new XMLSerializer().serializeToString(root))) }, "SVG"),
    h("button", { type: "button", class: "file", "aria-label": "PNG of the picture", onclick: act((root) => png(root, "interlayers", new XMLSerializer().serializeToString(root))) }, "PNG")));
}
