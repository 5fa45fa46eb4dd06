// Stops the proxy and waits for its log's last line. Over HTTP, not by a signal: that works on every system.
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const TAIL_BYTES = 64 * 1024;
const PATIENCE_MS = 150_000; // longer than the default of timeouts.drain_seconds
const POLL_MS = 100;

/**
 * Asks the proxy to stop and waits until its log has its end marker, the proxy has died, or patience ends.
 * The report judges the log afterwards; nothing is decided here.
 *
 * @param {{baseUrl: string, pid: number, token: string, log: string, patience?: number}} run
 */
export async function stopProxy({ baseUrl, pid, token, log, patience = PATIENCE_MS }) {
  const deadline = Date.now() + patience;
  await askToStop(`${baseUrl}/guardian/stop`, token);
  // A closed port proves nothing: open answers are settled after it is closed.
  while (!logHasEnded(log) && isAlive(pid) && Date.now() < deadline) await sleep(POLL_MS);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM"; // it lives, as another user
  }
  try {
    // In a container nobody may reap the dead: a zombie still answers to its id.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true; // no /proc here
  }
}

/** @param {string} log */
export function logHasEnded(log) {
  const last = tail(log).trimEnd().split("\n").at(-1);
  try {
    return JSON.parse(last).type === "run_ended";
  } catch {
    return false; // no line, or a torn one
  }
}

/** The last bytes of a file as text, or nothing where there is no file. */
export function tail(file, bytes = TAIL_BYTES) {
  let descriptor;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const read = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8", 0, read);
  } finally {
    closeSync(descriptor);
  }
}

/** Comes back when the proxy has answered, or cannot. An own agent: no proxy variable of a later step gets between. */
function askToStop(url, token) {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const request = http.request(url, { method: "POST", agent: new http.Agent(), timeout: 10_000, headers });
    request.on("response", (response) => response.resume().on("close", resolve));
    request.on("timeout", () => request.destroy());
    request.on("error", resolve);
    request.end();
  });
}
