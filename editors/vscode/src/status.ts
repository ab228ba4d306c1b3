/** The item in the status bar: one icon for each state, all of the same width, and the figures in its tooltip. */
import { MarkdownString, StatusBarAlignment, ThemeColor, window } from "vscode";
import type { Kind, Status } from "./protocol";

const STATES: Record<Kind, { icon: string; title: string }> = {
  ready: { icon: "sparkle", title: "Ready" },
  busy: { icon: "loading~spin", title: "Asking the model" },
  local: { icon: "home", title: "Local lane only" },
  no_key: { icon: "home", title: "Local lane only: no key" },
  rate_limited: { icon: "watch", title: "Rate limited" },
  over_limit: { icon: "credit-card", title: "Over today's limit" },
  error: { icon: "warning", title: "The model cannot be asked" },
  off: { icon: "circle-slash", title: "Off here" },
  starting: { icon: "loading~spin", title: "Starting" },
  stopped: { icon: "debug-disconnect", title: "Stopped" },
};

const WARNING_COLOR = new ThemeColor("statusBarItem.warningBackground");
const WARNING = new Set<Kind>(["over_limit", "error", "stopped"]);
// An answer usually comes sooner: an icon that turns at each pause in typing would be a distraction.
const BUSY_AFTER_MS = 700;

export class StatusItem {
  private readonly item = window.createStatusBarItem("typethrough.status", StatusBarAlignment.Right, 100);
  private timer: NodeJS.Timeout | undefined;
  private drawn: Kind | undefined;
  private status: Status = { kind: "starting", message: "" };

  constructor() {
    this.item.name = "typethrough";
    this.item.command = "typethrough.menu";
    this.draw();
    this.item.show();
  }

  get message(): string {
    return this.status.message;
  }

  show(status: Status): void {
    // Where there are no figures, those of before still hold.
    this.status = { ...this.status, ...status };
    clearTimeout(this.timer);
    if (status.kind === "busy" && this.drawn !== "busy") {
      this.timer = setTimeout(() => this.draw(), BUSY_AFTER_MS);
    } else {
      this.draw();
    }
  }

  readonly dispose = (): void => this.item.dispose();

  private draw(): void {
    const { kind } = this.status;
    const { icon, title } = STATES[kind];
    if (kind !== this.drawn) {
      this.drawn = kind;
      this.item.text = `$(${icon}) typethrough`;
      this.item.accessibilityInformation = { label: `typethrough: ${title}` };
      this.item.backgroundColor = WARNING.has(kind) ? WARNING_COLOR : undefined;
    }
    this.item.tooltip = tooltip(title, this.status);
  }
}

function tooltip(title: string, { message, last, today, keptBack }: Status): MarkdownString {
  // The server's words may hold a model's or a host's name: text, never markup.
  const parts = [`**typethrough: ${title}**`, message.replace(/[!-/:-@[-`{-~]/g, "\\$&")];
  if (last) {
    const time = last.latencyMs < 1 ? "less than 1" : Math.round(last.latencyMs);
    parts.push(`Last suggestion: ${last.source}, ${time} ms`);
  }
  if (keptBack) {
    parts.push(`Secrets kept back from the model: ${keptBack}`);
  }
  if (today?.promptTokens) {
    const { promptTokens: sent, cachedTokens: cached, outputTokens: received, dollars } = today;
    const tokens = `${sent.toLocaleString()} tokens sent, ${received.toLocaleString()} received`;
    const share = Math.round((100 * cached) / sent);
    parts.push(`Today: ${tokens}; ${share} % from the provider's cache; $${dollars.toFixed(4)}`);
  }
  const links = { "Why no suggestion?": "why", Statistics: "stats", "Set key": "setKey", Log: "openLog" };
  const written = Object.entries(links).map(([label, name]) => `[${label}](command:typethrough.${name})`);
  const text = new MarkdownString([...parts, written.join(" · ")].join("\n\n"));
  text.isTrusted = { enabledCommands: Object.values(links).map((name) => `typethrough.${name}`) };
  return text;
}
