/** The key: asked for, kept in the secret storage, and given to the server for the one endpoint it was entered for. */
import { ConfigurationTarget, type ExtensionContext, type QuickPickItem, commands, window, workspace } from "vscode";
import { SECTION, machineSetting } from "./settings";

const SECRET = "typethrough.credential";
const GATEWAY = "https://ai-gateway.vercel.sh/v1";
const OPENAI = "https://api.openai.com/v1";

interface Credential {
  baseUrl: string;
  key: string;
}

async function stored(context: ExtensionContext): Promise<Credential | undefined> {
  const text = await context.secrets.get(SECRET);
  return text === undefined ? undefined : (JSON.parse(text) as Credential);
}

function same(one: string, other: string): boolean {
  return one.trim().replace(/\/+$/, "") === other.trim().replace(/\/+$/, "");
}

/**
 * The server's environment with the endpoint and its key: the stored key for the endpoint it was entered for, else whatever
 * the user's environment holds. A key that belongs to another endpoint is left out.
 */
export async function withCredential(
  context: ExtensionContext,
  inherited: NodeJS.ProcessEnv,
  settings: Record<string, string>,
): Promise<NodeJS.ProcessEnv> {
  const environment = { ...inherited, ...settings };
  const credential = await stored(context);
  void commands.executeCommand("setContext", "typethrough.hasKey", credential !== undefined);
  const chosen = settings["TYPETHROUGH_BASE_URL"];
  if (credential !== undefined && (chosen === undefined || same(chosen, credential.baseUrl))) {
    return { ...environment, TYPETHROUGH_BASE_URL: credential.baseUrl, TYPETHROUGH_API_KEY: credential.key };
  }
  if (chosen !== undefined && !same(chosen, inherited["TYPETHROUGH_BASE_URL"] || GATEWAY)) {
    delete environment["TYPETHROUGH_API_KEY"];
  }
  return environment;
}

interface Endpoint extends QuickPickItem {
  baseUrl?: string;
}

const ENDPOINTS: Endpoint[] = [
  { label: "Vercel AI Gateway", detail: "One key for the models of many providers", baseUrl: GATEWAY },
  { label: "OpenAI", detail: "A key of OpenAI's own platform", baseUrl: OPENAI },
  { label: "My own endpoint", detail: "Any server that streams OpenAI-compatible chat completions" },
];

function problemOfUrl(value: string): string | undefined {
  const url = URL.parse?.(value.trim()) ?? (URL.canParse(value.trim()) ? new URL(value.trim()) : null);
  const works = url !== null && ["http:", "https:"].includes(url.protocol) && !url.username && !url.search;
  return works ? undefined : "A URL such as https://host/v1, without a user name or a query";
}

/** Ask for endpoint and key, and keep them. The server is started anew by whoever hears of the change. */
export async function setKey(context: ExtensionContext): Promise<void> {
  const endpoint = await window.showQuickPick(ENDPOINTS, {
    title: "typethrough: Set Key (1/2)",
    placeHolder: "Whose key is it?",
  });
  if (endpoint === undefined) {
    return;
  }
  const own = endpoint.baseUrl === undefined;
  const baseUrl = endpoint.baseUrl ?? (await askBaseUrl());
  const model = own && baseUrl !== undefined ? await askModel() : "";
  if (baseUrl === undefined || model === undefined) {
    return;
  }
  const key = await window.showInputBox({
    title: "typethrough: Set Key (2/2)",
    prompt: own ? `The key for ${baseUrl}; empty if it needs none` : `Your key of ${endpoint.label}`,
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) =>
      /^[!-~]*$/.test(value.trim()) && (own || value.trim()) ? undefined : "A key is one word of visible characters",
  });
  if (key === undefined) {
    return;
  }
  const configuration = workspace.getConfiguration(SECTION);
  const setting = own ? baseUrl : undefined;
  if (machineSetting("baseUrl") !== setting) {
    await configuration.update("baseUrl", setting, ConfigurationTarget.Global);
  }
  if (model) {
    await configuration.update("model", model, ConfigurationTarget.Global);
  }
  if (key.trim()) {
    await context.secrets.store(SECRET, JSON.stringify({ baseUrl, key: key.trim() } satisfies Credential));
  } else {
    await context.secrets.delete(SECRET);
  }
}

async function askBaseUrl(): Promise<string | undefined> {
  const value = await window.showInputBox({
    title: "typethrough: Set Key (1/2)",
    prompt: "The endpoint's address, with its /v1",
    value: machineSetting<string>("baseUrl") ?? "",
    placeHolder: "http://127.0.0.1:8080/v1",
    ignoreFocusOut: true,
    validateInput: problemOfUrl,
  });
  return value?.trim();
}

async function askModel(): Promise<string | undefined> {
  const value = await window.showInputBox({
    title: "typethrough: Set Key (1/2)",
    prompt: "The model's name, as that endpoint spells it",
    value: machineSetting<string>("model") ?? "",
    ignoreFocusOut: true,
  });
  return value?.trim();
}

export async function removeKey(context: ExtensionContext): Promise<void> {
  await context.secrets.delete(SECRET);
  void window.showInformationMessage("typethrough: the key is removed from VS Code's secret storage.");
}
