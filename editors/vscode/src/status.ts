/** The item in the status bar: one icon for each state, of the same width, and the figures in its tooltip. */
import { MarkdownString, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from "vscode";
import type { Kind, Status } from "./protocol";

/** The server's states, and those that it cannot tell of itself. */
export type Shown = Kind | "starting" | "stopped";

const ICONS: Record<Shown, string> = {
  ready: "sparkle",
  busy: "loading~spin",
  local: "home",
  no_key: "home",
  rate_limited: "watch",
  over_limit: "credit-card",
  error: "warning",
  off: "circle-slash",
  starting: "loading~spin",
  stopped: "debug-disconnect",
};
const TITLES: Record<Shown, string> = {
  ready: "Ready",
  busy: "Asking the model",
  local: "Local lane only",
  no_key: "Local lane only: no key",
  rate_limited: "Rate limited",
  over_limit: "Over today's limit",
  error: "The model cannot be asked",
  off: "Off here",
  starting: "Starting",
  stopped: "Stopped",
};
const WARNING: ReadonlySet<Shown> = new Set(["over_limit", "error", "stopped"]);
// An answer usually comes sooner: an icon that turns at each pause in typing would be a distraction.
const BUSY_AFTER_MS = 700;

export class StatusItem {
  private readonly item: StatusBarItem;
  private timer: NodeJS.Timeout | undefined;
  private icon = "";
  private status: { kind: Shown } & Omit<Status, "kind"> = { kind: "starting", message: "" };

  constructor() {
    this.item = window.createStatusBarItem("typethrough.status", StatusBarAlignment.Right, 100);
    this.item.name = "typethrough";
    this.item.command = "typethrough.menu";
    this.local("starting", "The server is starting.");
    this.item.show();
  }

  get kind(): Shown {
    return this.status.kind;
  }

  get message(): string {
    return this.status.message;
  }

  show(status: Status): void {
    // The answer to a switch brings no figures: those of before still hold.
    this.status = { ...this.status, ...status };
    this.draw();
  }

  /** A state that the extension knows and the server cannot tell. */
  local(kind: "starting" | "stopped", message: string): void {
    this.status = { kind, message };
    this.draw();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.item.dispose();
  }

  private draw(): void {
    clearTimeout(this.timer);
    if (this.status.kind === "busy" && this.icon !== "busy" && this.icon !== "") {
      this.timer = setTimeout(() => this.drawIcon(), BUSY_AFTER_MS);
    } else {
      this.drawIcon();
    }
    this.item.tooltip = tooltip(this.status);
  }

  private drawIcon(): void {
    const { kind } = this.status;
    if (kind !== this.icon) {
      this.icon = kind;
      this.item.text = `$(${ICONS[kind]}) typethrough`;
      this.item.accessibilityInformation = { label: `typethrough: ${TITLES[kind]}` };
      this.item.backgroundColor = WARNING.has(kind) ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    }
  }
}

function tooltip({ kind, message, last, today }: { kind: Shown } & Omit<Status, "kind">): MarkdownString {
  const text = new MarkdownString("", true);
  text.isTrusted = { enabledCommands: ["typethrough.why", "typethrough.setKey", "typethrough.openLog"] };
  text.appendMarkdown(`**typethrough: ${TITLES[kind]}**\n\n`);
  // The server's words may hold a model's or a host's name: text, never markup.
  text.appendText(message);
  if (last) {
    text.appendMarkdown("\n\nLast suggestion: ").appendText(`${last.source}, ${Math.round(last.latencyMs)} ms`);
  }
  if (today) {
    const number = (value: number): string => value.toLocaleString("en");
    const cached = today.promptTokens ? Math.round((100 * today.cachedTokens) / today.promptTokens) : 0;
    text.appendMarkdown(
      `\n\nToday: ${number(today.promptTokens)} tokens sent (${cached} % from the provider's cache), ` +
        `${number(today.outputTokens)} received, $${today.dollars.toFixed(4)}`,
    );
  }
  text.appendMarkdown("\n\n[Why no suggestion?](command:typethrough.why) · [Set key](command:typethrough.setKey)");
  return text.appendMarkdown(" · [Log](command:typethrough.openLog)");
}
