// Bundles src/ into dist/index.cjs, which is committed: the runner installs nothing. CI rebuilds and compares it.
import { build } from "esbuild";

await build({
  entryPoints: ["src/index.mjs"],
  outfile: process.argv[2] ?? "dist/index.cjs",
  bundle: true,
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
