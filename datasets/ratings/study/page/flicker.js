// Shows two bitmaps in turn: by itself in whole frames, or by hand while a key or the mouse is held down.

const SHORTEST_SHARE = 0.72; // of the time between switches, whatever a stuttering screen makes of a frame's length
const SLOWEST_SWAP_MS = 334; // by hand: at most three changes a second, whatever is pressed

/** Alternates by itself, in whole frames nearest to `switchMs`; of two equally near, the slower. */
export class Flicker {
  #show;
  #switchMs;
  #frameMs;
  #frame = 0; // the frame that is waited for
  #switches = { count: 0, sum: 0, longest: 0 };
  #frames = { shown: 0, dropped: 0 };

  constructor(show, switchMs, frameMs) {
    [this.#show, this.#switchMs, this.#frameMs] = [show, switchMs, frameMs];
  }

  /** Begin with the reference; `compressed()` gives the step and bitmap of now, `onShown(step)` hears what is shown. */
  start(reference, compressed, onShown) {
    this.stop();
    const frames = Math.max(1, Math.round(this.#switchMs / this.#frameMs + 0.05)); // at 60 Hz 7.5: the slower, so 8
    const apartMs = Math.max((frames - 0.5) * this.#frameMs, SHORTEST_SHARE * this.#switchMs);
    let isReference = true;
    let [switchedAt, before] = [null, null];
    const tick = (now) => {
      this.#frame = requestAnimationFrame(tick);
      if (before !== null) this.#count(now - before);
      before = now;
      if (switchedAt !== null && now - switchedAt <= apartMs) return;
      if (switchedAt === null) {
        this.#show(reference);
      } else {
        this.#remember(now - switchedAt);
        isReference = !isReference;
        const [step, bitmap] = isReference ? [null, reference] : compressed();
        this.#show(bitmap);
        if (!isReference) onShown(step);
      }
      switchedAt = now;
    };
    this.#frame = requestAnimationFrame(tick);
  }

  stop() {
    cancelAnimationFrame(this.#frame);
  }

  /** What the answer stores of how it was shown. */
  report() {
    const { count, sum, longest } = this.#switches;
    const { shown, dropped } = this.#frames;
    return { switch_ms_mean: count ? sum / count : null, switch_ms_max: longest || null, dropped: dropped / Math.max(1, shown + dropped) };
  }

  #count(milliseconds) {
    this.#frames.shown += 1;
    this.#frames.dropped += Math.max(0, Math.round(milliseconds / this.#frameMs) - 1);
  }

  #remember(milliseconds) {
    this.#switches.count += 1;
    this.#switches.sum += milliseconds;
    this.#switches.longest = Math.max(this.#switches.longest, milliseconds);
  }
}

/** Shows the reference, and the compressed picture while Space or the mouse is held. The interface is the flicker's. */
export class Swap {
  #show;
  #target;
  #changedAt = -Infinity;
  #timer = 0;
  #leave = new AbortController();

  constructor(show, target) {
    [this.#show, this.#target] = [show, target];
  }

  start(reference, compressed, onShown) {
    this.stop();
    this.#leave = new AbortController();
    const listen = { signal: this.#leave.signal };
    let isHeld = false;
    let shown = null; // the step, or null for the reference
    const look = () => {
      const [step, bitmap] = isHeld ? compressed() : [null, reference];
      if (shown !== step && performance.now() - this.#changedAt >= SLOWEST_SWAP_MS) {
        this.#changedAt = performance.now();
        shown = step;
        this.#show(bitmap);
        if (step !== null) onShown(step);
      }
    };
    const hold = (isDown) => {
      isHeld = isDown;
      look();
    };
    const isSpace = (event) => event.key === " ";
    addEventListener("keydown", (event) => isSpace(event) && !event.repeat && hold(true), listen);
    addEventListener("keyup", (event) => isSpace(event) && hold(false), listen);
    this.#target.addEventListener("pointerdown", () => hold(true), listen);
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => hold(false), listen);
    this.#show(reference);
    this.#timer = setInterval(look, 30); // for what was asked too soon, and for a handle that moves meanwhile
  }

  stop() {
    clearInterval(this.#timer);
    this.#leave.abort();
  }

  report() {
    return { switch_ms_mean: null, switch_ms_max: null, dropped: 0 };
  }
}
