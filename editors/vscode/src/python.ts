/** Running a Python, and finding one that can make the private environment. */
import { execFile } from "node:child_process";
import { homedir } from "node:os";

export interface Ran {
  ok: boolean;
  output: string;
}

/** Run a program to its end. Nothing is thrown: a program that cannot be started has failed, and its output says why. */
export function run(program: string, parameters: string[], signal?: AbortSignal): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: homedir(), maxBuffer: 16 * 1024 * 1024, windowsHide: true, ...(signal && { signal }) };
    execFile(program, parameters, options, (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`.trim();
      resolve({ ok: error === null, output: said || (error?.message ?? "") });
    });
  });
}

export interface Python {
  program: string;
  parameters: string[];
}

const CANDIDATES: Python[] =
  process.platform === "win32"
    ? [
        { program: "py", parameters: ["-3"] },
        { program: "python", parameters: [] },
      ]
    : ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"].map((program) => ({
        program,
        parameters: [],
      }));

// Debian leaves ensurepip out of its python3 package: without it an environment cannot get pip.
const PROBE = `
import sys
from importlib.util import find_spec
print(sys.version_info[0], sys.version_info[1], int(bool(find_spec("venv") and find_spec("ensurepip"))))
`;

/** A Python that will do; else, in words for people, what is missing. */
export async function findPython(): Promise<Python | string> {
  let newest: [number, number] = [0, 0];
  let withoutVenv = "";
  for (const candidate of CANDIDATES) {
    const { ok, output } = await run(candidate.program, [...candidate.parameters, "-I", "-c", PROBE]);
    const [major = 0, minor = 0, venv = 0] = ok ? output.split(" ").map(Number) : [];
    const recent = major > 3 || (major === 3 && minor >= 11);
    if (recent && venv) {
      return candidate;
    }
    if (recent && !withoutVenv) {
      withoutVenv = `${major}.${minor}`;
    }
    if (major > newest[0] || (major === newest[0] && minor > newest[1])) {
      newest = [major, minor];
    }
  }
  if (withoutVenv) {
    return (
      `Python ${withoutVenv} is here, but not its module venv. ` +
      `On Debian and Ubuntu: sudo apt install python${withoutVenv}-venv`
    );
  }
  return newest[0]
    ? `Python 3.11 or newer is needed; the newest that was found is ${newest.join(".")}.`
    : "Python 3.11 or newer is needed, and there is none on your PATH. On Debian and Ubuntu: sudo apt install python3 python3-venv";
}
