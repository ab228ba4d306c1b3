/** Which program is the server: the configured one, the one on PATH, or the one that the extension has installed. */
import { constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import type { ExtensionContext } from "vscode";
import { installed } from "./install";
import { exists } from "./python";
import { machineSetting } from "./settings";

export interface Launch {
  command: string[];
  origin: "setting" | "path" | "private";
}

/** The server to start, or undefined when there is none on this machine. */
export async function findServer(context: ExtensionContext): Promise<Launch | undefined> {
  const [program, ...rest] = machineSetting<string[]>("command") ?? [];
  if (program) {
    return { command: [program.replace(/^~(?=[\\/])/, homedir()), ...rest, "--stdio"], origin: "setting" };
  }
  const found = await onPath(process.platform === "win32" ? "typethrough.exe" : "typethrough");
  if (found !== undefined) return { command: [found, "--stdio"], origin: "path" };
  const python = await installed(context);
  return python === undefined ? undefined : privateServer(python);
}

/** -I keeps Python from importing anything out of the current folder or the user's environment. */
export function privateServer(python: string): Launch {
  return { command: [python, "-I", "-m", "typethrough", "--stdio"], origin: "private" };
}

async function onPath(name: string): Promise<string | undefined> {
  // A relative folder on PATH would be one of the project that is open.
  for (const folder of (process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute)) {
    if (await exists(join(folder, name), constants.X_OK)) return join(folder, name);
  }
  return undefined;
}
