// Stops the proxy and finds out how its log ends. Over HTTP, not by a signal: that works on every system and in
// containers, where nobody reaps a dead process and its id proves nothing.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const TAIL_BYTES = 64 * 1024;
const PATIENCE_MS = 150_000; // longer than the default of timeouts.drain_seconds
const POLL_MS = 100;

/**
 * Asks the proxy to stop and waits until its log has its end marker, the proxy is gone, or patience ends.
 * The report judges the log afterwards; nothing is decided here.
 *
 * @param {{baseUrl: string, token: string, log: string, patience?: number}} run
 */
export async function stopProxy({ baseUrl, token, log, patience = PATIENCE_MS }) {
  const deadline = Date.now() + patience;
  let gone = !(await request("POST", `${baseUrl}/guardian/stop`, token));
  while (!logHasEnded(log) && !gone && Date.now() < deadline) {
    await sleep(POLL_MS);
    gone = !(await request("GET", `${baseUrl}/healthz`, token));
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

/** Whether anything answered. An own agent, so that no proxy variable of a later step gets between. */
function request(method, url, token) {
  return new Promise((resolve) => {
    const agent = new http.Agent();
    const sent = http.request(url, { method, agent, timeout: 10_000, headers: { authorization: `Bearer ${token}` } });
    sent.on("response", (response) => response.resume().on("close", () => resolve(true)));
    sent.on("timeout", () => sent.destroy());
    sent.on("error", (error) => resolve(error.code !== "ECONNREFUSED" && error.code !== "ECONNRESET"));
    sent.end();
  });
}
