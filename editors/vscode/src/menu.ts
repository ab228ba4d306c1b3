/** The menu behind the status bar item: what is on, and the way to everything else. */
import {
  ConfigurationTarget,
  type QuickPickItem,
  QuickPickItemKind,
  commands,
  window,
  workspace,
} from "vscode";
import type { Server } from "./server";
import { SECTION } from "./settings";

const PAUSE_MINUTES = 10;

interface Choice extends QuickPickItem {
  run?: () => unknown;
}

export async function showMenu(server: Server, message: string): Promise<void> {
  const choices: Choice[] = [
    ...(server.running ? switches(server) : []),
    { label: "", kind: QuickPickItemKind.Separator },
    ...(server.running
      ? [choice("$(question) Why no suggestion?", "typethrough.why")]
      : [
          choice("$(debug-start) Start the server", "typethrough.restart"),
          choice("$(cloud-download) Install or repair the server", "typethrough.install"),
        ]),
    choice("$(key) Set key…", "typethrough.setKey"),
    choice("$(output) Open log", "typethrough.openLog"),
    choice("$(gear) Settings", "workbench.action.openSettings", "@ext:typethrough.typethrough"),
  ];
  const chosen = await window.showQuickPick(choices, { title: "typethrough", placeHolder: message });
  await chosen?.run?.();
}

function choice(label: string, command: string, ...parameters: unknown[]): Choice {
  return { label, run: () => commands.executeCommand(command, ...parameters) };
}

function switches(server: Server): Choice[] {
  const document = window.activeTextEditor?.document;
  const choices = [onOff(isEnabled(), "everywhere", toggle)];
  if (document !== undefined) {
    const { languageId, uri } = document;
    const [language, file] = [!disabledLanguages().includes(languageId), !server.isOff(uri)];
    choices.push(
      onOff(language, `for ${languageId}`, () => setLanguage(languageId, !language)),
      onOff(file, "for this file", () => server.setFile(uri, !file), "until this window is closed"),
    );
  }
  return [
    ...choices,
    server.paused
      ? { label: "$(debug-continue) Resume", run: () => server.pause(0) }
      : {
          label: `$(debug-pause) Pause for ${PAUSE_MINUTES} minutes`,
          run: () => server.pause(PAUSE_MINUTES),
        },
  ];
}

function onOff(on: boolean, where: string, run: () => unknown, description = ""): Choice {
  const label = on ? `$(circle-slash) Turn off ${where}` : `$(check) Turn on ${where}`;
  return { label, run, description: on ? description : "" };
}

function isEnabled(): boolean {
  return workspace.getConfiguration(SECTION).get("enabled", true);
}

function disabledLanguages(): string[] {
  return workspace.getConfiguration(SECTION).get("disabledLanguages", []);
}

export async function toggle(): Promise<void> {
  const on = !isEnabled();
  await update("enabled", on, () => isEnabled() === on);
}

async function setLanguage(languageId: string, on: boolean): Promise<void> {
  const others = disabledLanguages().filter((language) => language !== languageId);
  const languages = on ? others : [...others, languageId];
  await update("disabledLanguages", languages, () => disabledLanguages().includes(languageId) !== on);
}

/** Change the user's settings; when the workspace's own say otherwise, they win, and the user is told so. */
async function update(name: string, value: unknown, holds: () => boolean): Promise<void> {
  await workspace.getConfiguration(SECTION).update(name, value, ConfigurationTarget.Global);
  if (!holds()) {
    const message = `typethrough: this workspace's own settings have typethrough.${name}, which wins here.`;
    const choice = await window.showInformationMessage(message, "Open Workspace Settings");
    if (choice !== undefined) {
      await commands.executeCommand("workbench.action.openWorkspaceSettings", `${SECTION}.${name}`);
    }
  }
}
