/** The server's life: found, started, stopped, started anew; and what the rest of the extension may ask of it. */
import { type ExtensionContext, type LogOutputChannel, type Uri, commands, window } from "vscode";
import { type LanguageClient, State } from "vscode-languageclient/node";
import { announceSettings, makeClient } from "./client";
import { withCredential } from "./credential";
import { install, outdated, removeOutdated } from "./install";
import { type Launch, findServer, privateServer } from "./launch";
import { DID_FOCUS, type Entry, STATUS, SWITCH, type Status, type Switch, WHY } from "./protocol";
import { environmentSettings } from "./settings";
import type { StatusItem } from "./status";

const DO_NOT_ASK = "typethrough.doNotAskToInstall";

export class Server {
  /** What the user switched off for a while; a server that is started anew has to be told again. */
  readonly filesOff = new Set<string>();
  pausedUntil = 0;
  private client: LanguageClient | undefined;
  private starting: Promise<void> = Promise.resolve();
  private startsWaiting = 0;

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
    if (this.startsWaiting < 2) {
      this.startsWaiting += 1;
      this.starting = this.starting.then(() => this.startNow()).finally(() => (this.startsWaiting -= 1));
    }
    return this.starting;
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose().catch((error: unknown) => this.log.warn(`stopping: ${String(error)}`));
  }

  /** Make the private environment, and start with it. */
  async install(): Promise<void> {
    this.status.local("starting", "The server is being installed.");
    await install(this.context, this.log);
    await this.start();
  }

  private async startNow(): Promise<void> {
    await this.stop();
    this.status.local("starting", "The server is starting.");
    const launch = (await findServer(this.context)) ?? (await this.privateServer());
    if (launch === undefined) {
      this.status.local("stopped", "The server is not installed. Click to install it.");
      return;
    }
    this.log.info(`starting (${launch.origin}): ${[launch.program, ...launch.arguments].join(" ")}`);
    const client = makeClient(this.context, this.log, launch, () =>
      withCredential(this.context, process.env, environmentSettings(this.context)),
    );
    this.client = client;
    client.onNotification(STATUS, (status: Status) => this.status.show(status));
    client.onDidChangeState(({ newState }) => this.stateChanged(client, newState));
    try {
      await client.start();
    } catch (error) {
      this.couldNotStart(launch, error);
    }
  }

  private stateChanged(client: LanguageClient, state: State): void {
    if (client !== this.client) {
      return;
    }
    void commands.executeCommand("setContext", "typethrough.running", state === State.Running);
    if (state === State.Running) {
      this.log.info(`running: version ${client.initializeResult?.serverInfo?.version ?? "unknown"}`);
      this.switchAgain();
      this.focus();
    } else if (state === State.Starting) {
      this.status.local("starting", "The server is starting.");
    } else {
      this.status.local("stopped", "The server has stopped.");
    }
  }

  private couldNotStart(launch: Launch, error: unknown): void {
    this.log.error(`the server could not be started: ${String(error)}`);
    this.status.local("stopped", "The server could not be started.");
    const remedy = launch.origin === "setting" ? "Open Settings" : "Install Privately";
    void window
      .showErrorMessage(`typethrough: ${launch.program} could not be started as a language server.`, remedy, "Open Log")
      .then((choice) => {
        if (choice === "Open Log") {
          this.log.show();
        } else if (choice === "Open Settings") {
          void commands.executeCommand("workbench.action.openSettings", "typethrough.command");
        } else if (choice === remedy) {
          void this.install();
        }
      });
  }

  /** The private environment for this version: brought up to date where there is one, else offered. */
  private async privateServer(): Promise<Launch | undefined> {
    const [old] = await outdated(this.context);
    if (old === undefined && !(await this.mayInstall())) {
      return undefined;
    }
    const python = await install(this.context, this.log);
    if (python !== undefined) {
      await removeOutdated(this.context).catch((error: unknown) => this.log.warn(String(error)));
    }
    const usable = python ?? old;
    return usable === undefined ? undefined : privateServer(usable);
  }

  private async mayInstall(): Promise<boolean> {
    if (this.context.globalState.get(DO_NOT_ASK)) {
      return false;
    }
    this.status.local("stopped", "The server is not installed.");
    const [yes, own, never] = ["Install", "I Have It Elsewhere", "Don't Ask Again"] as const;
    const choice = await window.showInformationMessage(
      "typethrough needs its language server, and there is none on your PATH. Install it for VS Code alone? " +
        "It takes Python 3.11 or newer, about 40 MB and some seconds; nothing else on this machine changes.",
      yes,
      own,
      never,
    );
    if (choice === own) {
      void commands.executeCommand("workbench.action.openSettings", "typethrough.command");
    }
    await this.context.globalState.update(DO_NOT_ASK, choice === never || undefined);
    return choice === yes;
  }

  /** Tell the server which document the user looks at. */
  focus(): void {
    const document = window.activeTextEditor?.document;
    const known = document && ["file", "untitled", "vscode-notebook-cell"].includes(document.uri.scheme);
    this.notify(DID_FOCUS, known ? { textDocument: { uri: this.uriOf(document.uri) } } : {});
  }

  settingsChanged(): void {
    if (this.client && this.running) {
      void announceSettings(this.client).catch((error: unknown) => this.log.warn(String(error)));
    }
  }

  async setFile(uri: Uri, on: boolean): Promise<void> {
    const key = this.uriOf(uri);
    if (on) {
      this.filesOff.delete(key);
    } else {
      this.filesOff.add(key);
    }
    await this.switch({ scope: "file", on, uri: key });
  }

  isFileOff(uri: Uri): boolean {
    return this.filesOff.has(this.uriOf(uri));
  }

  async pause(minutes: number): Promise<void> {
    this.pausedUntil = minutes ? Date.now() + minutes * 60_000 : 0;
    await this.switch({ scope: "pause", on: minutes === 0, ...(minutes && { minutes }) });
  }

  get paused(): boolean {
    return Date.now() < this.pausedUntil;
  }

  async why(): Promise<Entry[]> {
    const answer = await this.client?.sendRequest<{ entries: Entry[] }>(WHY, { limit: 50 });
    return answer?.entries ?? [];
  }

  private switchAgain(): void {
    for (const uri of this.filesOff) {
      void this.switch({ scope: "file", on: false, uri });
    }
    if (this.paused) {
      void this.switch({ scope: "pause", on: false, minutes: (this.pausedUntil - Date.now()) / 60_000 });
    }
  }

  private async switch(parameters: Switch): Promise<void> {
    try {
      const status = await this.client?.sendRequest<Status>(SWITCH, parameters);
      if (status !== undefined) {
        this.status.show(status);
      }
    } catch (error) {
      this.log.error(`${SWITCH} failed: ${String(error)}`);
    }
  }

  private notify(method: string, parameters: object): void {
    if (this.client && this.running) {
      void this.client.sendNotification(method, parameters).catch((error: unknown) => this.log.warn(String(error)));
    }
  }

  private uriOf(uri: Uri): string {
    return this.client?.code2ProtocolConverter.asUri(uri) ?? uri.toString();
  }
}
