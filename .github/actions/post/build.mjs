// Bundles src/ into dist/index.cjs, which is committed: the runner installs nothing. CI rebuilds and compares it.
// Usage: node build.mjs [FOLDER]
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

const folder = process.argv[2] ?? "dist";

const { metafile } = await build({
  entryPoints: ["src/index.mjs"],
  outfile: path.join(folder, "index.cjs"),
  bundle: true,
  metafile: true,
  platform: "node",
  target: "node24",
  format: "cjs",
  keepNames: true, // the storage client tells its errors apart by name
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "inline",
  // A dependency asks for its own URL, which a CommonJS bundle does not have.
  define: { "import.meta.url": "__import_meta_url" },
  banner: { js: 'const __import_meta_url = require("node:url").pathToFileURL(__filename).href;' },
});

writeFileSync(path.join(folder, "LICENSES.txt"), licences(bundledPackages(Object.keys(metafile.inputs))));

/** The folders of the packages that are in the bundle. */
function bundledPackages(inputs) {
  const found = inputs.map((input) => input.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0]);
  return [...new Set(found.filter(Boolean))].sort();
}

/** What their licences ask to be passed on with them. */
function licences(packages) {
  const texts = packages.map((root) => {
    const { name, version, license } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
    const file = readdirSync(root).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(path.join(root, file), "utf8").trim() : "";
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`).replaceAll("\r\n", "\n");
}
