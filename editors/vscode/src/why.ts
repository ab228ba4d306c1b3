/** The panel "Why no suggestion": the last requests, as the server tells them. */
import { randomBytes } from "node:crypto";
import { type ExtensionContext, Uri, ViewColumn, type Webview, type WebviewPanel, window } from "vscode";
import type { Server } from "./server";

let panel: WebviewPanel | undefined;

export async function showWhy(context: ExtensionContext, server: Server): Promise<void> {
  const folders = ["dist", "media"].map((name) => Uri.joinPath(context.extensionUri, name));
  if (panel === undefined) {
    const opened = window.createWebviewPanel(
      "typethrough.why",
      "Why No Suggestion?",
      { viewColumn: ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: folders },
    );
    panel = opened;
    opened.onDidDispose(() => (panel = undefined));
    opened.iconPath = Uri.joinPath(context.extensionUri, "media", "icon.png");
    // The page asks when it is ready, when its button is clicked, and when it comes back into view.
    opened.webview.onDidReceiveMessage(() => refresh(opened.webview, server));
    opened.webview.html = page(opened.webview, context.extensionUri);
  } else {
    panel.reveal(undefined, true);
    await refresh(panel.webview, server);
  }
}

async function refresh(webview: Webview, server: Server): Promise<void> {
  const message = await server.why().then(
    (entries) => ({ entries }),
    () => ({ entries: [], problem: "The server does not answer. Its log may say why." }),
  );
  await webview.postMessage(message);
}

function page(webview: Webview, root: Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const address = (...path: string[]): string => webview.asWebviewUri(Uri.joinPath(root, ...path)).toString();
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'">
<link rel="stylesheet" href="${address("media", "why.css")}">
<title>Why No Suggestion?</title>
</head>
<body>
<header><h1>Why no suggestion?</h1><button id="refresh">Refresh</button></header>
<p id="note"></p>
<table hidden>
<thead><tr><th>Time</th><th>File</th><th>What happened</th><th>What to do</th><th>Took</th></tr></thead>
<tbody></tbody>
</table>
<script nonce="${nonce}" src="${address("dist", "view.js")}"></script>
</body>
</html>`;
}
