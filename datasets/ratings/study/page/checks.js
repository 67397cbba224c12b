// The screen, before the first trial: computer, browser, a bank card for its scale, the window, the distance.

import * as display from "./display.js";
import { make, paragraph, say, showPanel, tick } from "./elements.js";
import { ask, Refused } from "./outbox.js";

const CARD_CM = [8.56, 5.398]; // ISO/IEC 7810 ID-1: bank cards, identity cards, driving licences
const CARD_PX = { min: 120, start: 200, max: 900 };
const BAR_PX = [920, 215, 130]; // what a trial's controls take of the height: in windows up to so wide, and wider

/** Check and measure. Resolves to the state that follows. */
export function checks(state) {
  const facts = ["computer", "browser", "window"].map((name) => [name, make("li", {})]);
  const failed = [!display.isComputer() && "computer", !display.hasScreenPixels() && "browser"].filter(Boolean);
  const title = make("h1", {}, say("checks.title"));
  if (failed.length) {
    showPanel("page", [title, ...failed.map((name) => make("p", { className: "warning" }, say(`checks.${name}.no`)))]);
    return new Promise(() => {});
  }
  const card = makeCard(() => update());
  const distance = tick("checks.distance", true);
  let cm = 0;
  const sitAt = (distanceCm) => {
    if (cm === distanceCm) return;
    cm = distanceCm;
    distance.box.checked = false;
    const cards = Math.round((2 * cm) / CARD_CM[0]) / 2;
    distance.label.lastChild.textContent = say("checks.distance", { cm: Math.round(cm), cards });
  };
  sitAt(state.distance_cm);
  const full = make("button", { type: "button", onclick: () => document.documentElement.requestFullscreen() }, say("checks.full"));
  const go = make("button", { className: "main" }, say("checks.go"));
  const sentence = make("p", { className: "refused", role: "alert" });
  const update = () => {
    const isLarge = hasRoom(state.largest);
    for (const [name, line] of facts) {
      const isFine = name !== "window" || isLarge;
      line.className = isFine ? "yes" : "no";
      line.textContent = say(`checks.${name}.${isFine ? "yes" : "no"}`);
    }
    full.hidden = isLarge;
    go.disabled = !(isLarge && card.isMoved && distance.box.checked);
    const missing = !card.isMoved ? "card_first" : !distance.box.checked ? "distance_first" : null;
    sentence.textContent = missing ? say(`checks.${missing}`) : "";
  };
  distance.box.addEventListener("change", update);
  const leave = new AbortController();
  addEventListener("resize", update, { signal: leave.signal });
  return new Promise((resolve) => {
    const submit = async (event) => {
      event.preventDefault();
      go.disabled = true;
      sentence.textContent = say("checks.measuring");
      try {
        const next = await send(state, card.pxPerCm(), cm);
        leave.abort();
        resolve(next);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (error.state?.stage === "checks") sitAt(error.state.distance_cm);
        update();
        sentence.textContent = error.message;
      }
    };
    const form = make(
      "form",
      { onsubmit: submit },
      make("ul", { className: "facts" }, ...facts.map(([, line]) => line)),
      full,
      make("h2", {}, say("checks.card_title")),
      paragraph("checks.card"),
      card.element,
      make("h2", {}, say("checks.distance_title")),
      distance.label,
      paragraph("checks.room"),
      sentence,
      make("p", { className: "buttons" }, go),
    );
    update();
    showPanel("page", [title, make("p", { className: "lead" }, say("checks.lead")), form], card.handle);
  });
}

async function send(state, pxPerCm, distanceCm) {
  const [frameMs, hash] = [await display.measureFrameMs(60), await display.decodedSha256(state.probe)];
  const ratio = devicePixelRatio;
  const next = await ask("/api/display", {
    px_per_cm: pxPerCm,
    distance_cm: distanceCm,
    device_pixel_ratio: ratio,
    refresh_hz: 1000 / frameMs,
    viewport: freeSides(),
    browser: display.browserName(),
    decoded_sha256: hash,
    automated: navigator.webdriver === true,
  });
  display.rememberRatio(ratio);
  return next;
}

// What a trial has for its picture, in pixels of the screen. The server decides how many of them a pixel gets.
function freeSides() {
  const [narrow, stacked, inARow] = BAR_PX;
  const bar = innerWidth <= narrow ? stacked : inARow;
  return [innerWidth, Math.max(0, innerHeight - bar)].map((side) => Math.floor(side * devicePixelRatio));
}

const hasRoom = (largest) => freeSides().every((side, axis) => side >= largest[axis]);

// A card to be made as large as a real one: by the keys of its slider, or by its corner.
function makeCard(tell) {
  const corner = make("span", { className: "corner", title: say("checks.corner") });
  const card = make("div", { className: "card" }, make("span", { className: "chip" }), corner);
  const name = say("checks.card_size");
  const handle = make("input", { type: "range", ...{ min: CARD_PX.min, max: CARD_PX.max, step: 1 }, "aria-label": name });
  const made = {
    element: make("div", { className: "match" }, make("label", {}, make("span", {}, name), handle), card),
    handle,
    isMoved: false,
    pxPerCm: () => (Number(handle.value) * devicePixelRatio) / CARD_CM[0],
  };
  const size = (px) => {
    handle.value = Math.round(px);
    card.style.width = `${handle.value}px`;
    card.style.height = `${(handle.value * CARD_CM[1]) / CARD_CM[0]}px`;
  };
  const move = (px) => {
    made.isMoved = true;
    size(px);
    tell();
  };
  handle.addEventListener("input", () => move(Number(handle.value)));
  corner.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    corner.setPointerCapture(event.pointerId);
  });
  corner.addEventListener("pointermove", (event) => {
    if (corner.hasPointerCapture(event.pointerId)) move(event.clientX - card.getBoundingClientRect().left);
  });
  size(CARD_PX.start);
  return made;
}
