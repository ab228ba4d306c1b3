/** The language client: what it asks the server, and with what. Decides nothing about suggestions. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { homedir } from "node:os";
import { createInterface } from "node:readline";
import * as vscode from "vscode";
import * as lsp from "vscode-languageclient/node";
import { SECTION, editorSettings } from "./settings";
import { tell } from "./tell";

type Asked = Parameters<NonNullable<lsp.Middleware["provideInlineCompletionItems"]>>;
const LOG_LINE = /^\S+ \S+ (DEBUG|INFO|WARNING|ERROR) +(.*)$/;
// The setting logLevel has decided: what the server says at all is shown without VS Code's own log level being raised too.
const LEVELS = { DEBUG: "info", INFO: "info", WARNING: "warn", ERROR: "error" } as const;
export const SCHEMES = ["file", "untitled", "vscode-notebook-cell"];

/** A client for the server that `command` starts, each time with the environment of that moment. */
export class Client extends lsp.LanguageClient {
  /** Whether the server answered at least once. */
  ran = false;
  private child: ChildProcess | undefined;

  constructor(
    context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    command: string[],
    environment: () => Promise<NodeJS.ProcessEnv>,
  ) {
    super(SECTION, SECTION, async () => this.startProcess(command, await environment()), {
      documentSelector: SCHEMES.map((scheme) => ({ scheme })),
      outputChannel: log,
      initializationFailedHandler: () => false,
      initializationOptions: { editorInfo: { name: vscode.env.appName, version: vscode.version } },
      middleware: {
        provideInlineCompletionItems: (...asked) => this.ask(asked),
        workspace: {
          // Ours is the only section that our server asks for.
          configuration: ({ items }) => items.map(() => editorSettings(context)),
          // With none of them in it: then the server asks.
          didChangeConfiguration: () =>
            this.sendNotification(lsp.DidChangeConfigurationNotification.type, { settings: null }),
        },
      },
    });
    const usual = this.createDefaultErrorHandler();
    this.clientOptions.errorHandler = {
      // A write to a server that has just died fails too; that it closed is what counts.
      error: () => ({ action: lsp.ErrorAction.Continue, handled: true }),
      // One that never ran would not do so the next time either.
      closed: () => (this.ran ? usual.closed() : { action: lsp.CloseAction.DoNotRestart, handled: true }),
    };
    this.onDidChangeState(({ newState }) => (this.ran ||= newState === lsp.State.Running));
    // Instead of the client's own handler, for what the server has to say mostly is about the key or a setting.
    const buttons = { "Set Key": "setKey", Settings: "settings", "Open Log": "openLog" };
    this.onNotification(lsp.ShowMessageNotification.type, ({ message }) =>
      tell(vscode.window.showWarningMessage, message.replace(/^typethrough: /, ""), buttons),
    );
  }

  /** Into the log and nowhere else: what the user has to know, `Server` says in plain words. */
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  /** End the server, the way LSP has it and then by force. */
  async end(): Promise<void> {
    await this.dispose().catch((error: unknown) => this.log.warn(`stopping: ${String(error)}`));
    this.child?.kill();
  }

  private async startProcess([program = "", ...rest]: string[], env: NodeJS.ProcessEnv) {
    // Not in the workspace's folder: no program that is started may find its parts there.
    const child = spawn(program, rest, { cwd: homedir(), env, windowsHide: true });
    await once(child, "spawn");
    child.on("error", (error) => this.log.error(error));
    createInterface(child.stderr).on("line", (line) => {
      const [, level = "WARNING", text = line] = LOG_LINE.exec(line) ?? [];
      this.log[LEVELS[level as keyof typeof LEVELS]](text);
    });
    this.child = child;
    return { reader: child.stdout, writer: child.stdin };
  }

  /** LSP's request, with the document's version and the editor's indentation. A failure is for the log. */
  private async ask([document, position, context, token]: Asked) {
    const plain = this.code2ProtocolConverter.asInlineCompletionParams(document, position, context);
    const options = vscode.window.visibleTextEditors.find((editor) => editor.document === document)?.options;
    const parameters = {
      ...plain,
      textDocument: { ...plain.textDocument, version: document.version },
      ...(options && { formattingOptions: { tabSize: options.tabSize, insertSpaces: options.insertSpaces } }),
    };
    try {
      const answer = await this.sendRequest(lsp.InlineCompletionRequest.type, parameters, token);
      const [first] = Array.isArray(answer) ? answer : (answer?.items ?? []);
      // VS Code does not say what it shows: this is what it is handed for the place where the user still is.
      const here = vscode.window.activeTextEditor;
      const still = here?.document === document && here.selection.active.isEqual(position);
      if (first && still && document.version === parameters.textDocument.version) {
        void this.sendNotification("textDocument/didShowCompletion", { item: first });
      }
      const items = await this.protocol2CodeConverter.asInlineCompletionResult(answer, token);
      return Array.isArray(items) ? items : items?.items;
    } catch (error) {
      if (!token.isCancellationRequested && this.state === lsp.State.Running) {
        this.error("textDocument/inlineCompletion failed", error);
      }
      return undefined;
    }
  }
}
