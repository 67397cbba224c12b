// What a table shows, as CSV, LaTeX and BibTeX, and a chart as SVG: made in the page, so that nothing is fetched.
"use strict";
for (const box of document.querySelectorAll("[data-table]")) offer_table(box);
for (const command of document.querySelectorAll("code.command")) offer_command(command);
for (const figure of document.querySelectorAll("figure.chart")) offer_chart(figure, section_of(figure));

function offer_table(box) {
  const bar = box.querySelector(".filter");
  if (!bar) return;
  const said = html("span", { role: "status" });
  const copy = async (text) => {
    said.textContent = (await copied(text)) ? "Copied." : "The browser does not let a page copy.";
  };
  const name = `${section_of(box)}.csv`;
  const offers = html("span", { class: "offers" },
    press("Download CSV", () => download(name, "text/csv", `${shown_cells(box, csv_of).map((cells) => cells.map(csv_field).join(",")).join("\r\n")}\r\n`)),
    press("Copy LaTeX", () => copy(latex_table(box))));
  const bibtex = document.querySelector("script.bibtex");
  if (bibtex && box.querySelector("tr[data-method]")) {
    offers.append(press("Copy BibTeX", () => copy(bibtex_of(box, JSON.parse(bibtex.textContent)))));
  }
  bar.append(offers, said);
}

function offer_command(command) {
  const button = press("Copy", async () => {
    button.textContent = (await copied(command.textContent)) ? "Copied" : "The browser does not let a page copy";
  });
  command.after(" ", button);
}

function press(text, action) {
  const button = html("button", { type: "button", class: "press" }, text);
  button.addEventListener("click", action);
  return button;
}

// Headings, then rows, of what is neither folded nor filtered out nor in a hidden column.
function shown_cells(box, write) {
  const rows = [...box.querySelectorAll("thead tr, tbody:not(.nothing) tr:not(.nothing)")].filter((row) => !row.hidden);
  return rows.map((row) => [...row.cells].filter((cell) => !cell.hidden).map(write));
}

function text_of(cell) {
  return (cell.querySelector("button.sort, a") ?? cell).textContent.replace(/\s+/g, " ").trim();
}

function csv_of(cell) {
  if (cell.matches(".bar")) return cell.querySelector(".range-text")?.textContent ?? text_of(cell);
  return cell.dataset.value ?? text_of(cell);
}

// What a spreadsheet would compute begins with an apostrophe.
function csv_field(text) {
  const safe = /^[=+\-@\t\r]/.test(text) && isNaN(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function latex_of(cell) {
  const text = cell.matches("td.bar") ? csv_of(cell) : text_of(cell);
  const escaped = text.replace(/[\\~^&%$#_{}<>|]/g, (letter) => (
    { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}" }[letter] ?? `\\${letter}`));
  const number = cell.matches(".number, .bar, .of-numbers td:not(.text)") ? escaped.replaceAll("-", "$-$") : escaped;
  return cell.matches(".best") ? `\\textbf{${number}}` : number;
}

function latex_table(box) {
  const [heads, ...rows] = shown_cells(box, latex_of);
  const columns = [...box.querySelectorAll("thead th")].filter((head) => !head.hidden).map((head) => (head.matches(".number") ? "r" : "l"));
  const line = (cells) => `${cells.join(" & ")} \\\\`;
  return ["% needs \\usepackage{booktabs}", `\\begin{tabular}{${columns.join("")}}`, "\\toprule", line(heads), "\\midrule", ...rows.map(line), "\\bottomrule", "\\end{tabular}", ""].join("\n");
}

// `entries`: pairs of the methods and data sets that cite a work, and its entry.
function bibtex_of(box, entries) {
  const methods = new Set([...box.querySelectorAll("tr[data-method]")].filter((row) => !row.hidden).map((row) => row.dataset.method));
  const { dataset } = box.dataset;
  return entries.filter(([names]) => names.some((name) => methods.has(name) || name === `data-${dataset}`)).map(([, entry]) => entry).join("\n");
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.body.appendChild(html("textarea", {}));
    field.value = text;
    field.select();
    const isDone = document.execCommand("copy");
    field.remove();
    return isDone;
  }
}

function download(name, type, text) {
  const link = html("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const PAINT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-family", "font-weight", "text-anchor"];

// A chart as it stands, with its colours: an SVG outside the page knows nothing of the page's style.
function offer_chart(figure, section) {
  const save = press("Download SVG", () => {
    const chart = figure.querySelector("svg");
    const copy = chart.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const painted = [...copy.querySelectorAll("*")];
    [...chart.querySelectorAll("*")].forEach((element, place) => {
      const style = getComputedStyle(element);
      for (const name of PAINT) painted[place].setAttribute(name, style.getPropertyValue(name));
    });
    for (const link of copy.querySelectorAll("a")) link.removeAttribute("href");
    download(`${section}-chart.svg`, "image/svg+xml", new XMLSerializer().serializeToString(copy));
  });
  (figure.querySelector(".filter") ?? figure).append(save);
}
