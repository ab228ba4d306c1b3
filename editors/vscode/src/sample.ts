/** A document to try ghost text in: what repeats in it is enough for the local lane, with no key. */
import { type ExtensionContext, Selection, Uri, commands, window, workspace } from "vscode";

export async function openSample(context: ExtensionContext): Promise<void> {
  const file = await workspace.fs.readFile(Uri.joinPath(context.extensionUri, "media", "sample.txt"));
  const content = new TextDecoder().decode(file).trimEnd();
  const document = await workspace.openTextDocument({ language: "python", content: `${content} ` });
  const editor = await window.showTextDocument(document);
  const { end } = document.lineAt(document.lineCount - 1).range;
  editor.selection = new Selection(end, end);
  await commands.executeCommand("editor.action.inlineSuggest.trigger");
}
