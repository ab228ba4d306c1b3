// Runs in the editor's page before anything of the editor does: notes what a person sees, and when.
//
// `typethrough.frames` has an entry for each painted frame in which the ghost text differs from the frame before;
// `typethrough.changes` one for each change of it in the DOM, painted or not; `typethrough.keys` each key pressed; and
// `typethrough.told` every notification that appeared. Times are performance.now().
(() => {
  const seen = { frames: [], changes: [], keys: [], told: [] };
  globalThis.typethrough = seen;
  const plain = (text) => text.replaceAll("\u00a0", " ").replaceAll("\u200b", "");
  const textOf = (elements) => plain([...elements].map((element) => element.textContent).join(""));

  // A notebook has an editor in each cell: the one that takes the keys counts.
  seen.editor = () =>
    document.activeElement?.closest(".notebookOverlay .monaco-editor")?.querySelector(".lines-content") ??
    document.querySelector(".editor-group-container.active .monaco-editor .lines-content") ??
    document.querySelector(".editor-group-container .monaco-editor .lines-content");

  // Ghost text behind the cursor stands in the line itself, its further lines in a zone of their own below it.
  seen.ghost = () => {
    const editor = seen.editor();
    if (!editor) return "";
    const first = textOf(editor.querySelectorAll(":scope > .view-lines .view-line [class*='ghost-text']"));
    const lines = [...editor.querySelectorAll(":scope > .view-zones .suggest-preview-text .view-line")];
    const further = lines.sort((one, other) => parseFloat(one.style.top) - parseFloat(other.style.top));
    return [first, ...further.map((line) => textOf(line.querySelectorAll("[class*='ghost-text']")))].join("\n");
  };

  // The line with the cursor as it is painted: what is the document's in it, and all of it with the ghost text.
  seen.line = () => {
    const editor = seen.editor();
    const current = editor?.querySelector(":scope > .view-overlays .current-line")?.parentElement;
    if (!current) return { line: null, shown: null };
    const line = [...editor.querySelectorAll(":scope > .view-lines .view-line")].find(
      (candidate) => candidate.style.top === current.style.top,
    );
    if (!line) return { line: null, shown: null };
    return { line: textOf(line.querySelectorAll("span > span:not([class*='ghost-text'])")), shown: textOf([line]) };
  };

  seen.shown = () => seen.line().shown ?? "";

  const now = (ghost) => ({ at: performance.now(), ghost, ...seen.line() });

  let inDom = "";
  const look = () => {
    for (const element of document.querySelectorAll(".notification-toast .notification-list-item-message")) {
      const text = plain(element.textContent);
      if (!element.typethroughSeen && text) {
        element.typethroughSeen = true;
        seen.told.push(text);
      }
    }
    const ghost = seen.ghost();
    if (ghost === inDom) return;
    inDom = ghost;
    seen.changes.push(now(ghost));
  };
  new MutationObserver(look).observe(document, { childList: true, characterData: true, subtree: true });

  // A message posted in a frame's callback is delivered once that frame has been painted.
  const painted = new MessageChannel();
  let onScreen = "";
  painted.port1.onmessage = () => {
    const ghost = seen.ghost();
    if (ghost === onScreen) return;
    onScreen = ghost;
    seen.frames.push(now(ghost));
  };
  const frame = () => {
    painted.port2.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);

  addEventListener("keydown", (event) => seen.keys.push({ at: event.timeStamp, key: event.key }), true);
})();
