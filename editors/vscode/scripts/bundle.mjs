// Bundles the extension into dist/, and says how large it is.
import { readdirSync, rmSync, statSync } from "node:fs";
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

// What is imported when it is needed stays a file of its own, so that activation does not read and parse it.
const apart = {
  name: "apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/server$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./server.js", external: true } : undefined,
    );
  },
};

rmSync("dist", { recursive: true, force: true });
await build({
  bundle: true,
  minify: true,
  logLevel: "warning",
  legalComments: "none",
  outdir: "dist",
  entryPoints: ["src/extension.ts", "src/server.ts"],
  platform: "node",
  target: "node20",
  format: "cjs",
  external: ["vscode"],
  // VS Code gives its API to what is required, not to what is imported.
  supported: { "dynamic-import": false },
  plugins: [withoutUnused, apart],
});

const kib = readdirSync("dist").reduce((sum, name) => sum + statSync(`dist/${name}`).size / 1024, 0);
console.log(`dist: ${kib.toFixed(1)} KiB`);
if (kib > MAXIMUM_KIB) {
  throw new Error(`the bundle is larger than ${MAXIMUM_KIB} KiB`);
}
