/** Messages whose buttons run commands of ours. */
import { commands, type window } from "vscode";

type Show = typeof window.showInformationMessage;

/** Returns at once: nothing that goes on waits for a person to read. */
export function tell(show: Show, message: string, buttons: Record<string, string>): void {
  // The words may be a gateway's or an installer's. A link could run a command, so none is made of them.
  const words = message.replaceAll("](", "] (");
  void show(`typethrough: ${words}`, ...Object.keys(buttons)).then((choice) => {
    if (choice) void commands.executeCommand(`typethrough.${buttons[choice]}`);
  });
}
