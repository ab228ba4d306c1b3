/** Running programs to their end, and finding a Python that can make the private environment. */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";

/** Nothing is thrown: a program that cannot be started has failed, and its output says why. */
export function run([program = "", ...rest]: string[], signal?: AbortSignal, env = process.env) {
  const options = { cwd: homedir(), env, maxBuffer: 2 ** 24, windowsHide: true, ...(signal && { signal }) };
  return new Promise<{ ok: boolean; output: string }>((resolve) => {
    execFile(program, rest, options, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: `${stdout}${stderr}`.trim() || (error?.message ?? "") });
    });
  });
}

export function exists(path: string, mode: number = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(() => true, () => false);
}

const POSIX = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];
const CANDIDATES = process.platform === "win32" ? [["py", "-3"], ["python"]] : POSIX.map((name) => [name]);
// Debian leaves ensurepip out of its package of Python: without it an environment gets no pip.
const PROBE =
  "import sys, importlib.util as u; print(*sys.version_info[:2], int(all(map(u.find_spec, ('venv', 'ensurepip')))))";

/** The command of a Python that will do; else, in words for people, what is missing. */
export async function findPython(): Promise<string[] | string> {
  let newest = 0;
  let withoutVenv = 0;
  for (const candidate of CANDIDATES) {
    const { ok, output } = await run([...candidate, "-I", "-c", PROBE]);
    const [major, minor = 0, venv] = ok ? output.split(" ").map(Number) : [];
    if (major === 3) {
      newest = Math.max(newest, minor);
      if (minor >= 11 && venv) return candidate;
      withoutVenv ||= minor >= 11 ? minor : 0;
    }
  }
  const debian = "On Debian and Ubuntu: sudo apt install";
  return withoutVenv
    ? `Python 3.${withoutVenv} is here, but not its module venv. ${debian} python3.${withoutVenv}-venv`
    : newest
      ? `Python 3.11 or newer is needed, and the newest on your PATH is 3.${newest}.`
      : `Python 3.11 or newer is needed, and there is none on your PATH. ${debian} python3 python3-venv`;
}
