// Bundles the extension and the page of its panel into dist/, and says how large they are.
import { statSync } from "node:fs";
import { build } from "esbuild";

const MAXIMUM_KIB = 400;

// The language client registers a feature for everything that a server may offer. Ours offers text synchronization, inline
// completion, commands and configuration: the others become features that do nothing, a quarter of the bundle less to load.
const UNUSED = `callHierarchy codeAction codeLens colorProvider completion declaration definition diagnostic
  documentHighlight documentLink documentSymbol fileOperations foldingRange formatting hover implementation inlayHint
  inlineValue linkedEditingRange reference rename selectionRange semanticTokens signatureHelp textDocumentContent
  typeDefinition typeHierarchy workspaceSymbol`.split(/\s+/);
const NOTHING = `
class Nothing {
  fillClientCapabilities() {}
  initialize() {}
  getState() { return { kind: "static" }; }
  clear() {}
}
module.exports = new Proxy({}, { get: () => Nothing });
`;

const withoutUnused = {
  name: "without-unused-features",
  setup({ onLoad }) {
    const filter = new RegExp(
      `vscode-languageclient[\\\\/]lib[\\\\/]common[\\\\/](${UNUSED.join("|")})\\.js$`,
    );
    onLoad({ filter }, () => ({ contents: NOTHING, loader: "js" }));
  },
};

const common = { bundle: true, minify: true, logLevel: "warning", legalComments: "none" };
await build({
  ...common,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  platform: "node",
  target: "node20",
  format: "cjs",
  external: ["vscode"],
  plugins: [withoutUnused],
});
await build({
  ...common,
  entryPoints: ["src/view.ts"],
  outfile: "dist/view.js",
  format: "iife",
  target: "es2022",
});

const kib = ["dist/extension.js", "dist/view.js"].reduce((sum, path) => sum + statSync(path).size / 1024, 0);
console.log(`dist: ${kib.toFixed(1)} KiB`);
if (kib > MAXIMUM_KIB) {
  throw new Error(`the bundle is larger than ${MAXIMUM_KIB} KiB`);
}
