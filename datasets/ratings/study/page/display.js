// What this computer, browser and screen are like.

import { ask } from "./outbox.js";
import { sha256 } from "./sha256.js";

const CHECKED = "jnd-rate-checked";

export const isComputer = () => !navigator.userAgentData?.mobile && matchMedia("(any-pointer: fine)").matches;

/** Whether a canvas can have the screen's own pixels. */
export const hasScreenPixels = () =>
  typeof ResizeObserverEntry !== "undefined" && "devicePixelContentBoxSize" in ResizeObserverEntry.prototype;

export const asksForLessMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Name and main version, for instance "chromium 156"; nothing else of the browser's description is sent. */
export function browserName() {
  const chromium = navigator.userAgentData?.brands.find(({ brand }) => brand === "Chromium");
  if (chromium) return `chromium ${chromium.version}`;
  const [, name, version] = /(Firefox|Chrome|Version)\/(\d+)/.exec(navigator.userAgent) ?? [];
  return name ? `${{ Firefox: "firefox", Chrome: "chromium", Version: "safari" }[name]} ${version}` : "other";
}

/** The length of a frame in milliseconds: the median of so many. */
export function measureFrameMs(count = 30) {
  return new Promise((done) => {
    const times = [];
    const tick = (now) => {
      times.push(now);
      if (times.length <= count) return requestAnimationFrame(tick);
      const lengths = times.slice(1).map((time, place) => time - times[place]);
      return done(lengths.sort((one, other) => one - other)[count >> 1]);
    };
    requestAnimationFrame(tick);
  });
}

/** Decode a picture file; a colour profile, were there one, changes nothing. */
export async function fetchBitmap(path) {
  return decode(await ask(path, null, "blob"));
}

export const decode = (file) => createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });

/** What this browser makes of a JPEG: the SHA-256 of its RGBA bytes. */
export async function decodedSha256(path) {
  const bitmap = await fetchBitmap(path);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return sha256(context.getImageData(0, 0, bitmap.width, bitmap.height).data);
}

/** Remember the pixel ratio at which this browser's screen was checked; it must not change. */
export const rememberRatio = (ratio) => localStorage.setItem(CHECKED, ratio);

/** The ratio that was remembered; 0 in a browser in which nothing was checked. */
export const checkedRatio = () => Number(localStorage.getItem(CHECKED));
