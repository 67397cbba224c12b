// Before and after the trials: consent and warning, waiting, thanks, withdrawal.

import { asksForLessMotion } from "./display.js";
import { make, paragraph, say, showPanel, tick } from "./elements.js";
import { ask, Refused, sendUnsent } from "./outbox.js";

const INVITATION = "jnd-rate-invitation";

/** The state to begin with. An invitation in the address counts more than whoever used this browser before. */
export async function firstState() {
  const state = await sendUnsent();
  const invitation = takeInvitation();
  if (!invitation || state.stage === "welcome") return state;
  try {
    return await ask("/api/session", { invitation });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return ask("/api/leave", {}); // an invitation that nobody has used yet
  }
}

/** Tell what it is about and ask for consent. Resolves to the state that follows. */
export function welcome(state) {
  const invitation = sessionStorage.getItem(INVITATION);
  const { study } = state;
  const minutes = study.minutes ? say("welcome.minutes", { minutes: Math.ceil(study.minutes) }) : "";
  const children = [
    make("h1", {}, say("welcome.title")),
    make("p", { className: "lead" }, `${say(`welcome.lead.${study.trial}`, study)} ${minutes}`),
  ];
  if (state.needs_invitation && !invitation) {
    showPanel("page", [...children, make("p", { className: "warning" }, say("welcome.no_invitation"))]);
    return new Promise(() => {});
  }
  const consent = make("div", { className: "consent", tabIndex: 0, role: "region", "aria-label": say("welcome.consent") }, state.consent);
  const [adult, vision, agree] = ["adult", "vision", "agree"].map((name) => tick(`welcome.${name}`, true));
  const photosensitive = tick("welcome.photosensitive");
  const sentence = make("p", { className: "refused", role: "alert" });
  const begin = make("button", { className: "main" }, say("welcome.begin"));
  return new Promise((resolve) => {
    const submit = async (event) => {
      event.preventDefault();
      begin.disabled = true;
      try {
        const next = await ask("/api/session", {
          invitation,
          consent_sha256: state.consent_sha256,
          adult: adult.box.checked,
          vision: vision.box.checked,
          photosensitive: photosensitive.box.checked,
          reduced_motion: asksForLessMotion(),
        });
        sessionStorage.removeItem(INVITATION);
        resolve(next);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        sentence.textContent = error.message;
        begin.disabled = false;
      }
    };
    const warning = make(
      "div",
      { className: "warning" },
      make("h2", {}, say("welcome.warning_title")),
      paragraph("welcome.warning"),
      photosensitive.label,
      asksForLessMotion() ? paragraph("welcome.less_motion") : null,
    );
    const form = make(
      "form",
      { onsubmit: submit },
      make("h2", {}, say("welcome.consent")),
      consent,
      warning,
      ...[adult, vision, agree].map(({ label }) => label),
      sentence,
      make("p", { className: "buttons" }, begin),
    );
    showPanel("page", [...children, form, withdrawal("", resolve)]);
  });
}

/** All is rated: the code, and the way to take everything back. */
export function done(state) {
  const code = make("output", { className: "code" }, state.withdrawal_code);
  const copy = make("button", { type: "button" }, say("done.copy"));
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(state.withdrawal_code);
    copy.textContent = say("done.copied");
  });
  return new Promise((resolve) => {
    showPanel("page", [
      make("h1", {}, say("done.title")),
      make("p", { className: "lead" }, say("done.lead", { ratings: state.ratings })),
      make("h2", {}, say("done.code_title")),
      make("p", { className: "buttons start" }, code, copy),
      paragraph("done.code"),
      withdrawal(state.withdrawal_code, resolve),
      somebodyElse(resolve),
    ]);
  });
}

/** Everything was deleted. */
export function withdrawn() {
  return new Promise((resolve) => {
    showPanel("page", [make("h1", {}, say("withdrawn.title")), paragraph("withdrawn.lead"), somebodyElse(resolve)]);
  });
}

/** Others are rating what is left: ask again in a while. */
export async function pause(state) {
  const seconds = state.retry_s;
  const code = state.withdrawal_code ? paragraph("stopped.leave", { code: state.withdrawal_code }) : null;
  showPanel("page", [make("h1", {}, say("pause.title")), paragraph("pause.lead", { seconds }), code]);
  await new Promise((over) => setTimeout(over, 1000 * seconds));
  return ask("/api/state");
}

function withdrawal(code, resolve) {
  const field = make("input", { type: "text", value: code, required: true, autocomplete: "off", spellcheck: false });
  const sentence = make("p", { className: "refused", role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    try {
      await ask("/api/withdraw", { code: field.value.trim() });
      resolve({ stage: "withdrawn" });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      sentence.textContent = error.message;
    }
  };
  const label = make("label", {}, say("withdraw.code"), field);
  const button = make("button", { className: "danger" }, say("withdraw.button"));
  const form = make("form", { onsubmit: submit }, paragraph("withdraw.how"), label, button, sentence);
  return make("details", { className: "withdraw" }, make("summary", {}, say("withdraw.title")), form);
}

function somebodyElse(resolve) {
  const leave = async () => resolve(await ask("/api/leave", {}));
  const button = make("button", { type: "button", onclick: leave }, say("done.somebody_else"));
  return make("p", { className: "buttons start next" }, button);
}

// The token stands behind the # of the address, which no server's log has; it does not stay there.
function takeInvitation() {
  const token = location.hash.slice(1);
  if (!token) return null;
  sessionStorage.setItem(INVITATION, token);
  history.replaceState(null, "", location.pathname);
  return token;
}
