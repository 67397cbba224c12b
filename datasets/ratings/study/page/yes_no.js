// The yes/no task: the picture flickers for two seconds or not, then grey, then the question.

import { make, say } from "./elements.js";

const GREY_MS = 600; // before it starts

export class YesNo {
  name = "yes_no";
  #trial;
  #hint = make("p", { className: "hint", role: "status" });
  #no = make("button", { type: "button", onclick: () => this.#answer(false) });
  #yes = make("button", { type: "button", onclick: () => this.#answer(true) });
  #timer = 0;
  #askedAt = null; // when the answer was first to be given

  constructor(trial) {
    this.#trial = trial;
    this.#no.append(make("kbd", {}, "←"), say("yes_no.no"));
    this.#yes.append(say("yes_no.yes"), make("kbd", {}, "→"));
  }

  controls() {
    this.#trial.listen(window, "keydown", (event) => this.#press(event));
    this.#wait("yes_no.hint.grey");
    return [this.#hint, make("p", { className: "buttons question" }, this.#no, this.#yes)];
  }

  async open() {
    this.#hint.textContent = say("trial.loading", { percent: 0 });
    await this.#trial.pictures.openOnly(this.#trial.state.shown);
    this.#hint.textContent = "";
  }

  run() {
    this.#wait("yes_no.hint.grey");
    this.#trial.blank();
    this.#timer = setTimeout(() => this.#show(), GREY_MS);
  }

  halt() {
    clearTimeout(this.#timer);
  }

  #show() {
    const { pictures, alternation, isSwap, last, state } = this.#trial;
    this.#wait(`yes_no.hint.${state.viewing}`);
    // Never above the limit; the server does not ask for it.
    const step = Math.min(state.shown, last);
    let swaps = 0;
    const hear = () => {
      swaps += 1;
      if (isSwap && swaps === 2) this.#ask();
    };
    alternation.start(pictures.reference, () => [step, pictures.at(step)], hear);
    if (!isSwap) this.#timer = setTimeout(() => this.#end(), state.show_ms);
  }

  #end() {
    this.#trial.alternation.stop();
    this.#trial.blank();
    this.#ask();
  }

  #wait(key) {
    this.#askedAt = null;
    this.#no.disabled = this.#yes.disabled = true;
    this.#hint.textContent = say(key);
  }

  #ask() {
    this.#askedAt = performance.now();
    this.#no.disabled = this.#yes.disabled = false;
    this.#hint.textContent = say(`yes_no.question.${this.#trial.state.viewing}`);
  }

  #press(event) {
    if (this.#askedAt === null || event.repeat || event.altKey || event.ctrlKey || event.metaKey) return;
    const key = event.key.toLowerCase();
    if (key === "arrowleft" || key === say("yes_no.no_key")) this.#answer(false);
    if (key === "arrowright" || key === say("yes_no.yes_key")) this.#answer(true);
  }

  #answer(noticed) {
    if (this.#askedAt === null) return;
    const ms_after_flicker = Math.round(performance.now() - this.#askedAt);
    this.#trial.answer({ step: this.#trial.state.shown, censored: false, noticed, ms_after_flicker, moves: [] });
  }
}
