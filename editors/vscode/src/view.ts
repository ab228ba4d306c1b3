/** The page in the panel "Why no suggestion". What the server says is text here, never markup. */
import type { Entry } from "./protocol";

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

const api = acquireVsCodeApi();
const [note, table, body] = ["#note", "table", "tbody"].map((name) => document.querySelector<HTMLElement>(name)!);

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
  const stages = entry.stages.map(({ name, ms }) => `${name.replaceAll("_", " ")} ${ms.toFixed(1)}`).join(", ");
  made.append(cell(new Date(entry.at).toLocaleTimeString()), cell(entry.file), cell(entry.headline, entry.advice));
  made.append(cell(`${entry.totalMs.toFixed(1)} ms`, stages));
  return made;
}

window.addEventListener("message", ({ data }: MessageEvent<{ entries: Entry[]; problem?: string }>) => {
  body!.replaceChildren(...data.entries.map(row));
  table!.hidden = data.entries.length === 0;
  const usual = table!.hidden ? "No request yet. Type in a file, then come back." : "The last requests, newest first.";
  note!.textContent = data.problem ?? usual;
});

document.querySelector("#refresh")?.addEventListener("click", () => api.postMessage("refresh"));
api.postMessage("ready");
