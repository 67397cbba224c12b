// Two ticked rows of a table, compared: their paired difference as the program computed it, and every picture's errors.
"use strict";
for (const box of document.querySelectorAll("[data-table]")) {
  const data = box.querySelector("script.data");
  if (data) compare_rows(box, JSON.parse(data.textContent));
}

function compare_rows(box, data) {
  if (!data.rows) return;
  const panel = box.querySelector(".pair");
  const hint = html("p", { class: "hint ticks", role: "status" });
  panel.before(hint);
  const ticks = new Map();
  let ticked = choice_of(box, "row").filter((name) => data.rows.includes(name));
  for (const cell of box.querySelectorAll("tbody th[data-value]")) {
    const name = cell.dataset.value;
    if (!data.rows.includes(name)) continue;
    const tick = html("input", { type: "checkbox", class: "tick", "aria-label": `compare ${name}` });
    tick.addEventListener("input", () => {
      ticked = [...ticked.filter((other) => other !== name), ...(tick.checked ? [name] : [])].slice(-2);
      remember_choice(box, "row", ticked);
      show();
    });
    cell.prepend(tick);
    ticks.set(name, tick);
  }
  function show() {
    for (const [name, tick] of ticks) {
      tick.checked = ticked.includes(name);
      tick.closest("tr").classList.toggle("ticked", tick.checked);
    }
    panel.hidden = ticked.length < 2;
    if (ticked.length === 2) panel.replaceChildren(...pair_of(data, ...ticked), press("Clear", clear));
    hint.replaceChildren(...hint_of(ticked));
    box.dispatchEvent(new Event("arranged"));
  }
  function clear() {
    const [first] = ticked;
    ticked = [];
    remember_choice(box, "row", ticked);
    show();
    ticks.get(first).focus({ preventScroll: true });
  }
  // It stays in view below the table, so that nothing has to jump when a row is ticked.
  function hint_of([first, second]) {
    if (!first) return ["Tick two rows to compare them, picture by picture."];
    if (!second) return [`${first} is ticked. Tick a second row to compare it with.`];
    const see = press("See the comparison", () => panel.scrollIntoView({ block: "nearest" }));
    return [`${first} and ${second} are compared below. `, see, " ", press("Clear", clear)];
  }
  show();
}

function pair_of(data, ...names) {
  const [first, second] = names.map((name) => data.rows.indexOf(name)).sort((one, other) => one - other);
  const count = data.rows.length;
  const at = first * count - (first * (first + 1)) / 2 + second - first - 1;
  const [difference, low, high] = ["difference", "low", "high"].map((name) => data[name][at]);
  const [better, worse] = difference > 0 ? [second, first] : [first, second];
  const ends = difference > 0 ? [low, high] : [-high, -low];
  const [a, b] = [data.rows[better], data.rows[worse]];
  const levels = (value) => (value / 100).toFixed(2);
  const p = (value) => (value ? `p ${(value / 1000).toFixed(3)}` : "p < 0.001");
  const errors = data.errors[better].map((error, place) => [error, data.errors[worse][place]].map((value) => Math.abs(value) / 10));
  const fewer = errors.filter(([one, other]) => one < other).length;
  const failed = [better, worse].map((row) => data.errors[row].filter((error) => error < 0).length);
  const pairs = (count * (count - 1)) / 2;
  const against = data.p_against_constant[at];
  const [shown_p, family] = against === undefined ? [data.p_corrected[at], `all ${pairs} pairs`] : [against, "all rows against the constant"];
  const isSignificant = against === undefined ? data.separable[at] === "1" : against < 50;
  const sentences = [
    `${isSignificant ? "Significant" : "Not significant"} (${p(shown_p)}, corrected for ${family}): `,
    difference === 0 ? `${a} and ${b} err alike` : `${a} errs by ${levels(Math.abs(difference))} ${data.unit} less than ${b}`,
    ` [${levels(ends[0])}, ${levels(ends[1])}], on average over the same ${errors.length} pictures of ${data.sources} sources, and less on ${fewer} of them. `,
    `For this pair alone, uncorrected, it is ${p(data.p[at])}`,
    against === undefined ? ". " : `; corrected for all ${pairs} pairs, it is ${p(data.p_corrected[at])}. `,
    isSignificant || data.needed[at] === null ? "" : `If these two alone were compared, about ${data.needed[at].toLocaleString("en")} sources like these would separate them. `,
    data.noise === null ? "" : `Other observers would move the difference by ±${levels(data.noise[at])} ${data.unit}: a smaller difference may come from the observers, not from the methods. `,
    failed[0] + failed[1] ? `Pictures that failed (${failed[0]} and ${failed[1]}) count as the worst possible answer.` : "",
  ];
  return [
    html("h3", {}, `${a} and ${b}`),
    html("p", { role: "status" }, sentences.join("")),
    html("div", { class: "beside" }, html("div", {}, pair_chart(data, [a, b], errors)), html("div", {}, ...settings_of(data, better, worse))),
  ];
}

function pair_chart(data, [a, b], errors) {
  const high = 1.06 * Math.max(1, ...errors.flat());
  const axis = (name) => ({ title: `${name}: |error| (${data.unit})`, low: 0, high });
  const points = errors.map(([x, y], place) => (
    { x, y, name: data.pictures[place], says: `${x.toFixed(1)} and ${y.toFixed(1)} ${data.unit}`, href: data.pages[place] }));
  const chart = point_chart({
    width: Math.min(340, innerWidth - 90), height: 300, x: axis(a), y: axis(b), points, lines: [{ kind: "even", points: [[0, 0], [high, high]] }],
    label: `Errors of each picture by ${a} and by ${b}`,
  });
  return html("figure", { class: "chart" }, chart,
    html("figcaption", {}, `Each mark is a picture${data.pages.some(Boolean) ? ", and leads to its page where it has one" : ""}. Above the line ${a} errs less.`));
}

function settings_of(data, better, worse) {
  const rows = Object.entries(data.settings).filter(([, texts]) => texts[better] !== texts[worse]);
  if (!rows.length) return [html("p", {}, "Their settings are the same.")];
  const head = ["setting that differs", data.rows[better], data.rows[worse]].map((text) => html("th", { scope: "col" }, text));
  const lines = rows.map(([name, texts]) => html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, texts[better]), html("td", {}, texts[worse])));
  const table = html("table", {}, html("thead", {}, html("tr", {}, ...head)), html("tbody", {}, ...lines));
  return [html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Settings that differ" }, table)];
}
