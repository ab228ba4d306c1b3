/** Panels with pages that the server makes: why nothing was suggested, what it cost, what fails. Nothing runs in them. */
import { type ExtensionContext, Uri, ViewColumn, type WebviewPanel, window } from "vscode";
import type { Server } from "./server";

const TITLES = { why: "Why No Suggestion?", stats: "Statistics", doctor: "Doctor" };
const panels = new Map<string, WebviewPanel>();

/** Show a page beside the editor, brought up to date whenever it is asked for or, but for the doctor's, comes back into view. */
export async function showPage(
  context: ExtensionContext,
  server: Server,
  name: keyof typeof TITLES,
): Promise<void> {
  const known = panels.get(name);
  known?.reveal(undefined, true);
  const panel = known ?? open(context, server, name);
  if (name === "doctor") panel.webview.html = "Looking at all that suggestions need …";
  const html = name === "doctor" ? await server.doctor() : await page(server, name);
  // It may have been closed meanwhile.
  if (panels.get(name) === panel) panel.webview.html = html;
}

async function page(server: Server, name: string): Promise<string> {
  const answer = await server.request<{ html?: string }>(`typethrough/${name}`, { html: true, limit: 50 });
  return answer?.html ?? "The server does not answer.";
}

function open(context: ExtensionContext, server: Server, name: keyof typeof TITLES): WebviewPanel {
  const column = { viewColumn: ViewColumn.Beside, preserveFocus: true };
  const options = { enableCommandUris: [`typethrough.${name}`] };
  const panel = window.createWebviewPanel(`typethrough.${name}`, TITLES[name], column, options);
  panels.set(name, panel);
  let visible = true;
  panel.iconPath = Uri.joinPath(context.extensionUri, "media", "icon.png");
  panel.onDidDispose(() => panels.delete(name));
  panel.onDidChangeViewState(() => {
    // The doctor asks a model, which costs money.
    if (panel.visible && !visible && name !== "doctor") void showPage(context, server, name);
    visible = panel.visible;
  });
  return panel;
}
