/** A document to try ghost text in: what repeats in it is enough for the local lane, with no key. */
import { readFile } from "node:fs/promises";
import { type ExtensionContext, Selection, commands, window, workspace } from "vscode";

export async function openSample(context: ExtensionContext): Promise<void> {
  const sample = await readFile(context.asAbsolutePath("media/sample.txt"), "utf8");
  const document = await workspace.openTextDocument({ language: "python", content: `${sample.trimEnd()} ` });
  const editor = await window.showTextDocument(document);
  const { end } = document.lineAt(document.lineCount - 1).range;
  editor.selection = new Selection(end, end);
  await commands.executeCommand("editor.action.inlineSuggest.trigger");
}
