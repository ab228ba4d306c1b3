/** Where the parts are put together. Nothing here waits: the server is found and started after activation. */
import { setImmediate } from "node:timers/promises";
import { type ExtensionContext, commands, window, workspace } from "vscode";
import { removeKey, setKey } from "./credential";
import { showMenu, toggle } from "./menu";
import { showPage } from "./panel";
import { openSample } from "./sample";
import type { Server } from "./server";
import { needsRestart } from "./settings";
import { StatusItem } from "./status";

const OURS = "@ext:typethrough.typethrough";
let server: Promise<Server> | undefined;

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("typethrough", { log: true });
  const status = new StatusItem();
  // The language client takes most of the time that there is to take: it is loaded when VS Code is done with activation.
  const ready = setImmediate().then(async () => new (await import("./server")).Server(context, log, status));
  server = ready;
  const start = async () => (await ready).start();
  // Setting a key changes several things one after the other.
  let timer: NodeJS.Timeout | undefined;
  const startSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void start(), 300);
  };
  const command = (name: string, run: () => unknown) => commands.registerCommand(`typethrough.${name}`, run);
  context.subscriptions.push(
    log,
    status,
    command("menu", async () => showMenu(await ready, status.message)),
    command("toggle", toggle),
    command("setKey", () => setKey(context)),
    command("removeKey", () => removeKey(context)),
    command("why", async () => showPage(context, await ready, "why")),
    command("stats", async () => showPage(context, await ready, "stats")),
    command("doctor", async () => showPage(context, await ready, "doctor")),
    command("openLog", () => log.show()),
    command("restart", start),
    command("install", async () => (await ready).install()),
    command("settings", () => commands.executeCommand("workbench.action.openSettings", OURS)),
    command("sample", () => openSample(context)),
    window.onDidChangeActiveTextEditor(async () => (await ready).focus()),
    // Who comes back to the window may have mended elsewhere what kept the model from answering.
    window.onDidChangeWindowState(async ({ focused }) => focused && (await ready).focus()),
    workspace.onDidChangeConfiguration((event) => {
      if (needsRestart(context, event.affectsConfiguration)) startSoon();
    }),
    context.secrets.onDidChange(startSoon),
  );
  void start();
}

export const deactivate = async (): Promise<void> => (await server)?.stop();
