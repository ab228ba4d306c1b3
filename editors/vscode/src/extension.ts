/** Where the parts are put together. Nothing here waits: the server is found and started after activation. */
import { type ExtensionContext, commands, window, workspace } from "vscode";
import { removeKey, setKey } from "./credential";
import { showMenu, toggle } from "./menu";
import { openSample } from "./sample";
import { Server } from "./server";
import { SECTION, needsRestart } from "./settings";
import { StatusItem } from "./status";
import { showWhy } from "./why";

let server: Server | undefined;

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("typethrough", { log: true });
  const status = new StatusItem();
  const started = new Server(context, log, status);
  server = started;
  const command = (name: string, run: () => unknown) => commands.registerCommand(`typethrough.${name}`, run);
  context.subscriptions.push(
    log,
    status,
    command("menu", () => showMenu(started, status.message)),
    command("toggle", toggle),
    command("setKey", () => setKey(context)),
    command("removeKey", () => removeKey(context)),
    command("why", () => showWhy(context, started)),
    command("openLog", () => log.show()),
    command("restart", () => started.start()),
    command("install", () => started.install()),
    command("sample", () => openSample(context)),
    window.onDidChangeActiveTextEditor(() => started.focus()),
    workspace.onDidGrantWorkspaceTrust(() => started.settingsChanged()),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SECTION) && needsRestart(context, event.affectsConfiguration)) {
        void started.start();
      }
    }),
    context.secrets.onDidChange(() => void started.start()),
  );
  void started.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
