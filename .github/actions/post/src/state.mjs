// What the job's end must know. It is kept by the runner, where no later step can change it; inputs are never read
// at the job's end (the runner hands over the wrong ones when the action is wrapped in another).
import * as core from "@actions/core";

const KEY = "guardian";

/** @typedef {{folder: string, python: string, token: string, artifactName: string, failOn: string}} State */

/** @param {State} state */
export function saveState(state) {
  core.saveState(KEY, JSON.stringify(state));
}

/** @returns {State | null} */
export function readState() {
  const text = core.getState(KEY);
  return text ? JSON.parse(text) : null;
}
