// The action's place in the job: a private folder, the per-run token and a Python. The proxy is started by the next
// step of the composite (start.py); from here on the job's end reports, whatever happens to that step.
import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as core from "@actions/core";
import { findPython } from "./python.mjs";
import { saveState } from "./state.mjs";

const FORBIDDEN_IN_NAMES = /["<>|:*?\r\n\\/]/; // the artifact service refuses these

export async function prepare() {
  const artifactName = core.getInput("artifact-name");
  const failOn = core.getInput("fail-on");
  const folder = mkdtempSync(path.join(process.env.RUNNER_TEMP || tmpdir(), "guardian-ci-")); // mode 0700
  const token = `gci-${randomBytes(24).toString("hex")}`;
  core.setSecret(token);
  const { python, seen } = findPython(process.env);
  saveState({ folder, python, token, artifactName, failOn });

  const problem = problemOf({ artifactName, failOn, python, seen });
  if (problem) {
    writeFileSync(path.join(folder, "error.txt"), problem); // the job's end tells it again
    throw new Error(problem);
  }
  core.setOutput("folder", folder);
  core.setOutput("token", token);
  core.setOutput("python", python);
}

function problemOf({ artifactName, failOn, python, seen }) {
  if (process.platform === "win32") return "guardian-ci runs on Linux and macOS runners; this one is Windows";
  if (failOn !== "violation" && failOn !== "never") {
    return `fail-on is "${failOn}"; write "violation" (a violation fails the job) or "never"`;
  }
  if (!artifactName || FORBIDDEN_IN_NAMES.test(artifactName)) {
    return `artifact-name is "${artifactName}"; it must not be empty or hold any of " < > | : * ? \\ / or a line break`;
  }
  if (!python) {
    return (
      `No Python 3.11 or newer with pip was found (${seen.join("; ") || "none at all"}). ` +
      'Add a step `uses: actions/setup-python` with `python-version: "3.12"` before guardian-ci.'
    );
  }
  return "";
}
