// The job's end: stop the proxy, report, upload, judge. Closed on failure: whatever has no whole log is a violation.
import { spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DefaultArtifactClient } from "@actions/artifact";
import * as core from "@actions/core";
import { stopProxy, tail } from "./proxy.mjs";
import { junitOf, printable, summaryOf } from "./unreported.mjs";

const ROOT = path.resolve(__dirname, "../../../.."); // the action's checkout, seen from dist/
const SUMMARY_LIMIT = 1024 * 1024; // the runner drops a larger one whole
const REPORT_SECONDS = 120;

/** @param {import("./state.mjs").State} state */
export async function end(state) {
  const log = path.join(state.folder, "log.ndjson");
  const started = readStarted(state.folder);
  if (started) await stopProxy({ ...started, token: state.token, log });
  showProxyOutput(state.folder);

  const reports = path.join(state.folder, "report");
  rmSync(reports, { recursive: true, force: true }); // only what is written below is ours
  mkdirSync(reports, { mode: 0o700 });
  const clean = report(state, log, reports, started);

  publishSummary(path.join(reports, "summary.md"));
  await upload(state.artifactName, reports);
  judge(clean, state.failOn);
}

/** @returns {boolean} whether the run was clean */
function report(state, log, reports, started) {
  const [junit, summary] = ["junit.xml", "summary.md"].map((name) => path.join(reports, name));
  if (existsSync(log)) copyFileSync(log, path.join(reports, "log.ndjson")); // what is judged is what is uploaded, even if something still writes
  const failure = readText(state.folder, "error.txt");
  const reason = failure || (started ? "the proxy left no log" : "the start of the proxy did not come to its end");
  if (!state.python) return unreported(reports, reason);

  const result = spawnSync(
    state.python,
    [
      ...["-I", "-S", path.join(ROOT, ".github/scripts/launch.py"), path.join(state.folder, "site")],
      ...["report", "log.ndjson", "--junit", junit, "--summary", summary, "--annotations"],
      ...["--expect-log", `--reason=${printable(reason)}`],
    ],
    {
      cwd: reports, // so that the reports name the log as the artifact does
      encoding: "utf8",
      env: scrubbed(process.env),
      timeout: REPORT_SECONDS * 1000,
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  // Python ends with 1 on a crash too: only with both reports is it the report's word.
  if (!(result.status === 0 || result.status === 1) || !existsSync(junit) || !existsSync(summary)) {
    const why = result.stderr || result.error?.message || `it ended by ${result.signal}`;
    return unreported(reports, failure || `The log could not be reported on: ${why}`);
  }
  process.stdout.write(result.stdout); // workflow commands, escaped by the report
  return result.status === 0;
}

function unreported(reports, why) {
  writeFileSync(path.join(reports, "junit.xml"), junitOf(why));
  writeFileSync(path.join(reports, "summary.md"), summaryOf(why));
  core.error(why.slice(0, 4000), { title: "guardian-ci: run_integrity" });
  return false;
}

function publishSummary(file) {
  const target = process.env.GITHUB_STEP_SUMMARY;
  if (!target) return;
  const text = readFileSync(file, "utf8");
  const fits = Buffer.byteLength(text) <= SUMMARY_LIMIT;
  appendFileSync(target, fits ? text : "guardian-ci: the summary is larger than a job summary may be; see the artifact.\n");
}

async function upload(name, folder) {
  const files = readdirSync(folder).map((file) => path.join(folder, file));
  try {
    await new DefaultArtifactClient().uploadArtifact(name, files, folder);
  } catch (error) {
    core.warning(`The artifact ${name} was not uploaded: ${error.message}`, { title: "guardian-ci" });
  }
}

function judge(clean, failOn) {
  core.exportVariable("GUARDIAN_VERDICT", clean ? "clean" : "violation");
  if (clean) return;
  if (failOn === "never") core.warning("A violation was found; fail-on: never lets the job pass.", { title: "guardian-ci" });
  else process.exitCode = 1;
}

/** What start.py left when it started a proxy, or null. */
function readStarted(folder) {
  const text = readText(folder, "started.json");
  return text ? JSON.parse(text) : null;
}

function readText(folder, name) {
  const file = path.join(folder, name);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function showProxyOutput(folder) {
  const text = tail(path.join(folder, "proxy.txt"));
  if (!text) return;
  // The proxy's words may quote an agent's: no line of them is a workflow command.
  core.startGroup("Output of the proxy");
  process.stdout.write(`${text.replace(/^/gm, "| ").trimEnd()}\n`);
  core.endGroup();
}

/** A later step's LD_PRELOAD, PYTHONPATH or proxy variables have no say in the report. */
function scrubbed(env) {
  const kept = ["GITHUB_WORKSPACE", "GITHUB_REPOSITORY", "HOME", "RUNNER_TEMP", "TMPDIR"];
  return Object.fromEntries(kept.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
