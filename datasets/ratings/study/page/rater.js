// The rater's page: shows the stage that the server names, one after the other. The server decides everything.

import { checks } from "./checks.js";
import { loadTexts, make, say, showPanel } from "./elements.js";
import { closeStage, trial } from "./trial.js";
import { done, firstState, pause, welcome, withdrawn } from "./welcome.js";

const STAGES = { welcome, checks, trial, done, pause, withdrawn };

async function run() {
  await loadTexts();
  document.title = say("title");
  for (let state = await firstState(); ; ) {
    if (state.stage !== "trial") closeStage();
    state = await STAGES[state.stage](state);
  }
}

addEventListener("pageshow", (event) => event.persisted && location.reload()); // come back to by the browser's "back"
run().catch((error) => {
  closeStage();
  const again = make("button", { className: "main", type: "button", onclick: () => location.reload() }, say("failed.again"));
  showPanel("page", [make("h1", {}, say("failed.title")), make("p", {}, error.message), make("p", { className: "buttons" }, again)]);
  throw error;
});
