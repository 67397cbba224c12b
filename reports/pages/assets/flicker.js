// The picture at a level against its reference: a slider between them, and a flicker where nobody can come to harm.
"use strict";
const WANTED_MS = 125; // between two switches, as KonJND-1k's raters saw it
const SHORTEST_MS = 90; // whatever a stuttering screen makes of a frame's length
const FRAMES_TIMED = 20; // to find out how long a frame is
const SLOWEST_SWAP_MS = 334; // by hand: at most three swaps a second, whatever is pressed
const HELD_MS = 300; // longer is holding a button down, shorter is pressing it
const viewer = document.querySelector("[data-viewer]");
if (viewer) start(viewer);

function start(viewer) {
  const part = (name) => viewer.querySelector(`.${name}`);
  const [level, what, split, press, stage, said] = ["level", "what", "split", "flicker", "stage", "said"].map(part);
  const [reference, compressed, warning] = [part("reference"), part("compressed"), part("caution")];
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let running = 0; // the frame that is waited for
  let warned = remembered();
  let swapped = false, isDown = false, turn = 0;
  let turnedAt = -Infinity, downAt = -Infinity, upAt = -Infinity;
  reference.src = document.querySelector("[data-reference] img").src;

  // How the two may be shown in turn: "flicker", "swap" by hand, or "" not at all; and why not as a flicker.
  function manner() {
    if (what.value === "error") return ["", "The error map is not flickered: a map and a photograph in turn flash."];
    const chosen = level.selectedOptions[0].dataset;
    if (chosen.flash) return ["swap", `Swapped by hand, not flickered: ${chosen.flash}`];
    return still.matches ? ["swap", "Swapped by hand, as your system asks for less motion."] : ["flicker", ""];
  }
  function choose() {
    const chosen = document.querySelector(`[data-level="${CSS.escape(level.value)}"][data-what="${what.value}"] img`);
    compressed.src = chosen.src;
    compressed.alt = chosen.alt;
    stop();
  }
  function place() {
    // While they are shown in turn, and for the error map, the whole picture counts and not a part of it.
    const isWhole = Boolean(running) || swapped || what.value === "error";
    const cut = isWhole ? 0 : Number(split.value);
    compressed.style.clipPath = `inset(0 0 0 ${cut}%)`;
    part("divider").style.left = `${cut}%`;
    part("divider").hidden = cut === 0 || cut === 100;
    split.disabled = isWhole;
    split.setAttribute("aria-valuetext", `reference on the left ${split.value} per cent`);
  }
  function show(isCompressed) {
    compressed.classList.toggle("off", !isCompressed);
  }
  // Everything as at the beginning, for what is chosen now.
  function stop() {
    cancelAnimationFrame(running);
    clearTimeout(turn);
    if (swapped) turnedAt = performance.now();
    running = 0;
    swapped = isDown = false;
    show(true);
    const [how, why] = manner();
    press.disabled = how === "";
    press.textContent = how === "swap" ? "Swap with the reference" : "Flicker";
    press.setAttribute("aria-pressed", "false");
    said.textContent = why;
    place();
  }

  function flicker() {
    if (!warned) return warning.showModal();
    const times = [];
    let frameMs = 0, frames = 0, begun = 0, last = 0, switches = 0;
    const tick = (now) => {
      running = requestAnimationFrame(tick);
      if (!frames) {
        times.push(now);
        if (times.length <= FRAMES_TIMED) return;
        const lengths = times.slice(1).map((time, place) => time - times[place]).sort((one, other) => one - other);
        frameMs = lengths[FRAMES_TIMED / 2];
        frames = Math.max(1, Math.round(WANTED_MS / frameMs + 0.05)); // at 60 Hz 7.5: the slower, so 8
        begun = last = now;
      } else if (now - last > Math.max((frames - 0.5) * frameMs, SHORTEST_MS)) {
        show(compressed.classList.contains("off"));
        last = now;
        switches += 1;
        if (switches === 8) tell((now - begun) / switches, frames, 1000 / frameMs);
      }
    };
    running = requestAnimationFrame(tick);
    press.setAttribute("aria-pressed", "true");
    said.textContent = "Flickering. Press again, or Escape, to stop.";
    place();
  }
  function tell(ms, frames, hertz) {
    const frame = frames === 1 ? "one frame" : `${frames} frames`;
    said.textContent =
      `Flickering: a switch every ${ms.toFixed(0)} ms (wanted ${WANTED_MS}; ${frame} at ${hertz.toFixed(0)} Hz). ` +
      "At the JND observers see nothing; past it they do. Press again, or Escape, to stop.";
  }

  // By hand: held down, the reference shows until it is let go; pressed shortly, until it is pressed again.
  function swapTo(isReference) {
    clearTimeout(turn);
    turn = setTimeout(() => {
      turnedAt = performance.now();
      swapped = isReference;
      show(!isReference);
      press.setAttribute("aria-pressed", String(isReference));
      said.textContent = isReference ? "This is the reference." : "This is the compressed picture.";
      place();
    }, Math.max(0, turnedAt + SLOWEST_SWAP_MS - performance.now()));
  }
  function down() {
    if (isDown || manner()[0] !== "swap") return;
    [isDown, downAt] = [true, performance.now()];
    swapTo(!swapped);
  }
  function up() {
    if (!isDown) return;
    [isDown, upAt] = [false, performance.now()];
    if (upAt - downAt > HELD_MS) swapTo(false);
  }
  const isKey = (event) => event.key === " " || event.key === "Enter";
  press.addEventListener("pointerdown", down);
  addEventListener("pointerup", up);
  addEventListener("pointercancel", up);
  press.addEventListener("keydown", (event) => isKey(event) && !event.repeat && down());
  addEventListener("keyup", (event) => isKey(event) && up());
  press.addEventListener("click", () => {
    if (manner()[0] === "flicker") return running ? stop() : flicker();
    if (!isDown && performance.now() - upAt > 100) swapTo(!swapped); // by a screen reader, which holds nothing down
  });

  // The warning comes once, before the first flicker.
  function remembered() {
    try {
      return sessionStorage.getItem("flicker-warned") === "yes";
    } catch {
      return false; // a browser that keeps nothing for files
    }
  }
  part("go-on").addEventListener("click", () => {
    warned = true;
    try {
      sessionStorage.setItem("flicker-warned", "yes");
    } catch {
      // the page remembers it
    }
    warning.close();
    flicker();
  });
  part("leave-off").addEventListener("click", () => warning.close());

  level.addEventListener("change", choose);
  what.addEventListener("change", choose);
  split.addEventListener("input", place);
  still.addEventListener("change", stop);
  addEventListener("keydown", (event) => event.key === "Escape" && stop());
  document.addEventListener("visibilitychange", stop);
  for (const left of ["blur", "pagehide", "beforeprint"]) addEventListener(left, stop);
  addEventListener("beforeprint", () => (document.querySelector(".gallery").open = true));
  // One pixel of the picture on one of the screen: scaling would hide, or invent, what is to be seen.
  const size = () => {
    stage.style.width = `${Number(stage.dataset.width) / devicePixelRatio}px`;
    stage.style.height = `${Number(stage.dataset.height) / devicePixelRatio}px`;
  };
  addEventListener("resize", size);
  size();
  choose();
  viewer.hidden = false;
}
