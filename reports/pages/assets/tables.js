// Ties List.js to the tables of a page: sorting by heading, a search field, and a choice of kind.
"use strict";
for (const box of document.querySelectorAll("[data-table]")) tie(box);

function tie(box) {
  const buttons = [...box.querySelectorAll("thead button.sort")];
  const list = new List(box, {
    listClass: "rows",
    searchClass: "-", // its search finds no name with a hyphen or a point: 2.3.1 escapes them as for a pattern
    page: Number.MAX_SAFE_INTEGER,
    valueNames: buttons.map((button) => ({ name: button.dataset.sort, attr: "data-value" })),
    sortFunction: compare,
  });
  list.on("sortComplete", () => {
    for (const button of buttons) {
      const order = button.classList.contains("asc") ? "ascending" : button.classList.contains("desc") ? "descending" : "";
      if (order) button.closest("th").setAttribute("aria-sort", order);
      else button.closest("th").removeAttribute("aria-sort");
    }
  });
  // List.js forgets which column is sorted when it filters, though the rows keep their order.
  const remember = () => {
    for (const button of buttons) {
      const order = button.closest("th").getAttribute("aria-sort");
      if (order) button.classList.add(order === "ascending" ? "asc" : "desc");
    }
  };
  list.on("filterComplete", remember);
  remember();
  for (const button of buttons) {
    // List.js sorts upwards on the first click; where the highest is best, that click is to sort downwards.
    button.addEventListener("click", () => {
      if (button.dataset.best && !button.matches(".asc, .desc")) button.classList.add("asc");
    }, { capture: true });
  }
  filter(box, list);
  choose_columns(box);
}

// A table opens with its essential columns; a choice shows those of one group, or all.
function choose_columns(box) {
  const choice = box.querySelector("select.columns");
  if (!choice) return;
  const heads = [...box.querySelectorAll("thead th")];
  const show = () => {
    const shown = heads.map(({ dataset }) =>
      choice.value === "all" || dataset.group === "always" || (choice.value ? dataset.group === choice.value : "brief" in dataset));
    for (const row of box.querySelectorAll("tr")) [...row.cells].forEach((cell, place) => (cell.hidden = !shown[place]));
  };
  choice.addEventListener("input", show);
  show();
}

// A row stays where every word stands in one of the columns named for it, and its kind is the chosen one.
function filter(box, list) {
  const bar = box.querySelector(".filter");
  if (!bar) return;
  const field = bar.querySelector("input.search");
  const choices = [...bar.querySelectorAll("select[data-column]")];
  const columns = box.dataset.table.split(" ");
  const apply = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.filter((item) => {
      const values = item.values();
      const cells = columns.map((column) => (values[column] ?? "").toLowerCase());
      return (
        choices.every((choice) => choice.value === "" || values[choice.dataset.column] === choice.value) &&
        words.every((word) => cells.some((cell) => cell.includes(word)))
      );
    });
    const none = list.matchingItems.length ? "" : ": nothing matches, clear the filter to see them";
    bar.querySelector(".shown").textContent = `${list.matchingItems.length} of ${list.items.length} rows${none}`;
  };
  for (const control of [field, ...choices]) control.addEventListener("input", apply);
  bar.hidden = false;
}

// Numbers by size, other texts by the reader's alphabet; rows without a value stay last in either order.
function compare(one, other, options) {
  const [a, b] = [one, other].map((item) => item.values()[options.valueName] ?? "");
  const last = options.order === "desc" ? -1 : 1;
  if (a === "" || b === "") return last * ((a === "") - (b === ""));
  return isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
}
