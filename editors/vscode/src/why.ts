/** The panel "Why no suggestion": the last requests, as the server tells them. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type ExtensionContext, Uri, ViewColumn, type Webview, type WebviewPanel, window } from "vscode";
import type { Entry } from "./protocol";
import type { Server } from "./server";

let panel: WebviewPanel | undefined;

export async function showWhy(context: ExtensionContext, server: Server): Promise<void> {
  if (panel !== undefined) {
    panel.reveal(undefined, true);
    return refresh(panel.webview, server);
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
  const template = await readFile(context.asAbsolutePath("media/why.html"), "utf8");
  opened.webview.html = template
    .replaceAll("{source}", opened.webview.cspSource)
    .replaceAll("{root}", opened.webview.asWebviewUri(root).toString())
    .replaceAll("{nonce}", randomBytes(16).toString("hex"));
}

async function refresh(webview: Webview, server: Server): Promise<void> {
  const answer = await server.request<{ entries: Entry[] }>("typethrough/why", { limit: 50 });
  await webview.postMessage(answer?.entries);
}
