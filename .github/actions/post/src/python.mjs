// Finds a Python for the proxy: the one that a setup step chose, the PATH's, then the runner's tool cache.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";

// -I: no PYTHONPATH, no user site, nothing of the workspace.
const PROBE = [
  "-I",
  "-c",
  "import importlib.util, sys; print(sys.executable, '%d.%d' % sys.version_info[:2], bool(importlib.util.find_spec('pip')), sep='\\n')",
];

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {{python: string, seen: string[]}} the absolute path, empty where none will do, and what was seen instead
 */
export function findPython(env) {
  const seen = [];
  for (const candidate of candidates(env)) {
    const probe = spawnSync(candidate, PROBE, { encoding: "utf8", timeout: 20_000 });
    if (probe.status !== 0) continue;
    const [executable, version, pip] = probe.stdout.trim().split("\n");
    const [major, minor] = version.split(".").map(Number);
    if (major !== 3 || minor < 11) seen.push(`${executable} is ${version}`);
    else if (pip !== "True") seen.push(`${executable} has no pip`);
    else return { python: executable, seen };
  }
  return { python: "", seen };
}

function* candidates(env) {
  if (env.pythonLocation) yield inside(env.pythonLocation);
  yield* ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11"];
  const cache = env.RUNNER_TOOL_CACHE && path.join(env.RUNNER_TOOL_CACHE, "Python");
  for (const version of cache ? folders(cache).sort(newestFirst) : []) {
    for (const architecture of folders(path.join(cache, version))) {
      yield inside(path.join(cache, version, architecture));
    }
  }
}

function inside(folder) {
  return path.join(folder, "bin", "python3");
}

function folders(parent) {
  try {
    return readdirSync(parent, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [] : [entry.name]));
  } catch {
    return []; // no tool cache here
  }
}

function newestFirst(a, b) {
  return b.localeCompare(a, "en", { numeric: true });
}
