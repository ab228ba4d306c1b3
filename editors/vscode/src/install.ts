/** The private environment: a Python virtual environment in the extension's own folder, with the wheel that it brings. */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ProgressLocation, window } from "vscode";
import type { ExtensionContext, LogOutputChannel, Progress } from "vscode";
import { exists, findPython, run } from "./python";
import { tell } from "./tell";

type Step = Progress<{ message: string; increment: number }>;
const PYTHON = process.platform === "win32" ? join("Scripts", "python.exe") : join("bin", "python");

function folder(context: ExtensionContext): string {
  return join(context.globalStorageUri.fsPath, `server-${context.extension.packageJSON.version}`);
}

/** The Python of the environment made for this version of the extension. */
export async function installed(context: ExtensionContext): Promise<string | undefined> {
  const python = join(folder(context), PYTHON);
  return (await exists(python)) ? python : undefined;
}

/** The Pythons of environments made for other versions: to replace, and to fall back on. */
export async function outdated(context: ExtensionContext): Promise<string[]> {
  const storage = context.globalStorageUri.fsPath;
  const names = (await readdir(storage).catch(() => [])).filter((name) => /^server-[\d.]+\d$/.test(name));
  const folders = names.map((name) => join(storage, name)).filter((path) => path !== folder(context));
  return folders.map((path) => join(path, PYTHON));
}

/** Make the environment, with a progress notification. When that fails, the user is told. */
export async function install(context: ExtensionContext, log: LogOutputChannel): Promise<void> {
  const title = "typethrough: installing its server";
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  const problem = await window.withProgress(options, async (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    const said = await make(context, log, progress, abort.signal);
    return abort.signal.aborted ? undefined : said;
  });
  if (problem === undefined) return;
  log.error(`the installation failed: ${problem}`);
  tell(window.showErrorMessage, problem, { "Try Again": "install", "Open Log": "openLog" });
}

/** What went wrong, in words for people, or undefined. */
async function make(context: ExtensionContext, log: LogOutputChannel, progress: Step, signal: AbortSignal) {
  progress.report({ message: "looking for Python", increment: 5 });
  const python = await findPython();
  if (typeof python === "string") return python;
  // Made aside and moved into place whole, so that neither an interruption nor another window leaves half of one.
  const draft = `${folder(context)}.${process.pid}`;
  const wheels = context.asAbsolutePath("server");
  try {
    await mkdir(dirname(draft), { recursive: true });
    const wheel = join(wheels, ...(await readdir(wheels)).filter((name) => name.endsWith(".whl")));
    const pip = ["-I", "-m", "pip", "install", "--no-input", "--progress-bar", "off", "--retries", "2"];
    const steps = {
      "making an environment": [...python, "-I", "-m", "venv", "--clear", draft],
      "downloading what it needs": [join(draft, PYTHON), ...pip, wheel],
    };
    for (const [message, command] of Object.entries(steps)) {
      progress.report({ message, increment: 30 });
      const { ok, output } = await run(command, signal);
      log.info(`${command.join(" ")}\n${output}`);
      if (!ok) return `${message} failed: ${lastError(output)}`;
    }
    await remove(folder(context));
    await rename(draft, folder(context));
    // Those of other versions are of no use any more.
    await Promise.all((await outdated(context)).map((python) => remove(dirname(dirname(python)))));
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    await remove(draft);
  }
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}

/** The last line that says what went wrong. */
function lastError(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? "";
}
