// The picture at a level against its reference: a slider between them, and a flicker. Off until it is asked for.
"use strict";
const HALF_PERIOD_MS = 1000 / 8 / 2; // at 8 Hz each picture stands for a sixteenth of a second
const viewer = document.querySelector("[data-viewer]");
if (viewer) start(viewer);

function start(viewer) {
  const part = (name) => viewer.querySelector(`.${name}`);
  const [level, what, split, press, stage, said] = ["level", "what", "split", "flicker", "stage", "said"].map(part);
  const [reference, compressed] = [part("reference"), part("compressed")];
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let running = 0;
  reference.src = document.querySelector("[data-reference] img").src;

  function choose() {
    const chosen = document.querySelector(`[data-level="${CSS.escape(level.value)}"][data-what="${what.value}"] img`);
    compressed.src = chosen.src;
    compressed.alt = chosen.alt;
    place();
  }
  function place() {
    // While it flickers, and for the error map, the whole picture counts and not a part of it.
    const cut = running || what.value === "error" ? 0 : Number(split.value);
    compressed.style.clipPath = `inset(0 0 0 ${cut}%)`;
    part("divider").style.left = `${cut}%`;
    part("divider").hidden = cut === 0 || cut === 100;
    split.disabled = Boolean(running) || what.value === "error";
    split.setAttribute("aria-valuetext", `reference on the left ${split.value} per cent`);
  }
  function show(isVisible) {
    compressed.classList.toggle("off", !isVisible);
  }
  function stop() {
    if (running) cancelAnimationFrame(running);
    running = 0;
    show(true);
    press.setAttribute("aria-pressed", "false");
    said.textContent = "";
    place();
  }
  function flicker() {
    const begun = performance.now();
    const tick = (now) => {
      show(Math.floor((now - begun) / HALF_PERIOD_MS) % 2 === 0);
      running = requestAnimationFrame(tick);
    };
    running = requestAnimationFrame(tick);
    press.setAttribute("aria-pressed", "true");
    said.textContent = "Flickering at 8 Hz. At the JND people see nothing; past it they do.";
    place();
  }
  function swap() {
    const isReference = !compressed.classList.contains("off");
    show(!isReference);
    press.setAttribute("aria-pressed", String(isReference));
    said.textContent = isReference ? "This is the reference." : "This is the compressed picture.";
  }
  function label() {
    stop();
    press.textContent = still.matches ? "Swap with the reference" : "Flicker (8 Hz)";
  }
  press.addEventListener("click", () => (still.matches ? swap() : running ? stop() : flicker()));
  level.addEventListener("change", choose);
  what.addEventListener("change", choose);
  split.addEventListener("input", place);
  still.addEventListener("change", label);
  document.addEventListener("visibilitychange", () => document.hidden && running && stop());
  addEventListener("beforeprint", () => (document.querySelector(".gallery").open = true));
  // One pixel of the picture on one of the screen: scaling would hide, or invent, what is to be seen.
  const size = () => {
    stage.style.width = `${Number(stage.dataset.width) / devicePixelRatio}px`;
    stage.style.height = `${Number(stage.dataset.height) / devicePixelRatio}px`;
  };
  addEventListener("resize", size);
  size();
  label();
  choose();
  viewer.hidden = false;
}
