// Talks to the server: tries again while it does not answer, and keeps an answer until it is acknowledged.

import { say } from "./elements.js";

const UNSENT = "jnd-rate-unsent";
const LONGEST_WAIT_MS = 15_000;
const GIVEN_UP_MS = 20_000; // for one try
const note = document.getElementById("offline");

/** What the server refuses, with its sentence; with the state to go on with, or null. */
export class Refused extends Error {
  constructor(status, content) {
    super(content?.error ?? String(status));
    this.status = status;
    this.state = content?.state ?? null;
  }
}

/** Ask until there is an answer, and read it as "json" or "blob"; throws `Refused` where the server says no. */
export async function ask(path, body = null, kind = "json") {
  for (let tries = 0; ; tries += 1) {
    const [status, content] = await once(path, body, kind);
    if (status < 500 && status !== 429 && status !== 0) {
      note.hidden = true;
      if (status < 300) return content;
      throw new Refused(status, content);
    }
    if (status !== 429) sayOffline();
    await pause(Math.min(1000 * 2 ** tries, LONGEST_WAIT_MS));
  }
}

/** The status and content of one try; status 0 while offline, or while the server is being started again. */
async function once(path, body, kind) {
  const request = { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(GIVEN_UP_MS) };
  if (body !== null) {
    request.method = "POST";
    request.headers = { "Content-Type": "application/json", "X-JND-Rate": "1" };
    request.body = JSON.stringify(body);
  }
  try {
    const answer = await fetch(path, request);
    if (answer.ok) return [answer.status, await answer[kind]()];
    return [answer.status, await answer.json().catch(() => null)];
  } catch {
    return [0, null];
  }
}

function sayOffline() {
  note.textContent = say(sessionStorage.getItem(UNSENT) ? "offline.answer" : "offline.other");
  note.hidden = false;
}

function pause(milliseconds) {
  return new Promise((done) => {
    const finish = () => {
      clearTimeout(timer);
      removeEventListener("online", finish);
      done();
    };
    const timer = setTimeout(finish, milliseconds);
    addEventListener("online", finish);
  });
}

/** Keep an answer, so that it survives a reload, and send it. Resolves to the state that follows. */
export function sendAnswer(answer) {
  sessionStorage.setItem(UNSENT, JSON.stringify({ attempt: newAttempt(), ...answer }));
  return sendUnsent();
}

/** Send the answer that this tab still keeps, if any, and ask where to go on. */
export async function sendUnsent() {
  const unsent = sessionStorage.getItem(UNSENT);
  let state = null;
  if (unsent) {
    try {
      state = await ask("/api/answer", JSON.parse(unsent));
    } catch (error) {
      // 409: the trial was answered before, here or in another tab. Else: it would be refused again and again.
      if (!(error instanceof Refused)) throw error;
      state = error.state;
    }
    sessionStorage.removeItem(UNSENT);
  }
  return state ?? ask("/api/state");
}

/** A random UUID; `crypto.randomUUID` is only there with TLS or on this computer. */
function newAttempt() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
