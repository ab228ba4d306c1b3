/** The server's life, found, started, stopped, started anew; and what the rest of the extension asks of it. */
import { type ExtensionContext, type LogOutputChannel, type Uri, commands, window, workspace } from "vscode";
import { State } from "vscode-languageclient/node";
import { Client, SCHEMES } from "./client";
import { withCredential } from "./credential";
import { install, installed, outdated } from "./install";
import { type Launch, findServer, privateServer } from "./launch";
import type { Status, Switch } from "./protocol";
import { run } from "./python";
import { editorSettings, environmentSettings } from "./settings";
import type { StatusItem } from "./status";
import { tell } from "./tell";

// It ends by itself within a little more than a minute.
const DOCTOR_MS = 90_000;

export class Server {
  // What the user switched off for a while; a server that is started anew has to be told again.
  private readonly filesOff = new Set<string>();
  private pausedUntil = 0;
  private client: Client | undefined;
  private queue: Promise<void> = Promise.resolve();
  private queued = 0;

  constructor(
    private readonly context: ExtensionContext,
    private readonly log: LogOutputChannel,
    private readonly status: StatusItem,
  ) {}

  get running(): boolean {
    return this.client?.state === State.Running;
  }

  /** Start, or start anew. Calls made while one is under way come to one more start after it. */
  start(): Promise<void> {
    if (this.queued < 2) {
      this.queued += 1;
      this.queue = this.queue.then(() => this.startNow()).finally(() => (this.queued -= 1));
    }
    return this.queue;
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.end();
  }

  /** Make the private environment, and start with it. */
  async install(): Promise<void> {
    this.say("starting", "The server is being installed.");
    await install(this.context, this.log);
    if (this.running || (await installed(this.context))) await this.start();
    else this.say("stopped", "The server is not installed.");
  }

  /** The page of the server's own doctor, run as a program by itself: it is wanted most when no server runs. */
  async doctor(): Promise<string> {
    const launch = await findServer(this.context);
    if (launch === undefined) return "The server is not installed: run “typethrough: Install or Repair the Server”.";
    const command = launch.command.filter((word) => word !== "--stdio");
    const settings = JSON.stringify(editorSettings(this.context));
    const environment = await withCredential(this.context, process.env, environmentSettings(this.context));
    const asked = [...command, "doctor", "--html", "--settings", settings];
    const { output } = await run(asked, AbortSignal.timeout(DOCTOR_MS), environment);
    const page = output.indexOf("<!DOCTYPE html>");
    if (page >= 0) return output.slice(page);
    this.log.error(`the doctor could not be run: ${output}`);
    return "The doctor could not be run: the log says why.";
  }

  private async startNow(): Promise<void> {
    await this.stop();
    this.say("starting", "The server is starting.");
    const launch = (await findServer(this.context)) ?? (await this.upgraded());
    if (launch === undefined) {
      this.say("stopped", "The server is not installed.");
      const question =
        "no language server was found. Install it for VS Code alone, with your Python 3.11 or newer?";
      return tell(window.showInformationMessage, question, { Install: "install", Settings: "settings" });
    }
    this.log.info(`starting (${launch.origin}): ${launch.command.join(" ")}`);
    const client = new Client(this.context, this.log, launch.command, () =>
      withCredential(this.context, process.env, environmentSettings(this.context)),
    );
    this.client = client;
    client.onNotification("$/typethrough/status", (status: Status) => this.status.show(status));
    client.onDidChangeState(({ newState }) => this.stateChanged(client, newState));
    await client.start().catch((error: unknown) => {
      this.log.error(`could not be started: ${String(error)}`);
      this.failed(`${launch.command[0]} could not be started as a language server.`);
    });
  }

  private stateChanged(client: Client, state: State): void {
    if (client !== this.client) return;
    void commands.executeCommand("setContext", "typethrough.running", state === State.Running);
    if (state === State.Running) {
      this.log.info(`running: version ${client.initializeResult?.serverInfo?.version ?? "unknown"}`);
      this.switchAgain();
      this.focus();
    } else if (state === State.Starting) {
      this.say("starting", "The server is starting.");
    } else {
      // The client starts a server that has crashed at once; when it does not, it has given up.
      setImmediate(() => {
        const gaveUp = client === this.client && client.ran && client.state === State.Stopped;
        if (gaveUp) this.failed("the server stops again and again.");
      });
    }
  }

  private failed(message: string): void {
    this.say("stopped", message);
    tell(window.showErrorMessage, message, {
      Restart: "restart",
      Settings: "settings",
      "Open Log": "openLog",
    });
  }

  private say(kind: "starting" | "stopped", message: string): void {
    this.status.show({ kind, message });
  }

  /** The private environment that another version made, brought up to this one; as it is when that fails. */
  private async upgraded(): Promise<Launch | undefined> {
    const [old] = await outdated(this.context);
    if (old === undefined) return undefined;
    this.say("starting", "The server is being installed.");
    await install(this.context, this.log);
    return privateServer((await installed(this.context)) ?? old);
  }

  /** Tell the server which document the user looks at. */
  focus(): void {
    const uri = window.activeTextEditor?.document.uri;
    const focused = uri && SCHEMES.includes(uri.scheme) ? { textDocument: { uri: this.wire(uri) } } : {};
    this.client?.sendNotification("textDocument/didFocus", focused).catch(() => undefined);
  }

  /** The server's answer; one that is gone or too old to know the request has none, which the log says. */
  async request<T>(method: string, parameters: object): Promise<T | undefined> {
    try {
      return await this.client?.sendRequest<T>(method, parameters);
    } catch (error) {
      this.log.warn(`${method}: ${String(error)}`);
      return undefined;
    }
  }

  get paused(): boolean {
    return Date.now() < this.pausedUntil;
  }

  pause(minutes: number): Promise<void> {
    this.pausedUntil = Date.now() + minutes * 60_000;
    return this.switch({ scope: "pause", on: minutes === 0, ...(minutes > 0 && { minutes }) });
  }

  isOff(uri: Uri): boolean {
    return this.filesOff.has(this.wire(uri));
  }

  setFile(uri: Uri, on: boolean): Promise<void> {
    this.filesOff[on ? "delete" : "add"](this.wire(uri));
    return this.switch({ scope: "file", on, uri: this.wire(uri) });
  }

  private switchAgain(): void {
    this.filesOff.forEach((uri) => void this.switch({ scope: "file", on: false, uri }));
    if (this.paused) void this.pause((this.pausedUntil - Date.now()) / 60_000);
  }

  private async switch(parameters: Switch): Promise<void> {
    const status = await this.request<Status>("typethrough/switch", parameters);
    if (status) this.status.show(status);
  }

  /** As the server knows what the user means by a document: of a cell, its whole notebook. */
  private wire(uri: Uri): string {
    const book = workspace.notebookDocuments.find((notebook) =>
      notebook.getCells().some((cell) => cell.document.uri.toString() === uri.toString()),
    );
    const meant = book?.uri ?? uri;
    return this.client?.code2ProtocolConverter.asUri(meant) ?? meant.toString();
  }
}
