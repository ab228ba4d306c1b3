/** The page in the panel "Why no suggestion". What the server says is text here, never markup. */
import type { Entry } from "./protocol";

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

const api = acquireVsCodeApi();
const note = document.querySelector("#note") as HTMLElement;
const table = document.querySelector("table") as HTMLTableElement;
const body = document.querySelector("tbody") as HTMLElement;

function element(name: string, text: string, className = ""): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

function cell(main: string, more: string): HTMLElement {
  const made = document.createElement("td");
  made.append(element("div", main), element("div", more, "more"));
  return made;
}

function row(entry: Entry): HTMLElement {
  const made = document.createElement("tr");
  const stages = entry.stages.map(({ name, ms }) => `${name} ${ms.toFixed(1)}`).join(", ");
  made.className = entry.source === null ? "silent" : "";
  made.append(
    cell(new Date(entry.at).toLocaleTimeString(), ""),
    cell(entry.file, ""),
    cell(entry.reason, entry.source === null ? entry.ending : `${entry.ending}, from: ${entry.source}`),
    cell(entry.advice, ""),
    cell(`${entry.totalMs.toFixed(1)} ms`, stages),
  );
  return made;
}

window.addEventListener("message", ({ data }: MessageEvent<{ entries: Entry[]; problem?: string }>) => {
  body.replaceChildren(...data.entries.map(row));
  table.hidden = data.entries.length === 0;
  const nothing = "No request yet. Type something in a file, then come back.";
  note.textContent =
    data.problem ?? (table.hidden ? nothing : "The last requests, newest first. Times are in milliseconds.");
});

document.querySelector("#refresh")?.addEventListener("click", () => api.postMessage("refresh"));
api.postMessage("ready");
