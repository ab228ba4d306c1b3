/** Messages whose buttons run commands of ours. */
import { commands, type window } from "vscode";

type Show = typeof window.showInformationMessage;

/** Returns at once: nothing that goes on waits for a person to read. */
export function tell(show: Show, message: string, buttons: Record<string, string>): void {
  void show(`typethrough: ${message}`, ...Object.keys(buttons)).then((choice) => {
    if (choice) void commands.executeCommand(`typethrough.${buttons[choice]}`);
  });
}
