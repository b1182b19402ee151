// Buttons are shut while they work, and go once they have: without this the keyboard would begin anew at the top.

/** Gives the focus back to what had it once it may be used again, and to the heading above it where it was taken away; returns how to stop. */
export function keepFocus(root: HTMLElement): () => void {
  let path: HTMLElement[] = []; // what has the focus, and what it stands in, up to the root
  const focused = (event: FocusEvent) => {
    path = [];
    for (let node: HTMLElement | null = event.target as HTMLElement; node && node !== root; node = node.parentElement) path.push(node);
    path.push(root);
  };
  const left = (event: PointerEvent) => {
    if (!path[0]?.contains(event.target as Node)) path = []; // whoever clicks beside it has left it
  };
  const changed = new MutationObserver(() => {
    const [last] = path;
    if (!last || last === root || document.activeElement !== document.body) return;
    if (last.isConnected) return last.focus({ preventScroll: true }); // does nothing while it is shut
    const heading = path
      .filter((node) => node.isConnected)
      .map((node) => node.querySelector<HTMLElement>("h1, h2, h3"))
      .find((found) => found !== null);
    path = [];
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  });
  root.addEventListener("focusin", focused);
  document.addEventListener("pointerdown", left);
  changed.observe(root, { childList: true, subtree: true, attributeFilter: ["disabled"] });
  return () => {
    root.removeEventListener("focusin", focused);
    document.removeEventListener("pointerdown", left);
    changed.disconnect();
  };
}
