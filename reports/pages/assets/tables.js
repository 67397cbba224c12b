// Tables: sorting by heading, a search field, a choice of kind and of columns, and variants folded under their method.
"use strict";
for (const box of document.querySelectorAll("[data-table]")) tie(box);

function tie(box) {
  const body = box.querySelector("tbody.rows");
  const table = {
    box,
    rows: [...body.rows],
    body,
    buttons: [...box.querySelectorAll("thead button.sort")],
    unfolded: new Set(choice_of(box, "open")),
    bar: box.querySelector(".filter"),
  };
  table.place = new Map(table.buttons.map((button) => [button.dataset.sort, button.closest("th").cellIndex]));
  make_sortable(table);
  if (table.bar) make_filter(table);
  make_nothing(table);
  arrange(table);
  choose_columns(box);
}

function value_of(table, row, column) {
  return row.cells[table.place.get(column)].dataset.value ?? "";
}

// A heading sorts its best row to the top first: the highest, the lowest, or what is nearest to 0.
function make_sortable(table) {
  const { box, buttons } = table;
  const [wanted] = choice_of(box, "sort");
  const first = buttons.find((button) => button.dataset.sort === `c-${wanted?.replace(/^-/, "")}`);
  if (first) mark(first, wanted.startsWith("-"));
  function mark(button, falling) {
    for (const { parentElement } of buttons) parentElement.removeAttribute("aria-sort");
    button.parentElement.setAttribute("aria-sort", falling ? "descending" : "ascending");
  }
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const before = button.parentElement.getAttribute("aria-sort");
      const falling = before ? before === "ascending" : button.dataset.best === "highest";
      mark(button, falling);
      remember_choice(box, "sort", [(falling ? "-" : "") + button.dataset.sort.slice(2)]);
      arrange(table);
    });
  }
}

// Numbers by size, other texts by the reader's alphabet; rows without a value stay last in either order.
function order_of({ rows, buttons, place }) {
  const button = buttons.find(({ parentElement }) => parentElement.hasAttribute("aria-sort"));
  if (!button) return rows;
  const falling = button.parentElement.getAttribute("aria-sort") === "descending" ? -1 : 1;
  const size = button.dataset.best === "zero" ? Math.abs : Number;
  const values = new Map(rows.map((row) => [row, row.cells[place.get(button.dataset.sort)].dataset.value ?? ""]));
  return [...rows].sort((one, other) => {
    const [a, b] = [values.get(one), values.get(other)];
    if (a === "" || b === "") return (a === "") - (b === "");
    return falling * (isNaN(a) || isNaN(b) ? a.localeCompare(b) : size(a) - size(b));
  });
}

// A row stays where every word stands in one of the columns named for it, and its kind is the chosen one.
function make_filter(table) {
  const { box, bar } = table;
  const field = bar.querySelector("input.search");
  const choices = [...bar.querySelectorAll("select[data-column]")];
  const columns = box.dataset.table.split(" ");
  table.fold = bar.querySelector("input.fold");
  const only = bar.querySelector("input.only");
  if (only) only.checked = choice_of(box, "only").length > 0;
  [field.value = ""] = choice_of(box, "find");
  for (const choice of choices) [choice.value = ""] = choice_of(box, "kind");
  if (table.fold) table.fold.checked = !choice_of(box, "flat").length;
  table.words = () => field.value.toLowerCase().split(/\s+/).filter(Boolean);
  table.filters = () => table.words().length > 0 || only?.checked || choices.some(({ value }) => value);
  table.matches = (row) => {
    const texts = columns.map((column) => value_of(table, row, column).toLowerCase());
    return (
      (!only?.checked || value_of(table, row, only.dataset.column) === "1") &&
      choices.every(({ value, dataset }) => value === "" || value_of(table, row, dataset.column) === value) &&
      table.words().every((word) => texts.some((text) => text.includes(word)))
    );
  };
  table.clear = () => {
    for (const control of [field, ...choices]) control.value = "";
    if (only) only.checked = false;
    apply();
    field.focus();
  };
  function apply() {
    remember_choice(box, "find", [field.value]);
    remember_choice(box, "kind", choices.map(({ value }) => value));
    if (only) remember_choice(box, "only", only.checked ? [only.dataset.column.slice(2)] : []);
    if (table.fold) remember_choice(box, "flat", table.fold.checked ? [] : ["1"]);
    arrange(table);
  }
  for (const control of [field, ...choices, ...[table.fold, only].filter(Boolean)]) control.addEventListener("input", apply);
  bar.hidden = false;
}

// What stands in the table where no row matches.
function make_nothing(table) {
  const line = table.body.parentElement.createTBody().insertRow();
  line.className = "nothing";
  line.hidden = true;
  const cell = line.insertCell();
  cell.colSpan = 100;
  const button = html("button", { type: "button", class: "press" }, "Show all rows");
  button.addEventListener("click", () => table.clear());
  cell.append("No row matches. ", button);
  table.nothing = line;
}

// Rows in order; of those of one method the first stands for all until it is opened. Who filters sees every match.
function arrange(table) {
  const { rows, body, fold, unfolded, bar } = table;
  const isFiltered = Boolean(bar) && table.filters();
  const shown = bar ? order_of(table).filter(table.matches) : order_of(table);
  const methods = new Map();
  for (const row of shown) {
    const method = fold?.checked && !isFiltered && row.dataset.method ? row.dataset.method : row;
    methods.set(method, [...(methods.get(method) ?? []), row]);
  }
  let folded = 0;
  for (const row of rows) {
    row.hidden = true;
    row.classList.remove("variant");
    row.querySelector("button.more")?.remove();
  }
  for (const [method, [lead, ...variants]] of methods) {
    const isOpen = unfolded.has(method);
    lead.hidden = false;
    for (const row of variants) {
      row.hidden = !isOpen;
      row.classList.add("variant");
    }
    if (!variants.length) continue;
    folded += isOpen ? 0 : variants.length;
    lead.cells[0].append(more_button(table, method, variants.length, isOpen));
  }
  const placed = [...methods.values()].flat();
  body.append(...placed, ...rows.filter((row) => !placed.includes(row)));
  table.nothing.hidden = placed.length > 0;
  if (bar) {
    const pinned = table.box.querySelectorAll("tbody.pinned tr").length;
    bar.querySelector(".shown").textContent =
      `${placed.length} of ${rows.length} rows` + (pinned ? ` below the ${pinned} pinned ones` : "") + (folded ? `, ${folded} of them folded under their method` : "");
  }
  table.box.dispatchEvent(new Event("arranged"));
}

function more_button(table, method, count, isOpen) {
  const name = { "aria-expanded": isOpen, "aria-label": `${count} more of ${method}` };
  const button = html("button", { type: "button", class: "more", ...name }, isOpen ? "−" : `+${count}`);
  button.addEventListener("click", () => {
    table.unfolded[isOpen ? "delete" : "add"](method);
    remember_choice(table.box, "open", [...table.unfolded]);
    arrange(table);
    [...table.body.querySelectorAll("button.more")].find((other) => other.getAttribute("aria-label").endsWith(` of ${method}`)).focus();
  });
  return button;
}

// A table opens with its essential columns; a choice shows those of one group, or all.
function choose_columns(box) {
  const choice = box.querySelector("select.columns");
  if (!choice) return;
  const heads = [...box.querySelectorAll("thead th")];
  const show = () => {
    const shown = heads.map(({ dataset }) =>
      choice.value === "all" || dataset.group === "always" || (choice.value ? dataset.group === choice.value : "brief" in dataset));
    for (const row of box.querySelectorAll("tr:not(.nothing)")) [...row.cells].forEach((cell, place) => (cell.hidden = !shown[place]));
  };
  [choice.value = ""] = choice_of(box, "columns");
  choice.addEventListener("input", () => {
    remember_choice(box, "columns", [choice.value]);
    show();
  });
  show();
}
