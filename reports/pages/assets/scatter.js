// The rows that a table shows as marks of a chart whose axes the reader chooses; the numbers are those of the table.
"use strict";
for (const figure of document.querySelectorAll("figure.chart")) {
  const box = figure.previousElementSibling;
  if (box?.matches("[data-table]")) chart_rows(figure, box);
}

function chart_rows(figure, box) {
  const axes = ["across", "up"].map((name) => figure.querySelector(`select.${name}`));
  const { fixed } = JSON.parse(box.querySelector("script.data").textContent);
  const buttons = [...box.querySelectorAll("thead th.number button.sort")];
  for (const axis of axes) {
    axis.append(...buttons.map((button) => html("option", { value: button.dataset.sort }, button.textContent)));
    axis.value = axis.matches(".across") ? "c-ms_per_picture" : "c-mae";
    const [wanted] = choice_of(box, axis.className);
    if ([...axis.options].some(({ value }) => value === `c-${wanted}`)) axis.value = `c-${wanted}`;
    axis.addEventListener("input", () => {
      remember_choice(box, axis.className, [axis.value.slice(2)]);
      draw();
    });
  }
  figure.hidden = false;
  box.addEventListener("arranged", draw);
  draw();

  function draw() {
    const [across, up] = axes.map(({ value }) => value);
    // A logarithmic axis has no place for what takes no time: a constant reads no pixel.
    const cell = (row, name) => row.cells[buttons.find((button) => button.dataset.sort === name).parentElement.cellIndex];
    const number = (row, name) => {
      const text = cell(row, name).dataset.value ?? "";
      const value = Number(text) * (is_share(name) ? 100 : 1);
      return text === "" ? NaN : name === "c-ms_per_picture" ? Math.max(value, 0.1) : value;
    };
    const is_share = (name) => heading(name).includes("%");
    const heading = (name) => axes[0].querySelector(`[value="${name}"]`).textContent;
    const rows = [...box.querySelectorAll("tbody.pinned tr.control, tbody.rows tr:not([hidden])")];
    const points = rows
      .map((row) => ({ row, x: number(row, across), y: number(row, up), shape: row.matches(".control") ? "diamond" : "", isFilled: row.matches(".ticked") }))
      .filter(({ x, y }) => !isNaN(x) && !isNaN(y));
    const written = (row, name) => `${heading(name)} ${cell(row, name).firstChild?.textContent.trim() ?? ""}`;
    for (const point of points) {
      const link = point.row.querySelector("th a");
      point.name = link.textContent;
      point.says = `${written(point.row, up)}, ${written(point.row, across)}`;
      point.href = link.getAttribute("href");
    }
    const [x, y] = [axis_of(across, points.map((point) => point.x)), axis_of(up, points.map((point) => point.y))];
    function axis_of(name, values) {
      const isLog = name === "c-ms_per_picture";
      const [least, most] = [Math.min(...values), Math.max(...values)];
      const room = 0.06 * (most - least || 1);
      const low = isLog ? least / 1.5 : least >= 0 ? Math.max(0, least - room) : least - room;
      const from = isLog || least < 0 || least > most / 3 ? low : 0;
      return { title: heading(name) + (isLog ? ", logarithmic" : ""), low: from, high: isLog ? most * 1.5 : most + room, isLog };
    }
    const control = points.find(({ shape }) => shape);
    const lines = control ? [[[x.low, control.y], [x.high, control.y]], [[control.x, y.low], [control.x, y.high]]] : [];
    const charts = lines.map((ends) => ({ kind: "even", points: ends }));
    if (across === "c-noticing" && up === "c-bytes_saved" && fixed[0].length) {
      const levels = fixed[0].map((value, place) => [value / 10, fixed[1][place] / 10]);
      charts.push({ kind: "fixed", points: levels.filter(([right, top]) => right <= x.high && top >= y.low && top <= y.high) });
    }
    const width = Math.max(260, Math.min(720, figure.clientWidth));
    const chart = points.length
      ? point_chart({ width, height: Math.min(420, 0.75 * width), label: `${heading(up)} against ${heading(across)}`, x, y, points, lines: charts, isNamed: points.length <= 12 })
      : html("p", {}, "No row has both scores.");
    figure.querySelector(".drawn").replaceChildren(chart);
  }
}
