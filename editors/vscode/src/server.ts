/** The server's life: found, started, stopped, started anew; and what the rest of the extension may ask of it. */
import { type ExtensionContext, type LogOutputChannel, type Uri, commands, window } from "vscode";
import { State } from "vscode-languageclient/node";
import { Client, SCHEMES } from "./client";
import { withCredential } from "./credential";
import { install, installed, outdated } from "./install";
import { type Launch, findServer, privateServer } from "./launch";
import { DID_FOCUS, type Entry, STATUS, SWITCH, type Status, type Switch, WHY } from "./protocol";
import { environmentSettings } from "./settings";
import type { StatusItem } from "./status";

const DO_NOT_ASK = "typethrough.doNotAskToInstall";

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
    await client?.dispose().catch((error: unknown) => this.log.warn(`stopping: ${String(error)}`));
  }

  /** Make the private environment, and start with it. */
  async install(): Promise<void> {
    this.status.set("starting", "The server is being installed.");
    await install(this.context, this.log);
    await this.start();
  }

  private async startNow(): Promise<void> {
    await this.stop();
    this.status.set("starting", "The server is starting.");
    const launch = (await findServer(this.context)) ?? (await this.privateServer());
    if (launch === undefined) {
      this.status.set("stopped", "The server is not installed.");
      return;
    }
    this.log.info(`starting (${launch.origin}): ${launch.command.join(" ")}`);
    const client = new Client(this.context, this.log, launch.command, () =>
      withCredential(this.context, process.env, environmentSettings(this.context)),
    );
    this.client = client;
    client.onNotification(STATUS, (status: Status) => this.status.show(status));
    client.onDidChangeState(({ oldState, newState }) => this.stateChanged(client, oldState, newState));
    await client.start().catch((error: unknown) => {
      this.log.error(`could not be started: ${String(error)}`);
      this.tell(`${launch.command[0]} could not be started as a language server.`, launch);
    });
  }

  private stateChanged(client: Client, before: State, state: State): void {
    if (client !== this.client) return;
    void commands.executeCommand("setContext", "typethrough.running", state === State.Running);
    if (state === State.Running) {
      this.log.info(`running: version ${client.initializeResult?.serverInfo?.version ?? "unknown"}`);
      this.switchAgain();
      this.focus();
    } else {
      this.status.set(state === State.Starting ? "starting" : "stopped", "The server is not running.");
      if (before === State.Running && state === State.Stopped) {
        this.tell("the server stopped again and again, and is not started any more.");
      }
    }
  }

  private tell(message: string, launch?: Launch): void {
    this.status.set("stopped", message);
    const remedies: Record<string, () => unknown> = {
      ...(launch?.origin === "setting"
        ? {
            "Open Settings": () =>
              commands.executeCommand("workbench.action.openSettings", "typethrough.command"),
          }
        : { "Start Again": () => this.start(), "Install Privately": () => this.install() }),
      "Open Log": () => this.log.show(),
    };
    void window
      .showErrorMessage(`typethrough: ${message}`, ...Object.keys(remedies))
      .then((choice) => choice && remedies[choice]?.());
  }

  /** The private environment for this version: brought up to date where there is one, else offered. */
  private async privateServer(): Promise<Launch | undefined> {
    const [old] = await outdated(this.context);
    if (old === undefined && !(await this.mayInstall())) return undefined;
    this.status.set("starting", "The server is being installed.");
    await install(this.context, this.log);
    const python = (await installed(this.context)) ?? old;
    return python === undefined ? undefined : privateServer(python);
  }

  private async mayInstall(): Promise<boolean> {
    if (this.context.globalState.get(DO_NOT_ASK)) return false;
    this.status.set("stopped", "The server is not installed.");
    const [yes, elsewhere, never] = ["Install", "I Have It Elsewhere", "Don't Ask Again"] as const;
    const choice = await window.showInformationMessage(
      "typethrough needs its language server. Install it for VS Code alone? (Python 3.11 or newer, 50 MB)",
      ...[yes, elsewhere, never],
    );
    if (choice === elsewhere) {
      void commands.executeCommand("workbench.action.openSettings", "typethrough.command");
    } else if (choice === never) {
      await this.context.globalState.update(DO_NOT_ASK, true);
    }
    return choice === yes;
  }

  /** Tell the server which document the user looks at. */
  focus(): void {
    const uri = window.activeTextEditor?.document.uri;
    const focused = uri && SCHEMES.includes(uri.scheme) ? { textDocument: { uri: this.wire(uri) } } : {};
    this.quietly(this.client?.sendNotification(DID_FOCUS, focused));
  }

  settingsChanged(): void {
    this.quietly(this.client?.announceSettings());
  }

  async why(): Promise<Entry[]> {
    const answer = await this.client?.sendRequest<{ entries: Entry[] }>(WHY, { limit: 50 });
    return answer?.entries ?? [];
  }

  get paused(): boolean {
    return Date.now() < this.pausedUntil;
  }

  pause(minutes: number): void {
    this.pausedUntil = Date.now() + minutes * 60_000;
    this.switch({ scope: "pause", on: minutes === 0, ...(minutes > 0 && { minutes }) });
  }

  isOff(uri: Uri): boolean {
    return this.filesOff.has(this.wire(uri));
  }

  setFile(uri: Uri, on: boolean): void {
    this.filesOff[on ? "delete" : "add"](this.wire(uri));
    this.switch({ scope: "file", on, uri: this.wire(uri) });
  }

  private switchAgain(): void {
    this.filesOff.forEach((uri) => this.switch({ scope: "file", on: false, uri }));
    if (this.paused) {
      this.switch({ scope: "pause", on: false, minutes: (this.pausedUntil - Date.now()) / 60_000 });
    }
  }

  private switch(parameters: Switch): void {
    this.quietly(
      this.client?.sendRequest<Status>(SWITCH, parameters).then((status) => this.status.show(status)),
    );
  }

  private wire(uri: Uri): string {
    return this.client?.code2ProtocolConverter.asUri(uri) ?? uri.toString();
  }

  /** A server that is gone or too old to know what it was told is a matter for the log. */
  private quietly(work: Promise<unknown> | undefined): void {
    work?.catch((error: unknown) => this.log.warn(String(error)));
  }
}
