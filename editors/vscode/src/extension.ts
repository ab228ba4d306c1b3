/** Where the parts are put together. Nothing here waits: the server is found and started after activation. */
import { type ExtensionContext, commands, window, workspace } from "vscode";
import { removeKey, setKey } from "./credential";
import { showMenu, toggle } from "./menu";
import { openSample } from "./sample";
import { Server } from "./server";
import { needsRestart } from "./settings";
import { StatusItem } from "./status";
import { showWhy } from "./why";

const OURS = "@ext:typethrough.typethrough";
let server: Server | undefined;

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("typethrough", { log: true });
  const status = new StatusItem();
  const started = new Server(context, log, status);
  server = started;
  // Setting a key changes several things one after the other.
  let timer: NodeJS.Timeout | undefined;
  const startSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void started.start(), 300);
  };
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
    command("settings", () => commands.executeCommand("workbench.action.openSettings", OURS)),
    command("sample", () => openSample(context)),
    window.onDidChangeActiveTextEditor(() => started.focus()),
    workspace.onDidChangeConfiguration((event) => {
      if (needsRestart(context, event.affectsConfiguration)) startSoon();
    }),
    context.secrets.onDidChange(startSoon),
  );
  void started.start();
}

export const deactivate = (): Promise<void> | undefined => server?.stop();
