// The report of a run that nothing else can report on: no Python was found, or the installation failed.
// Everything else is reported by `guardian-ci report`, a missing log included.

/** @param {string} why  What happened, in the proxy's or the start step's own words: untrusted text. */
export function junitOf(why) {
  const text = escapeXml(why);
  return `<?xml version="1.0" encoding="utf-8"?>
<testsuites>
  <testsuite name="guardian-ci" tests="1" failures="1" errors="0" skipped="0">
    <testcase name="run_integrity" classname="guardian-ci">
      <failure type="run_integrity" message="The run cannot be vouched for">${text}</failure>
    </testcase>
  </testsuite>
</testsuites>
`;
}

/** @param {string} why */
export function summaryOf(why) {
  const fence = "`".repeat(Math.max(3, ...[...why.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return `## ❌ guardian-ci: violation

The run cannot be vouched for (\`run_integrity\`): there is no whole log of what the agent did.

${fence}text
${printable(why)}
${fence}
`;
}

function escapeXml(text) {
  return printable(text).replace(/[<>&"']/g, (character) => `&#${character.codePointAt(0)};`);
}

/** Without the characters that XML forbids (and a terminal may obey). */
export function printable(text) {
  return text.toWellFormed().replace(/[^\t\n\u0020-\u007e\u00a0-\ufffd\u{10000}-\u{10ffff}]/gu, "");
}
