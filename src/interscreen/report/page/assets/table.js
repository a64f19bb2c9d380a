// Words, tables that sort, and grids that the arrow keys walk through.

/**
 * Sortable table.
 * columns: {key, name, title, value(row), cell(row) -> node or text, number, rise}
 */
function sortableTable({ id, caption, columns, rows, sort, empty }) {
  const body = h("tbody");
  const heads = columns.map((column) => {
    const button = h("button", { type: "button", onclick: () => turn(column) },
      column.name, h("span", { class: "arrow", "aria-hidden": "true" }));
    const help = column.title || wordOf(column.name);
    if (help) withTip(button, () => [h("p", { class: "tip-title" }, column.name), h("p", {}, help)]);
    return h("th", { scope: "col", class: column.number ? "number" : null, "data-key": column.key }, button);
  });
  const table = h("table", { id, class: "data" }, h("caption", {}, caption),
    h("thead", {}, h("tr", {}, heads)), body);
  let now = sort, list = rows;

  function turn(column) {
    const same = now && now.key === column.key;
    now = { key: column.key, rise: same ? !now.rise : column.rise !== false };
    draw();
    say(`Sorted by ${column.name}, ${now.rise ? "ascending" : "descending"}`);
  }
  function draw() {
    const column = now && columns.find((one) => one.key === now.key);
    const sorted = column ? [...list].sort((a, b) => compare(column.value(a), column.value(b), now.rise)) : list;
    heads.forEach((head, i) => {
      const mine = column && columns[i] === column;
      if (mine) head.setAttribute("aria-sort", now.rise ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
      head.querySelector(".arrow").textContent = mine ? (now.rise ? "\u25b4" : "\u25be") : "";
    });
    body.replaceChildren(...sorted.map((row) => h("tr", { "data-candidate": row.candidate },
      columns.map((one) => h(one.head ? "th" : "td",
        { scope: one.head ? "row" : null, class: one.number ? "number" : one.class || null, "data-key": one.key },
        one.cell(row))))));
    if (!sorted.length) body.append(h("tr", {}, h("td", { colspan: columns.length }, empty || "Nothing to show.")));
  }
  draw();
  return {
    element: h("div", {}, h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table), tableTools(table, caption)),
    show(rowsNow) { list = rowsNow; draw(); },
  };
}
/** Numbers by size, texts by letters; what is missing stands at the end either way. */
function compare(a, b, rise) {
  const none = (v) => v === null || v === undefined || v === "";
  if (none(a) || none(b)) return none(a) - none(b);
  const order = isNumber(a) && isNumber(b) ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return rise ? order : -order;
}

/** Plain table of texts and nodes. */
function plainTable(caption, heads, rows, { numbers = [], hideCaption = false } = {}) {
  const kind = (i) => (numbers.includes(i) ? "number" : null);
  const table = h("table", { class: "data" },
    h("caption", { class: hideCaption ? "hidden" : null }, caption),
    h("thead", {}, h("tr", {}, heads.map((head, i) => h("th", { scope: "col", class: kind(i) }, explained(head))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, i) =>
      h(i ? "td" : "th", { scope: i ? null : "row", class: kind(i) }, cell))))));
  return h("div", {}, h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table), tableTools(table, caption));
}

/** Arrow keys between the cells of a grid; one cell at a time takes part in tabbing. */
function roving(table, selector) {
  const rows = () => [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll(selector)])
    .filter((cells) => cells.length);
  const first = table.querySelector(selector);
  if (first) first.tabIndex = 0;
  table.addEventListener("focusin", (event) => {
    const cell = event.target.closest(selector);
    if (!cell) return;
    table.querySelectorAll(`${selector}[tabindex="0"]`).forEach((other) => { other.tabIndex = -1; });
    cell.tabIndex = 0;
  });
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest(selector);
    if (!cell) return;
    const grid = rows();
    const y = grid.findIndex((cells) => cells.includes(cell));
    const x = grid[y].indexOf(cell);
    const moves = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0],
      Home: [-x, 0], End: [grid[y].length - 1 - x, 0] };
    if (moves[event.key]) {
      const [dx, dy] = moves[event.key];
      const target = (grid[y + dy] || [])[x + dx];
      if (target) target.focus();
      event.preventDefault();
    } else if (event.key === "Enter" || event.key === " ") {
      cell.click();
      event.preventDefault();
    }
  });
}
/** Open something by click, Enter or the second tap (the first one shows the details). */
function opens(cell, content, action) {
  let touched = false;
  cell.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch" && tipOwner !== cell;
  });
  cell.addEventListener("click", () => {
    if (touched) showTip(cell, content);
    else action();
    touched = false;
  });
}
