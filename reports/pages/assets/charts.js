// A chart of points with names, as inline SVG: axes with round ticks, and one point at a time in the order of keys.
"use strict";
function svg(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// Some five round numbers from low to high; on a logarithmic axis 1, 10, ..., with 2 and 5 where these are few.
function round_ticks(low, high, isLog) {
  if (isLog) {
    const powers = [];
    const few = high / low < 1000 ? [1, 2, 5] : [1];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
      for (const factor of few) powers.push(factor * 10 ** power);
    }
    return powers.filter((tick) => tick >= low && tick <= high);
  }
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const ticks = [];
  for (let count = Math.ceil(low / step - 1e-9); count * step <= high + 1e-9 * step; count += 1) ticks.push(count * step);
  return ticks;
}

// `x` and `y`: { title, low, high, isLog }; `points`: { x, y, name, says, href, shape, isFilled, row };
// `lines`: { points: [[x, y], ...], kind }; `isNamed`: names stand at all marks. Gives the SVG with a line of text below it for what a point says.
function point_chart({ width, height, label, x, y, points, lines, isNamed }) {
  const [left, right, top, bottom] = [54, 14, 12, 44];
  const scale = ({ low, high, isLog }, from, to) => {
    const [start, end] = isLog ? [Math.log(low), Math.log(high)] : [low, high];
    return (value) => from + ((Math.max(start, Math.min(end, isLog ? Math.log(value) : value)) - start) / (end - start)) * (to - from);
  };
  const [across, up] = [scale(x, left, width - right), scale(y, height - bottom, top)];
  const place = (value) => Math.round(10 * value) / 10;
  const number = (value) => String(+value.toPrecision(3)).replace("-", "−");
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": label });
  for (const tick of round_ticks(x.low, x.high, x.isLog)) {
    const at = place(across(tick));
    chart.append(
      svg("line", { class: "gridline", x1: at, x2: at, y1: top, y2: height - bottom }),
      svg("text", { class: "tick", x: at, y: height - bottom + 16 }, number(tick)));
  }
  for (const tick of round_ticks(y.low, y.high, y.isLog)) {
    const at = place(up(tick));
    chart.append(
      svg("line", { class: "gridline", x1: left, x2: width - right, y1: at, y2: at }),
      svg("text", { class: "name", x: left - 7, y: at + 4 }, number(tick)));
  }
  chart.append(
    svg("text", { class: "tick", x: (left + width - right) / 2, y: height - 8 }, x.title),
    svg("text", { class: "tick", transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)` }, y.title));
  for (const line of lines) {
    const path = line.points.map((point) => `${place(across(point[0]))},${place(up(point[1]))}`).join(" ");
    chart.append(svg("polyline", { class: line.kind, points: path }));
  }
  const told = svg("text", { class: "told", "aria-hidden": "true" });
  const said = html("p", { class: "said", "aria-hidden": "true" });
  const marks = points.map((point) => {
    const [cx, cy] = [place(across(point.x)), place(up(point.y))];
    const path = point.shape === "diamond"
      ? svg("path", { d: `M${cx - 6},${cy}L${cx},${cy - 6}L${cx + 6},${cy}L${cx},${cy + 6}Z` })
      : svg("circle", { cx, cy, r: 4.5 });
    const mark = svg("a", { class: point.isFilled ? "mark filled" : "mark", "aria-label": `${point.name}: ${point.says}`, tabindex: -1 }, path);
    if (point.href) mark.setAttribute("href", point.href);
    else mark.setAttribute("role", "img");
    const isLeft = cx > width / 2;
    const beside = { x: cx + (isLeft ? -9 : 9), y: Math.max(cy - 7, 11), "text-anchor": isLeft ? "end" : "start" };
    if (isNamed) chart.append(svg("text", { class: "label", "aria-hidden": "true", ...beside }, point.name));
    const tell = () => {
      told.textContent = point.name;
      said.textContent = `${point.name}: ${point.says}`;
      for (const [key, value] of Object.entries(beside)) told.setAttribute(key, value);
      point.row?.classList.add("told");
    };
    const hush = () => {
      told.textContent = said.textContent = "";
      point.row?.classList.remove("told");
    };
    for (const kind of ["pointerenter", "focus"]) mark.addEventListener(kind, tell);
    for (const kind of ["pointerleave", "blur"]) mark.addEventListener(kind, hush);
    point.row?.addEventListener("pointerenter", () => mark.classList.add("pointed"));
    point.row?.addEventListener("pointerleave", () => mark.classList.remove("pointed"));
    return { mark, cx };
  });
  marks.sort((one, other) => one.cx - other.cx);
  marks[0]?.mark.setAttribute("tabindex", 0);
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const at = marks.findIndex(({ mark }) => mark === document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = marks[(at + step + marks.length) % marks.length].mark;
    marks[at].mark.setAttribute("tabindex", -1);
    next.setAttribute("tabindex", 0);
    next.focus();
  });
  chart.append(...marks.map(({ mark }) => mark), told);
  return html("div", {}, chart, said);
}
