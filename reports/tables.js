// Ties List.js to the tables of a page: sorting by heading, a search field, and a choice of kind.
"use strict";
for (const box of document.querySelectorAll("[data-table]")) {
  const buttons = [...box.querySelectorAll("thead button.sort")];
  const filter = box.querySelector(".filter");
  const list = new List(box, {
    listClass: "rows",
    searchClass: "-", // it would listen for keys alone, and miss what is pasted or cleared
    page: Number.MAX_SAFE_INTEGER,
    valueNames: buttons.map((button) => ({ name: button.dataset.sort, attr: "data-value" })),
    searchColumns: box.dataset.table.split(" "),
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
  const count = box.querySelector(".shown");
  list.on("searchComplete", remember);
  list.on("filterComplete", remember);
  list.on("updated", () => {
    if (count) count.textContent = `${list.matchingItems.length} of ${list.items.length} rows`;
  });
  for (const choice of box.querySelectorAll("select[data-column]")) {
    choice.addEventListener("change", () => {
      const column = choice.dataset.column;
      list.filter(choice.value === "" ? undefined : (item) => item.values()[column] === choice.value);
    });
  }
  remember();
  for (const field of box.querySelectorAll("input.search")) {
    field.addEventListener("input", () => list.search(field.value));
  }
  if (filter) filter.hidden = false;
}
// Numbers by size, other texts by the reader's alphabet; rows without a value stay last in either order.
function compare(one, other, options) {
  const [a, b] = [one, other].map((item) => item.values()[options.valueName] ?? "");
  const last = options.order === "desc" ? -1 : 1;
  if (a === "" || b === "") return last * ((a === "") - (b === ""));
  return isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
}
