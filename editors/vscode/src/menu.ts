/** The menu behind the status bar item: what is on, and the way to everything else. */
import {
  ConfigurationTarget,
  type QuickPickItem,
  QuickPickItemKind,
  type TextDocument,
  commands,
  window,
  workspace,
} from "vscode";
import type { Server } from "./server";
import { SECTION } from "./settings";
import type { StatusItem } from "./status";

const PAUSE_MINUTES = 10;

interface Choice extends QuickPickItem {
  run?: () => unknown;
}

export async function showMenu(server: Server, status: StatusItem): Promise<void> {
  const document = window.activeTextEditor?.document;
  const run = (command: string, ...parameters: unknown[]) => () => commands.executeCommand(command, ...parameters);
  const choices: Choice[] = [
    ...(server.running ? switches(server, document) : repairs()),
    { label: "", kind: QuickPickItemKind.Separator },
    ...(server.running ? [{ label: "$(question) Why no suggestion?", run: run("typethrough.why") }] : []),
    { label: "$(key) Set key…", run: run("typethrough.setKey") },
    { label: "$(output) Open log", run: run("typethrough.openLog") },
    { label: "$(gear) Settings", run: run("workbench.action.openSettings", `@ext:typethrough.${SECTION}`) },
  ];
  const chosen = await window.showQuickPick(choices, { title: "typethrough", placeHolder: status.message });
  await chosen?.run?.();
}

function repairs(): Choice[] {
  const run = (command: string) => () => commands.executeCommand(command);
  return [
    { label: "$(debug-start) Start the server", run: run("typethrough.restart") },
    { label: "$(cloud-download) Install or repair the server", run: run("typethrough.install") },
  ];
}

function switches(server: Server, document: TextDocument | undefined): Choice[] {
  const enabled = isEnabled();
  const choices: Choice[] = [onOff(!enabled, "everywhere", () => setEnabled(!enabled))];
  if (document !== undefined) {
    const { languageId, uri } = document;
    const languageOff = disabledLanguages().includes(languageId);
    const fileOff = server.isFileOff(uri);
    choices.push(onOff(languageOff, `for ${languageId}`, () => setLanguage(languageId, languageOff)));
    choices.push(onOff(fileOff, "for this file", () => server.setFile(uri, fileOff), "until VS Code is closed"));
  }
  choices.push(
    server.paused
      ? { label: "$(debug-continue) Resume", run: () => server.pause(0) }
      : { label: `$(debug-pause) Pause for ${PAUSE_MINUTES} minutes`, run: () => server.pause(PAUSE_MINUTES) },
  );
  return choices;
}

function onOff(on: boolean, where: string, run: () => unknown, description?: string): Choice {
  const label = on ? `$(check) Turn on ${where}` : `$(circle-slash) Turn off ${where}`;
  return { label, run, ...(description && !on && { description }) };
}

function isEnabled(): boolean {
  return workspace.getConfiguration(SECTION).get("enabled", true);
}

function disabledLanguages(): string[] {
  return workspace.getConfiguration(SECTION).get("disabledLanguages", []);
}

export function toggle(): Promise<void> {
  return setEnabled(!isEnabled());
}

async function setEnabled(on: boolean): Promise<void> {
  await workspace.getConfiguration(SECTION).update("enabled", on, ConfigurationTarget.Global);
  if (isEnabled() !== on) {
    tellOfWorkspace("enabled");
  }
}

async function setLanguage(languageId: string, on: boolean): Promise<void> {
  const others = disabledLanguages().filter((language) => language !== languageId);
  const languages = on ? others : [...others, languageId];
  await workspace.getConfiguration(SECTION).update("disabledLanguages", languages, ConfigurationTarget.Global);
  if (disabledLanguages().includes(languageId) === on) {
    tellOfWorkspace("disabledLanguages");
  }
}

/** The user's settings were changed, and the workspace's own say otherwise and win. */
function tellOfWorkspace(name: string): void {
  const open = "Open Workspace Settings";
  void window
    .showInformationMessage(`typethrough: this workspace's own settings have typethrough.${name}, which wins here.`, open)
    .then((choice) => choice && commands.executeCommand("workbench.action.openWorkspaceSettings", `${SECTION}.${name}`));
}
