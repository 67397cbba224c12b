// The bitmaps of one trial: the reference and its compressed steps, decoded before they are wanted.

import { ask } from "./outbox.js";
import { decode, fetchBitmap } from "./display.js";

const SMALL_PIXELS = 400_000; // up to here every step is decoded: a hundred of them are 160 MB
const NEAR = 10; // above it, steps so near to the handle
const AT_ONCE = 4;

export class Pictures {
  reference = null;
  #path;
  #last;
  #isSmall;
  #files = new Map();
  #bitmaps = new Map();
  #busy = new Set();
  #handle = 0;
  #isClosed = false;
  #whenMore = [];
  #onFailure;

  /** Of a trial, up to the step `last`; `onFailure(error)` hears what the server refuses. */
  constructor({ trial, width, height }, last, onFailure) {
    this.#path = `/api/picture/${trial}`;
    this.#last = last;
    this.#isSmall = width * height <= SMALL_PIXELS;
    this.#onFailure = onFailure;
  }

  async openReference() {
    this.reference = await fetchBitmap(`${this.#path}/0`);
  }

  /** The bitmap of a step, undefined while there is none; step 0 is the reference. */
  at(step) {
    return step === 0 ? this.reference : this.#bitmaps.get(step);
  }

  async openOnly(step) {
    this.#handle = step;
    if (step > 0) await this.#get(step);
  }

  /** Load what is nearest to the handle, then the rest. */
  aim(handle) {
    this.#handle = handle;
    for (const [step, bitmap] of this.#bitmaps) {
      if (this.#isSmall || Math.abs(step - handle) <= 2 * NEAR) continue;
      bitmap.close();
      this.#bitmaps.delete(step);
    }
    while (this.#busy.size < AT_ONCE) {
      const step = this.#next();
      if (step === null) return;
      this.#busy.add(step);
      this.#get(step)
        .catch((error) => this.#isClosed || this.#onFailure(error))
        .finally(() => {
          this.#busy.delete(step);
          if (!this.#isClosed) this.aim(this.#handle);
        });
    }
  }

  /** Resolves when the first steps are there; tells how many of how many are. */
  async whenFirst(count, tell) {
    const wanted = Math.min(count, this.#last, this.#isSmall ? count : NEAR);
    while (!this.#isClosed && this.#bitmaps.size < wanted) {
      tell(this.#bitmaps.size, wanted);
      await new Promise((more) => this.#whenMore.push(more));
    }
  }

  close() {
    this.#isClosed = true;
    for (const bitmap of this.#bitmaps.values()) bitmap.close();
    this.reference?.close();
    this.#bitmaps.clear();
    this.#tellMore();
  }

  #next() {
    let nearest = null;
    for (let step = 1; step <= this.#last; step += 1) {
      const isFar = !this.#isSmall && Math.abs(step - this.#handle) > NEAR;
      const isThere = isFar ? this.#files.has(step) : this.#bitmaps.has(step);
      if (isThere || this.#busy.has(step)) continue;
      if (nearest === null || Math.abs(step - this.#handle) < Math.abs(nearest - this.#handle)) nearest = step;
    }
    return nearest;
  }

  async #get(step) {
    const file = this.#files.get(step) ?? (await ask(`${this.#path}/${step}`, null, "blob"));
    this.#files.set(step, file);
    if (!this.#isSmall && Math.abs(step - this.#handle) > NEAR) return;
    const bitmap = await decode(file);
    if (this.#isClosed) return bitmap.close();
    this.#bitmaps.set(step, bitmap);
    this.#tellMore();
  }

  #tellMore() {
    for (const more of this.#whenMore.splice(0)) more();
  }
}
