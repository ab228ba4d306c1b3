/** The menu behind the status bar item: what is on, and the way to everything else. */
import { type QuickPickItem, QuickPickItemKind, commands, window, workspace } from "vscode";
import type { Server } from "./server";
import { SECTION, setForUser } from "./settings";

const MINUTES = 10;

type Choice = QuickPickItem & { run?: () => unknown };

export async function showMenu(server: Server, message: string): Promise<void> {
  const choices: Choice[] = [
    ...(server.running ? switches(server) : []),
    { label: "", kind: QuickPickItemKind.Separator },
    server.running
      ? choice("$(question) Why no suggestion?", "why")
      : choice("$(debug-start) Start the server", "restart"),
    ...(server.running ? [choice("$(graph-line) Statistics", "stats")] : []),
    ...(server.running ? [] : [choice("$(cloud-download) Install or repair the server", "install")]),
    choice("$(pulse) Doctor", "doctor"),
    choice("$(key) Set key…", "setKey"),
    choice("$(output) Open log", "openLog"),
    choice("$(gear) Settings", "settings"),
  ];
  const chosen = await window.showQuickPick(choices, { title: "typethrough", placeHolder: message });
  await chosen?.run?.();
}

function choice(label: string, name: string): Choice {
  return { label, run: () => commands.executeCommand(`typethrough.${name}`) };
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
  const minutes = server.paused ? 0 : MINUTES;
  const label = minutes ? `$(debug-pause) Pause for ${minutes} minutes` : "$(debug-continue) Resume";
  return [...choices, { label, run: () => server.pause(minutes) }];
}

function onOff(on: boolean, where: string, run: () => unknown, description = ""): Choice {
  const label = on ? `$(circle-slash) Turn off ${where}` : `$(check) Turn on ${where}`;
  return { label, run, description: on ? description : "" };
}

const setting = <T>(name: string, usual: T): T => workspace.getConfiguration(SECTION).get(name, usual);
const isEnabled = (): boolean => setting("enabled", true);
const disabledLanguages = (): string[] => setting("disabledLanguages", []);

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
  await setForUser(name, value);
  if (holds()) return;
  const message = `typethrough: this workspace's own settings have typethrough.${name}, which wins here.`;
  const choice = await window.showInformationMessage(message, "Open Workspace Settings");
  if (choice) await commands.executeCommand("workbench.action.openWorkspaceSettings", `${SECTION}.${name}`);
}
