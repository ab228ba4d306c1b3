/** The key: asked for, kept in the secret storage, and given to the server for the one endpoint it was entered for. */
import { type ExtensionContext, commands, window } from "vscode";
import { machineSetting, setForUser } from "./settings";

const SECRET = "typethrough.credential";
const GATEWAY = "https://ai-gateway.vercel.sh/v1";
const TITLE = "typethrough: Set Key";
const URL_FORM = /^https?:\/\/[^\s@?#]+$/;
const ENDPOINTS = [
  { label: "Vercel AI Gateway", detail: "One key for the models of many providers", baseUrl: GATEWAY },
  { label: "OpenAI", detail: "A key of OpenAI's own platform", baseUrl: "https://api.openai.com/v1" },
  { label: "My own endpoint", detail: "Any server with OpenAI-compatible chat completions", baseUrl: "" },
];

const plain = (url: string): string => url.trim().replace(/\/+$/, "");
const same = (one: string, other: string): boolean => plain(one) === plain(other);

/**
 * The server's environment with the endpoint and its key: the stored key for the endpoint it was entered for, else whatever
 * the user's environment holds. A key that belongs to another endpoint is left out.
 */
export async function withCredential(
  context: ExtensionContext,
  inherited: NodeJS.ProcessEnv,
  settings: Record<string, string>,
): Promise<NodeJS.ProcessEnv> {
  const text = await context.secrets.get(SECRET);
  void commands.executeCommand("setContext", "typethrough.hasKey", text !== undefined);
  const environment = { ...inherited, ...settings };
  const chosen = settings["TYPETHROUGH_BASE_URL"];
  if (text !== undefined) {
    const { baseUrl, key } = JSON.parse(text) as { baseUrl: string; key: string };
    if (chosen === undefined || same(chosen, baseUrl)) {
      return { ...environment, TYPETHROUGH_BASE_URL: baseUrl, TYPETHROUGH_API_KEY: key };
    }
  }
  if (chosen !== undefined && !same(chosen, inherited["TYPETHROUGH_BASE_URL"] || GATEWAY)) {
    delete environment["TYPETHROUGH_API_KEY"];
  }
  return environment;
}

/** Ask for endpoint and key, and keep them. Whoever hears of the change starts the server anew. */
export async function setKey(context: ExtensionContext): Promise<void> {
  const endpoint = await window.showQuickPick(ENDPOINTS, { title: TITLE, placeHolder: "Whose key is it?" });
  if (endpoint === undefined) return;
  const own = endpoint.baseUrl === "";
  const baseUrl = own
    ? await ask("The endpoint's address, with its /v1", "baseUrl", "http://127.0.0.1:8080/v1", URL_FORM)
    : endpoint.baseUrl;
  const model = own && baseUrl ? await ask("The model's name, as that endpoint spells it", "model", "") : "";
  if (!baseUrl || model === undefined) return;
  const problem = "A key is one word of visible characters.";
  const answer = await window.showInputBox({
    title: TITLE,
    prompt: own ? `The key for ${baseUrl}; empty if it needs none` : `Your key of ${endpoint.label}`,
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) => (/^[!-~]*$/.test(value.trim()) && (own || value.trim()) ? undefined : problem),
  });
  if (answer === undefined) return;
  // Of the known endpoints the key says which; only one of the user's own stands in the settings, for it may need no key.
  await setForUser("baseUrl", own ? baseUrl : undefined);
  if (model) await setForUser("model", model);
  const key = answer.trim();
  if (key) await context.secrets.store(SECRET, JSON.stringify({ baseUrl, key }));
  else await context.secrets.delete(SECRET);
}

async function ask(prompt: string, setting: string, usual: string, allowed = /^/) {
  const value = machineSetting<string>(setting) ?? usual;
  const validateInput = (text: string) => (allowed.test(text.trim()) ? undefined : `Such as ${usual}`);
  const options = { title: TITLE, prompt, value, ignoreFocusOut: true, validateInput };
  return (await window.showInputBox(options))?.trim();
}

export async function removeKey(context: ExtensionContext): Promise<void> {
  await context.secrets.delete(SECRET);
  void window.showInformationMessage("typethrough: the key is removed from VS Code's secret storage.");
}
