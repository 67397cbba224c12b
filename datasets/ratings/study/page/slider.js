// The slider's task: find the leftmost place at which the picture flickers. No number is shown.

import { make, say } from "./elements.js";

const PAST_STEPS = 5; // to go beyond the answer before it is taken
const STAY_MS = 1000;
const FIRST_STEPS = 20; // loaded before it starts
const MOVES_APART_MS = 50; // what comes sooner replaces the one before
const MOST_MOVES = 2000;
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5, Home: -Infinity, End: Infinity };

export class Slider {
  name = "slider";
  #trial;
  #handle;
  #hint = make("p", { className: "hint", role: "status" });
  #next = make("button", { className: "main", type: "button", onclick: () => this.#answer(false) }, say("slider.next"));
  #none = make("button", { type: "button", onclick: () => this.#answer(true) }, say("slider.none"));
  #farthest = 0;
  #shown = null; // the step that the canvas showed last
  #stays = 0; // since when it is shown
  #hasReachedEnd = false;
  #moves = [];
  #timer = 0;

  constructor(trial) {
    this.#trial = trial;
    const { steps } = trial.state;
    const name = say("slider.handle");
    this.#handle = make("input", { type: "range", min: 0, max: steps, step: 1, value: 0, "aria-label": name, "aria-valuetext": name });
    this.#handle.addEventListener("input", () => this.#moveTo(Number(this.#handle.value)));
  }

  controls() {
    this.#trial.listen(window, "keydown", (event) => this.#press(event));
    const { last, state } = this.#trial;
    const track = make("div", { className: "track" });
    if (last < state.steps) {
      const closed = make("span", { className: "closed", title: say("slider.closed") });
      closed.style.width = `${100 - (100 * last) / state.steps}%`;
      track.append(closed);
    }
    track.append(this.#handle);
    const ends = make("p", { className: "ends" }, make("span", {}, say("slider.left")), make("span", {}, say("slider.right")));
    this.#update();
    return [this.#hint, make("div", { className: "answer" }, track, ends), make("p", { className: "buttons" }, this.#none, this.#next)];
  }

  async open() {
    this.#trial.pictures.aim(0);
    await this.#trial.pictures.whenFirst(FIRST_STEPS, (done, total) => {
      this.#hint.textContent = say("trial.loading", { percent: Math.round((100 * done) / total) });
    });
    this.#hint.textContent = "";
  }

  run() {
    const { pictures, alternation } = this.#trial;
    this.#shown = null;
    alternation.start(pictures.reference, () => this.#compressed(), (step) => this.#hear(step));
    this.#timer = setInterval(() => this.#update(), 50);
    this.#update();
    this.#handle.focus();
  }

  halt() {
    clearInterval(this.#timer);
    this.#shown = null;
  }

  get #step() {
    return Number(this.#handle.value);
  }

  // The picture at the handle; while it is not there, the reference, which is no step.
  #compressed() {
    const bitmap = this.#trial.pictures.at(this.#step);
    return bitmap ? [this.#step, bitmap] : [null, this.#trial.pictures.reference];
  }

  #hear(step) {
    if (step !== this.#shown) this.#stays = performance.now();
    this.#shown = step;
  }

  #press(event) {
    if (!this.#trial.isRunning || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in KEYS) {
      event.preventDefault();
      this.#moveTo(this.#step + KEYS[event.key]);
    } else if (event.key === " " && this.#trial.isSwap) {
      event.preventDefault(); // Space swaps, wherever the focus is
    } else if ((event.key === "Enter" || event.key === " ") && !event.repeat && event.target.tagName !== "BUTTON") {
      event.preventDefault();
      if (!this.#next.disabled) this.#answer(false);
    }
  }

  // The handle stops at the last step that may flicker.
  #moveTo(wanted) {
    const step = Math.min(Math.max(wanted, 0), this.#trial.last);
    this.#handle.value = step;
    const ms = Math.round(this.#trial.ms);
    const [before] = this.#moves.slice(-1);
    if (before && ms - before[0] < MOVES_APART_MS) before[1] = step;
    else if (this.#moves.length < MOST_MOVES) this.#moves.push([ms, step]);
    this.#farthest = Math.max(this.#farthest, step);
    this.#trial.pictures.aim(step);
    this.#update();
  }

  #update() {
    const { last } = this.#trial;
    const hasStayed = this.#shown === this.#step && performance.now() - this.#stays >= STAY_MS;
    const hasPassed = this.#step >= 1 && this.#farthest >= Math.min(this.#step + PAST_STEPS, last);
    this.#hasReachedEnd ||= this.#step === last && hasStayed;
    this.#next.disabled = !(hasPassed && hasStayed);
    this.#none.disabled = !this.#hasReachedEnd;
    const key = this.#farthest === 0 ? "first" : !hasPassed ? "past" : !hasStayed ? "stay" : "ready";
    const isThere = this.#trial.pictures.at(this.#step) !== undefined;
    this.#hint.textContent = say(isThere ? `slider.hint.${this.#trial.state.viewing}.${key}` : "slider.hint.wait");
  }

  #answer(isNone) {
    const step = isNone ? this.#trial.last : this.#step;
    this.#trial.answer({ step, censored: isNone, noticed: null, ms_after_flicker: null, moves: this.#moves });
  }
}
