/** The panel "Why no suggestion": the last requests, as the server tells them. */
import { randomBytes } from "node:crypto";
import {
  type ExtensionContext,
  Uri,
  ViewColumn,
  type Webview,
  type WebviewPanel,
  window,
  workspace,
} from "vscode";
import type { Server } from "./server";

let panel: WebviewPanel | undefined;

export async function showWhy(context: ExtensionContext, server: Server): Promise<void> {
  if (panel !== undefined) {
    panel.reveal(undefined, true);
    await refresh(panel.webview, server);
    return;
  }
  const root = context.extensionUri;
  const options = { enableScripts: true, localResourceRoots: [root] };
  const column = { viewColumn: ViewColumn.Beside, preserveFocus: true };
  const opened = window.createWebviewPanel("typethrough.why", "Why No Suggestion?", column, options);
  panel = opened;
  opened.iconPath = Uri.joinPath(root, "media", "icon.png");
  opened.onDidDispose(() => (panel = undefined));
  // The page asks when it is ready, which it is again each time that it comes back into view, and when its button is clicked.
  opened.webview.onDidReceiveMessage(() => refresh(opened.webview, server));
  const template = await workspace.fs.readFile(Uri.joinPath(root, "media", "why.html"));
  opened.webview.html = new TextDecoder()
    .decode(template)
    .replaceAll("{source}", opened.webview.cspSource)
    .replaceAll("{root}", opened.webview.asWebviewUri(root).toString())
    .replaceAll("{nonce}", randomBytes(16).toString("hex"));
}

async function refresh(webview: Webview, server: Server): Promise<void> {
  const message = await server.why().then(
    (entries) => ({ entries }),
    () => ({ entries: [], problem: "The server does not answer. Its log may say why." }),
  );
  await webview.postMessage(message);
}
