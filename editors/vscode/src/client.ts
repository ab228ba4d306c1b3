/** The language client: what it asks the server, and with what. Decides nothing about suggestions. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { homedir } from "node:os";
import {
  type CancellationToken,
  type ExtensionContext,
  type InlineCompletionContext,
  type InlineCompletionItem,
  type LogOutputChannel,
  type Position,
  type TextDocument,
  env,
  version,
  window,
} from "vscode";
import {
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  InlineCompletionRequest,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  State,
} from "vscode-languageclient/node";
import type { Launch } from "./launch";
import { SECTION, editorSettings } from "./settings";

/** A client for a server that `launch` starts, each time with the environment of that moment. */
export function makeClient(
  context: ExtensionContext,
  log: LogOutputChannel,
  launch: Launch,
  environment: () => Promise<NodeJS.ProcessEnv>,
): LanguageClient {
  const client: LanguageClient = new LanguageClient(
    SECTION,
    SECTION,
    async () => startProcess(launch, await environment()),
    options(context, log, () => client),
  );
  const usual = client.createDefaultErrorHandler();
  let ran = false;
  client.onDidChangeState(({ newState }) => {
    ran ||= newState === State.Running;
  });
  client.clientOptions.errorHandler = {
    // A write to a server that has just died fails too; that it closed is what counts.
    error: () => ({ action: ErrorAction.Continue, handled: true }),
    // One that never ran would not do so the next time either: whoever started it says what is wrong.
    closed: () => (ran ? usual.closed() : { action: CloseAction.DoNotRestart, handled: true }),
  };
  return client;
}

async function startProcess(launch: Launch, environment: NodeJS.ProcessEnv): Promise<ChildProcess> {
  // Not in the workspace's folder: no program that is started may find its parts there.
  const child = spawn(launch.program, launch.arguments, { cwd: homedir(), env: environment, windowsHide: true });
  await once(child, "spawn");
  return child;
}

function options(context: ExtensionContext, log: LogOutputChannel, client: () => LanguageClient): LanguageClientOptions {
  return {
    documentSelector: ["file", "untitled", "vscode-notebook-cell"].map((scheme) => ({ scheme })),
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationFailedHandler: () => false,
    initializationOptions: { editorInfo: { name: env.appName, version } },
    middleware: {
      provideInlineCompletionItems: (document, position, context, token) =>
        ask(client(), document, position, context, token),
      workspace: {
        configuration: ({ items }) =>
          items.map(({ section }) => (section === SECTION ? editorSettings(context) : null)),
        // The server asks for what it needs when it hears of a change.
        didChangeConfiguration: () => announceSettings(client()),
      },
    },
  };
}

export function announceSettings(client: LanguageClient): Promise<void> {
  return client.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
}

/** LSP's request with the document's version and the editor's indentation. A failure is in the log, never in a message. */
async function ask(
  client: LanguageClient,
  document: TextDocument,
  position: Position,
  context: InlineCompletionContext,
  token: CancellationToken,
): Promise<InlineCompletionItem[] | undefined> {
  const plain = client.code2ProtocolConverter.asInlineCompletionParams(document, position, context);
  const indentation = window.visibleTextEditors.find((editor) => editor.document === document)?.options;
  const parameters = {
    ...plain,
    textDocument: { ...plain.textDocument, version: document.version },
    ...(indentation && {
      formattingOptions: { tabSize: indentation.tabSize, insertSpaces: indentation.insertSpaces },
    }),
  };
  try {
    const answer = await client.sendRequest(InlineCompletionRequest.type, parameters, token);
    const list = await client.protocol2CodeConverter.asInlineCompletionResult(answer, token);
    return Array.isArray(list) ? list : list?.items;
  } catch (error) {
    if (!token.isCancellationRequested && client.state === State.Running) {
      client.error("textDocument/inlineCompletion failed", error, false);
    }
    return undefined;
  }
}
