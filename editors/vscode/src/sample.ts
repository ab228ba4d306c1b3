/** A document to try ghost text in: what repeats in it is enough for the local lane, with no key. */
import { Position, Selection, commands, window, workspace } from "vscode";

const SAMPLE = `# Ghost text to try: nothing here leaves your machine without a key.
# Type on at the end, slowly. What follows appears in grey: Tab takes it, typing on keeps it, Esc sends it away.

celsius = [21.5, 19.0, 23.25]
fahrenheit = [value * 9 / 5 + 32 for value in celsius]

for value in celsius:
    print(f"{value:.1f} degrees Celsius")

for value in fahrenheit:
    print(f"{value:.1f} degrees`;

export async function openSample(): Promise<void> {
  const document = await workspace.openTextDocument({ language: "python", content: SAMPLE });
  const editor = await window.showTextDocument(document);
  const end = document.lineAt(document.lineCount - 1).range.end;
  editor.selection = new Selection(end, new Position(end.line, end.character));
  await commands.executeCommand("editor.action.inlineSuggest.trigger");
}
