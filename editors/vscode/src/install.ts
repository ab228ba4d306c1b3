/** The private environment: a Python virtual environment in the extension's own folder, with the wheel that it brings. */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type ExtensionContext,
  type LogOutputChannel,
  type Progress,
  ProgressLocation,
  window,
} from "vscode";
import { exists } from "./launch";
import { findPython, run } from "./python";

const PYTHON = process.platform === "win32" ? join("Scripts", "python.exe") : join("bin", "python");

type Step = Progress<{ message: string; increment: number }>;

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
  return names
    .map((name) => join(storage, name, PYTHON))
    .filter((python) => !python.startsWith(folder(context)));
}

/** Make the environment, with a progress notification. False when that failed, which the user was told, or was cancelled. */
export async function install(context: ExtensionContext, log: LogOutputChannel): Promise<boolean> {
  const options = {
    location: ProgressLocation.Notification,
    title: "typethrough: installing its server",
    cancellable: true,
  };
  const problem = await window.withProgress(options, async (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    const said = await make(context, log, progress, abort.signal);
    return abort.signal.aborted ? "cancelled" : said;
  });
  if (problem === undefined || problem === "cancelled") return problem === undefined;
  log.error(`the installation failed: ${problem}`);
  const choice = await window.showErrorMessage(`typethrough: ${problem}`, "Try Again", "Open Log");
  if (choice === "Open Log") log.show();
  return choice === "Try Again" && install(context, log);
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
    const steps = [
      {
        message: "making an environment",
        increment: 15,
        command: [...python, "-I", "-m", "venv", "--clear", draft],
      },
      { message: "downloading what it needs", increment: 40, command: [join(draft, PYTHON), ...pip, wheel] },
    ];
    for (const { command, ...step } of steps) {
      progress.report(step);
      const { ok, output } = await run(command, signal);
      log.info(`${command.join(" ")}\n${output}`);
      if (!ok) {
        return `${step.message} failed. ${lastError(output)}`;
      }
    }
    await rm(folder(context), { recursive: true, force: true });
    await rename(draft, folder(context));
    // Those of other versions are of no use any more.
    await Promise.all(
      (await outdated(context)).map((old) => rm(dirname(dirname(old)), { recursive: true, force: true })),
    );
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The last line that says what went wrong. */
function lastError(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? "";
}
