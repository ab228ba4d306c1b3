/** The user's settings, in the two ways they reach the server: on its request, and in its environment. */
import { ConfigurationTarget, type ExtensionContext, workspace } from "vscode";

export const SECTION = "typethrough";

function names(context: ExtensionContext, scope: string): string[] {
  const { properties } = context.extension.packageJSON.contributes.configuration;
  const ours = Object.keys(properties).filter((key) => properties[key].scope === scope);
  return ours.map((key) => key.slice(SECTION.length + 1));
}

/** A setting that says what is run and where code goes: the user's own value, whatever a workspace holds. */
export function machineSetting<T>(name: string): T | undefined {
  return workspace.getConfiguration(SECTION).inspect<T>(name)?.globalValue;
}

/** Change a setting for this user, in every workspace. */
export function setForUser(name: string, value: unknown): Thenable<void> {
  return workspace.getConfiguration(SECTION).update(name, value, ConfigurationTarget.Global);
}

/**
 * What the server may be told by an editor. Only what somebody has set: VS Code's defaults would override the server's user
 * file and environment. In a workspace that is not trusted, what its settings say counts for nothing.
 */
export function editorSettings(context: ExtensionContext): Record<string, unknown> {
  const configuration = workspace.getConfiguration(SECTION);
  const found: Record<string, unknown> = {};
  for (const name of names(context, "window")) {
    const { globalValue, workspaceValue, workspaceFolderValue } = configuration.inspect(name) ?? {};
    const value = workspace.isTrusted ? (workspaceFolderValue ?? workspaceValue ?? globalValue) : globalValue;
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** The machine settings that are the server's, as the variables of its environment that it takes them from. */
export function environmentSettings(context: ExtensionContext): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const name of names(context, "machine").filter((name) => name !== "command")) {
    const value = machineSetting<object | string>(name) ?? "";
    const text = value.constructor === Object ? Object.entries(value).map((pair) => pair.join("=")) : value;
    if (value !== "") variables[`TYPETHROUGH_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}`] = String(text);
  }
  return variables;
}

/** Whether a change needs a new server process, whose environment and program do not change while it runs. */
export function needsRestart(context: ExtensionContext, affects: (section: string) => boolean): boolean {
  return names(context, "machine").some((name) => affects(`${SECTION}.${name}`));
}
