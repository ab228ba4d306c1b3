/** The private environment: a Python virtual environment in the extension's own folder, with the wheel that it brings. */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ExtensionContext, type LogOutputChannel, type Progress, ProgressLocation, window } from "vscode";
import { exists } from "./launch";
import { type Python, findPython, run } from "./python";

const PREFIX = "server-";
const PYTHON = process.platform === "win32" ? join("Scripts", "python.exe") : join("bin", "python");

function folder(context: ExtensionContext): string {
  return join(context.globalStorageUri.fsPath, PREFIX + context.extension.packageJSON.version);
}

/** The Python of the environment made for this version of the extension. */
export async function installed(context: ExtensionContext): Promise<string | undefined> {
  const python = join(folder(context), PYTHON);
  return (await exists(python)) ? python : undefined;
}

/** The Pythons of environments made for other versions: to replace, and to fall back on. */
export async function outdated(context: ExtensionContext): Promise<string[]> {
  const entries = await readdir(context.globalStorageUri.fsPath).catch(() => []);
  const current = folder(context);
  const folders = entries
    .filter((entry) => /^server-[0-9.]+$/.test(entry))
    .map((entry) => join(context.globalStorageUri.fsPath, entry));
  return folders.filter((path) => path !== current).map((path) => join(path, PYTHON));
}

/** Make the environment, with a progress notification; its Python, or undefined when it failed, which the user was told. */
export async function install(context: ExtensionContext, log: LogOutputChannel): Promise<string | undefined> {
  for (;;) {
    const abort = new AbortController();
    const problem = await window.withProgress(
      { location: ProgressLocation.Notification, title: "typethrough: installing its server", cancellable: true },
      (progress, token) => {
        token.onCancellationRequested(() => abort.abort());
        return make(context, log, progress, abort.signal);
      },
    );
    if (problem === undefined || abort.signal.aborted) {
      return installed(context);
    }
    log.error(`the installation failed: ${problem}`);
    const choice = await window.showErrorMessage(`typethrough: ${problem}`, "Try Again", "Open Log");
    if (choice === "Open Log") {
      log.show();
    }
    if (choice !== "Try Again") {
      return undefined;
    }
  }
}

type Step = Progress<{ message: string; increment: number }>;

/** What went wrong, in words for people, or undefined. */
async function make(
  context: ExtensionContext,
  log: LogOutputChannel,
  progress: Step,
  signal: AbortSignal,
): Promise<string | undefined> {
  progress.report({ message: "looking for Python", increment: 5 });
  const python = await findPython();
  if (typeof python === "string") {
    return python;
  }
  const target = folder(context);
  // Made aside and moved into place whole, so that neither an interruption nor another window leaves half of one.
  const draft = `${target}.${process.pid}`;
  await mkdir(context.globalStorageUri.fsPath, { recursive: true });
  try {
    const problem = await fill(context, log, python, draft, progress, signal);
    if (problem === undefined) {
      await rm(target, { recursive: true, force: true });
      await rename(draft, target);
    }
    return problem;
  } catch (error) {
    return `the folder ${target} cannot be written: ${String(error)}`;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function fill(
  context: ExtensionContext,
  log: LogOutputChannel,
  { program, parameters }: Python,
  draft: string,
  progress: Step,
  signal: AbortSignal,
): Promise<string | undefined> {
  const wheels = context.asAbsolutePath("server");
  const wheel = (await readdir(wheels)).find((file) => file.endsWith(".whl"));
  if (wheel === undefined) {
    return "this build of the extension brings no server.";
  }
  progress.report({ message: "making an environment", increment: 10 });
  const made = await run(program, [...parameters, "-I", "-m", "venv", "--clear", draft], signal);
  log.info(`${program} -m venv: ${made.ok ? "done" : made.output}`);
  if (!made.ok) {
    return `the environment could not be made: ${lastError(made.output)}`;
  }
  progress.report({ message: "downloading what the server needs", increment: 35 });
  const pip = ["-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--retries", "2"];
  const filled = await run(join(draft, PYTHON), [...pip, join(wheels, wheel)], signal);
  log.info(`pip install ${wheel}:\n${filled.output}`);
  if (!filled.ok) {
    return `pip could not install the server: ${lastError(filled.output)}`;
  }
  progress.report({ message: "starting", increment: 45 });
  return undefined;
}

/** The last line that says what went wrong. */
export function lastError(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  return lines.findLast((line) => /error/i.test(line)) ?? lines.findLast((line) => line !== "") ?? "no output";
}

/** Environments of other versions go once the new one is in place. */
export async function removeOutdated(context: ExtensionContext): Promise<void> {
  for (const python of await outdated(context)) {
    await rm(join(python, "..", ".."), { recursive: true, force: true });
  }
}
