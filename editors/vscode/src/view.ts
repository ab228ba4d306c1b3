/** The page in the panel "Why no suggestion". What the server says is text here, never markup. */
import type { Entry } from "./protocol";

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

const api = acquireVsCodeApi();
const find = (name: string) => document.querySelector(name) as HTMLElement;
const [note, table, body] = [find("#note"), find("table"), find("tbody")];

function cell(main: string, more = ""): HTMLElement {
  const made = document.createElement("td");
  const below = document.createElement("div");
  below.className = "more";
  below.textContent = more;
  made.append(main, below);
  return made;
}

function row(entry: Entry): HTMLElement {
  const made = document.createElement("tr");
  const stages = entry.stages.map(({ name, ms }) => `${name.replaceAll("_", " ")} ${ms.toFixed(1)}`);
  made.append(cell(new Date(entry.at).toLocaleTimeString()), cell(entry.file));
  made.append(cell(entry.headline, entry.advice), cell(`${entry.totalMs.toFixed(1)} ms`, stages.join(", ")));
  return made;
}

window.addEventListener("message", ({ data: entries }: MessageEvent<Entry[] | undefined>) => {
  body.replaceChildren(...(entries ?? []).map(row));
  table.hidden = !entries?.length;
  const nothing = entries ? "No request yet. Type in a file, then come back." : "The server does not answer.";
  note.textContent = table.hidden ? nothing : "The last requests, newest first.";
});

find("#refresh").addEventListener("click", () => api.postMessage("refresh"));
api.postMessage("ready");
