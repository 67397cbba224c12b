// Makes the page's elements and takes all its sentences from one file, texts.LANGUAGE.json, that others can translate.

let texts = {};

/** Load the sentences in the language that the HTML file names. */
export async function loadTexts() {
  const answer = await fetch(`/page/texts.${document.documentElement.lang}.json`);
  texts = await answer.json();
}

/** The sentence of a key like "slider.next", with `{name}` replaced; the key itself where there is none. */
export const say = (key, values = {}) => sayAll(key, values).join(" ");

/** The sentences of a key that has several. */
export function sayAll(key, values = {}) {
  const sentences = key.split(".").reduce((part, name) => part?.[name], texts) ?? key;
  return [sentences].flat().map((sentence) => sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole));
}

/** An element with properties and children; what is text stays text. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const paragraph = (key, values) => make("p", {}, say(key, values));

/** A box to tick with its sentence. */
export function tick(key, isRequired = false) {
  const box = make("input", { type: "checkbox", required: isRequired });
  return { box, label: make("label", { className: "tick" }, box, make("span", {}, say(key))) };
}

const panel = document.getElementById("panel");

/** Show a panel in place of what it showed, with the focus on `focus`, else on the panel. */
export function showPanel(name, children, focus = null) {
  panel.className = name;
  panel.replaceChildren(...children.filter((child) => child !== null));
  panel.hidden = false;
  scrollTo(0, 0);
  (focus ?? panel).focus();
}

export function hidePanel() {
  panel.hidden = true;
  panel.className = "";
  panel.replaceChildren();
}
