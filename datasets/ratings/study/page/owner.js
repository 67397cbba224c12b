// The owner's live page: who is where, how many ratings a picture has, how long it will take.

import { loadTexts, make, say } from "./elements.js";

const EVERY_MS = 5000;
const panel = document.getElementById("panel");
const token = location.hash.slice(1);
const updated = make("p", { className: "updated", role: "status" });
let lastTime = "";

const number = (value, digits = 0) => (value === null || value === undefined ? "–" : value.toFixed(digits));

async function look() {
  try {
    const answer = await fetch("/api/owner", { headers: { "X-JND-Owner": token }, cache: "no-store" });
    const content = await answer.json();
    if (!answer.ok) {
      panel.replaceChildren(make("h1", {}, say("owner.title")), make("p", { className: "old" }, content.error ?? ""));
      return;
    }
    lastTime = new Date().toLocaleTimeString();
    updated.className = "updated";
    updated.textContent = say("owner.updated", { time: lastTime });
    show(content);
  } catch {
    updated.className = "updated old";
    updated.textContent = say("owner.old", { time: lastTime });
    if (!updated.isConnected) panel.replaceChildren(updated);
  }
  setTimeout(look, EVERY_MS);
}

function show(state) {
  const people = state.raters.filter(({ last_seen_s: seconds }) => seconds < 60).length;
  const facts = [
    [number(state.ratings), say("owner.ratings", { wanted: state.wanted })],
    [number(state.minutes_left), say("owner.minutes")],
    [number(people), say("owner.people", { all: state.raters.length })],
    ...(state.automated ? [[number(state.automated), say("owner.automated")]] : []),
    [number(state.split_half, 2), say("owner.split_half")],
  ];
  panel.replaceChildren(
    make("header", {}, make("h1", {}, say("owner.title")), updated),
    make("dl", {}, ...facts.map(([value, name]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)))),
    make("h2", {}, say("owner.raters")),
    state.raters.length ? raters(state.raters) : make("p", {}, say("owner.nobody")),
    make("h2", {}, say("owner.pictures")),
    pictures(state.pictures, state.wanted),
  );
}

function raters(rows) {
  const names = ["rater", "stage", "done", "seen", "viewing", "px_per_degree", "refresh_hz", "catches"];
  const cells = rows.map((rater) => [
    rater.id,
    rater.stage,
    bar(rater.done, rater.total, `${rater.done} / ${rater.total}`),
    ago(rater.last_seen_s),
    rater.viewing ?? "–",
    number(rater.px_per_degree, 1),
    number(rater.refresh_hz),
    `${rater.catches[0]} / ${rater.catches[1]}`,
  ]);
  return table(names, cells);
}

function pictures(rows, wanted) {
  const most = Math.max(Math.ceil(wanted / Math.max(1, rows.length)), ...rows.map(({ ratings }) => ratings), 1);
  return table(["picture", "count"], rows.map(({ name, ratings }) => [name, bar(ratings, most, String(ratings))]));
}

function table(names, rows) {
  const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col", className: name }, say(`owner.${name}`))));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell, place) => make("td", { className: names[place] }, cell))));
  return make("div", { className: "scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}

function bar(value, most, text) {
  const filled = make("span", { className: "filled" });
  filled.style.width = `${most ? Math.min(100, (100 * value) / most) : 0}%`;
  return make("span", { className: "bar" }, make("span", { className: "whole" }, filled), make("span", {}, text));
}

function ago(seconds) {
  if (seconds < 90) return say("owner.seconds", { n: Math.round(seconds) });
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? say("owner.long_ago", { n: minutes }) : say("owner.hours", { n: Math.round(minutes / 60) });
}

await loadTexts();
document.title = say("owner.title");
if (token) await look();
else panel.append(make("h1", {}, say("owner.title")), make("p", {}, say("owner.no_token")));
