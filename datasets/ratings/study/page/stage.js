// One canvas over the whole window: a pixel of it is a pixel of the screen, and a picture's pixels are k x k of them.

const SURROUND = "#808080";

export class Stage {
  #canvas;
  #context;
  #covered; // what stands over the canvas at its lower end
  #shown = null; // the bitmap, and how many times as large

  constructor(canvas, covered) {
    this.#canvas = canvas;
    this.#covered = covered;
    this.#context = canvas.getContext("2d", { alpha: false });
    new ResizeObserver(([entry]) => this.#resize(entry)).observe(canvas, { box: "device-pixel-content-box" });
  }

  set isOpen(isOpen) {
    this.#canvas.hidden = this.#covered.hidden = !isOpen;
    document.body.classList.toggle("rating", isOpen);
    if (!isOpen) this.#shown = null;
  }

  /** Whether a picture of this size, k times as large, has room. */
  hasRoom(width, height, k) {
    return width * k <= this.#canvas.width && height * k <= this.#freeHeight();
  }

  show(bitmap, k) {
    const isNew = this.#shown?.[0].width !== bitmap.width || this.#shown[0].height !== bitmap.height || this.#shown[1] !== k;
    if (isNew) this.#fill();
    this.#shown = [bitmap, k];
    this.#draw();
  }

  blank() {
    this.#shown = null;
    this.#fill();
  }

  #resize(entry) {
    const [{ inlineSize, blockSize }] = entry.devicePixelContentBoxSize;
    this.#canvas.width = inlineSize;
    this.#canvas.height = blockSize;
    this.#fill();
    if (this.#shown) this.#draw();
    this.#canvas.dispatchEvent(new Event("resize")); // the window's own comes before the canvas has its new size
  }

  #fill() {
    this.#context.fillStyle = SURROUND;
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  #draw() {
    const [bitmap, k] = this.#shown;
    const [width, height] = [bitmap.width * k, bitmap.height * k];
    const left = Math.floor((this.#canvas.width - width) / 2);
    const top = Math.floor((this.#freeHeight() - height) / 2);
    this.#context.imageSmoothingEnabled = false;
    this.#context.drawImage(bitmap, left, top, width, height);
  }

  #freeHeight() {
    return this.#canvas.height - Math.ceil(this.#covered.offsetHeight * devicePixelRatio);
  }
}
