// What a reader chose stands in the address, so that a link shows the same:
// `#<section>?sort=-srcc&find=bae;<section>?...`, the section that was changed last first.
"use strict";
const chosen = new Map();
for (const part of location.hash.slice(1).split(";")) {
  const [section, query] = part.split("?");
  if (query !== undefined) chosen.set(section, new URLSearchParams(query));
}

// The section that an element stands in, as its heading is named.
function section_of(element) {
  return element.closest("section[aria-labelledby]")?.getAttribute("aria-labelledby") ?? "main";
}

// What was chosen under a name: a list, empty for what nobody changed.
function choice_of(element, name) {
  return chosen.get(section_of(element))?.getAll(name) ?? [];
}

function remember_choice(element, name, values) {
  const section = section_of(element);
  const query = chosen.get(section) ?? new URLSearchParams();
  query.delete(name);
  for (const value of values) if (value !== "") query.append(name, value);
  chosen.delete(section);
  const parts = [[section, query], ...chosen].filter(([, text]) => `${text}`).map(([id, text]) => `${id}?${text}`);
  chosen.set(section, query);
  history.replaceState(null, "", `#${parts.join(";") || section}`);
}

function html(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// A printed page shows what is closed on the screen.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});

// A link into what is folded unfolds it.
function unfold() {
  const details = document.getElementById(location.hash.slice(1))?.closest("details:not([open])");
  if (!details) return;
  details.open = true;
  details.scrollIntoView();
}

// The browser itself finds a section only where nothing was chosen in it.
addEventListener("load", () => {
  unfold();
  const [section, query] = location.hash.slice(1).split("?");
  if (query !== undefined) document.getElementById(section)?.scrollIntoView();
});
addEventListener("hashchange", () => {
  if (location.hash.includes("?")) location.reload();
  else unfold();
});
