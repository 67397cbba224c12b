// One trial: opens its pictures, tells what to do, stops what alternates when it must, and sends the answer.

import { checkedRatio, measureFrameMs } from "./display.js";
import { hidePanel, make, paragraph, say, sayAll, showPanel } from "./elements.js";
import { Flicker, Swap } from "./flicker.js";
import { sendAnswer, sendUnsent } from "./outbox.js";
import { Pictures } from "./pictures.js";
import { Slider } from "./slider.js";
import { Stage } from "./stage.js";
import { YesNo } from "./yes_no.js";

const canvas = document.getElementById("stage");
const bar = document.getElementById("bar");
let stage = null;
let isFirst = true; // since the page was opened

/** Run a trial. Resolves to the state that follows. */
export async function trial(state) {
  stage ??= new Stage(canvas, bar);
  const opened = new Trial(state);
  try {
    return await opened.run();
  } finally {
    opened.close();
    isFirst = false;
  }
}

export const closeStage = () => {
  if (stage) stage.isOpen = false;
};

class Trial {
  alternation = null;
  #task;
  #leave = new AbortController();
  #finish;
  #finished;
  #ranMs = 0; // while the picture was to be seen
  #runsSince = null;
  #isAnswered = false;
  #problem = null; // the one that a panel tells

  constructor(state) {
    this.state = state;
    this.isSwap = state.viewing === "swap";
    this.last = this.isSwap ? state.steps : Math.min(state.steps, state.flickers_until);
    this.#finished = new Promise((resolve) => (this.#finish = resolve));
    this.pictures = new Pictures(state, this.last, () => this.#finish(sendUnsent()));
    this.#task = state.kind === "slider" ? new Slider(this) : new YesNo(this);
  }

  async run() {
    bar.className = this.state.kind;
    bar.replaceChildren(...this.#task.controls(), this.#progress());
    bar.inert = true;
    stage.isOpen = true;
    stage.blank();
    for (const left of ["blur", "pagehide"]) this.listen(window, left, () => this.#halt());
    this.listen(document, "visibilitychange", () => this.#halt());
    this.listen(document, "fullscreenchange", () => document.fullscreenElement || this.#halt());
    this.listen(window, "keydown", (event) => event.key === "Escape" && this.#halt());
    for (const sized of [window, canvas, visualViewport]) this.listen(sized, "resize", () => this.#lookAgain());
    const opened = this.#open();
    if (this.#isToldHow) await Promise.race([this.#tellHow(), this.#finished]);
    await Promise.race([opened, this.#finished]);
    this.#goOn();
    return this.#finished;
  }

  close() {
    this.#rest();
    this.#isAnswered = true;
    this.#leave.abort();
    this.pictures.close();
    hidePanel();
  }

  show(bitmap) {
    stage.show(bitmap, this.state.zoom_k);
  }

  blank() {
    stage.blank();
  }

  /** Milliseconds of this trial in which the picture was to be seen, or the question. */
  get ms() {
    return this.#ranMs + (this.isRunning ? performance.now() - this.#runsSince : 0);
  }

  get isRunning() {
    return this.#runsSince !== null;
  }

  /** Listen until the trial is over. */
  listen(target, name, hear) {
    target.addEventListener(name, hear, { signal: this.#leave.signal });
  }

  /** Send the answer, once; whatever is pressed afterwards changes nothing. */
  answer(answer) {
    if (this.#isAnswered || !this.isRunning) return;
    this.#isAnswered = true;
    this.#rest();
    bar.inert = true;
    this.#finish(
      sendAnswer({
        trial: this.state.trial,
        ...answer,
        ms: Math.round(this.ms),
        ...this.alternation.report(),
        device_pixel_ratio: devicePixelRatio,
        viewport: [innerWidth, innerHeight],
      }),
    );
  }

  async #open() {
    const [frameMs] = await Promise.all([measureFrameMs(), this.pictures.openReference().then(() => this.#task.open())]);
    const show = (bitmap) => this.show(bitmap);
    this.alternation = this.isSwap ? new Swap(show, canvas) : new Flicker(show, this.state.switch_ms, frameMs);
  }

  #progress() {
    const [done, total] = this.state.progress;
    const sentence = say(this.state.practice ? "trial.practice" : `${this.#task.name}.progress`, { done: done + 1, total });
    const shown = make("progress", { max: total, value: this.state.practice ? 0 : done, "aria-label": sentence });
    return make("p", { className: "progress" }, make("span", {}, sentence), shown);
  }

  get #isToldHow() {
    return isFirst || this.state.practice || this.state.feedback;
  }

  // What to do, at the beginning and whenever the page was opened again; else how the last practice went.
  #tellHow() {
    const { practice, feedback, viewing } = this.state;
    const [name, go] = [this.#task.name, practice ? "trial.start_practice" : "trial.start"];
    if (feedback && !isFirst) {
      const next = paragraph(practice ? "trial.practise_on" : "trial.now_it_counts");
      return this.#ask([make("h1", {}, say("trial.feedback")), paragraph(`feedback.${feedback}`), next], go);
    }
    const lines = sayAll(`${name}.how.${viewing}`).map((line) => make("li", {}, line));
    return this.#ask([make("h1", {}, say(`${name}.title`)), make("ol", {}, ...lines)], go);
  }

  // A panel over the grey; resolves when its button is pressed.
  #ask(children, go) {
    return new Promise((pressed) => {
      const button = make("button", { className: "main", type: "button", onclick: pressed }, say(go));
      showPanel("over", [...children, make("p", { className: "buttons" }, button)], button);
    });
  }

  #goOn() {
    if (this.#isAnswered) return;
    hidePanel();
    this.#problem = this.#findProblem();
    if (this.#problem) return this.#tellProblem();
    bar.inert = false;
    this.#runsSince = performance.now();
    this.#task.run();
  }

  // Nothing alternates from here on, and the surround is grey.
  #rest() {
    this.#ranMs = this.ms;
    this.#runsSince = null;
    this.alternation?.stop();
    this.#task.halt();
    stage.blank();
  }

  async #halt() {
    if (!this.isRunning) return;
    this.#rest();
    bar.inert = true;
    const code = this.state.withdrawal_code;
    const lines = [make("h1", {}, say("stopped.title")), paragraph("stopped.how")];
    if (code) lines.push(paragraph("stopped.leave", { code }));
    await this.#ask(lines, "stopped.go_on");
    this.#goOn();
  }

  #lookAgain() {
    const problem = this.#findProblem();
    if (this.isRunning && problem) {
      this.#rest();
      bar.inert = true;
      this.#problem = problem;
      this.#tellProblem();
    } else if (this.#problem && problem !== this.#problem) {
      this.#goOn();
    }
  }

  #findProblem() {
    const { width, height, zoom_k: k } = this.state;
    if (checkedRatio() !== devicePixelRatio || visualViewport.scale !== 1) return "ratio"; // two fingers change the scale alone
    return stage.hasRoom(width, height, k) ? null : "room";
  }

  #tellProblem() {
    const again = () => this.#finish(this.state.checks);
    const full = () => document.documentElement.requestFullscreen();
    const isRatio = this.#problem === "ratio";
    const button = make("button", { className: "main", type: "button", onclick: isRatio ? again : full }, say(`problem.${this.#problem}.button`));
    const children = [make("h1", {}, say(`problem.${this.#problem}.title`)), paragraph(`problem.${this.#problem}.how`)];
    showPanel("over", [...children, make("p", { className: "buttons" }, button)], button);
  }
}
