// The keyboard always has a place: when what has the focus goes away, or can't be used any more, the focus goes to what is
// nearest. Browsers drop it to the body instead, from where a keyboard starts at the top of the page and a screen reader
// says nothing.

const CAN_BE_FOCUSED =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]';

/** So long something may be disabled while it works before the focus goes on. */
const BUSY_MS = 1000;

/** For `ref`: takes the focus when it comes up. (`autofocus` works once in a document's life.) */
export const takeFocus = (element: HTMLElement | null): void => element?.focus();

interface Step {
  parent: Element;
  /** Which child of the parent led to what had the focus. */
  at: number;
}

/** Watches over the focus below `root`, for as long as the page lives. */
export function keepFocus(root: HTMLElement): void {
  let last: HTMLElement | null = null;
  let way: Step[] = [];
  let waiting = 0;
  const isLost = () => document.activeElement === null || document.activeElement === document.body;
  const mend = () => {
    clearTimeout(waiting);
    waiting = 0;
    if (!last || !isLost()) return;
    if (last.isConnected && last.matches(":disabled")) {
      waiting = window.setTimeout(() => isLost() && nearest(way)?.focus(), BUSY_MS);
    } else if (last.isConnected && wasDisabled) {
      last.focus();
    } else if (!last.isConnected || !isShown(last)) {
      nearest(way)?.focus();
    }
    wasDisabled = last?.matches(":disabled") ?? false;
  };
  let wasDisabled = false;
  root.addEventListener("focusin", (event) => {
    if (!(event.target instanceof HTMLElement)) return;
    last = event.target;
    wasDisabled = false;
    way = wayTo(last, root);
  });
  // A click beside everything is the reader's own: then nothing has the focus, and that is right.
  root.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Element && !event.target.closest(CAN_BE_FOCUSED)) last = null;
  });
  new MutationObserver(mend).observe(root, { childList: true, subtree: true, attributeFilter: ["disabled", "inert", "open", "class"] });
}

function wayTo(element: Element, root: Element): Step[] {
  const steps: Step[] = [];
  for (let child = element; child !== root && child.parentElement; child = child.parentElement) {
    steps.push({ parent: child.parentElement, at: [...child.parentElement.children].indexOf(child) });
  }
  return steps;
}

/** The nearest place: in the innermost part that is still there, first what took the lost one's seat, then what is before it. */
function nearest(way: Step[]): HTMLElement | undefined {
  for (const { parent, at } of way) {
    if (!parent.isConnected) continue;
    const children = [...parent.children];
    for (const child of [...children.slice(at), ...children.slice(0, at).reverse()]) {
      const found = placesIn(child)[0];
      if (found) return found;
    }
  }
  return undefined;
}

function placesIn(element: Element): HTMLElement[] {
  const all = element.matches(CAN_BE_FOCUSED) ? [element] : [...element.querySelectorAll(CAN_BE_FOCUSED)];
  return all.filter((one): one is HTMLElement => one instanceof HTMLElement && isShown(one));
}

const isShown = (element: HTMLElement) => !element.closest("[inert]") && element.checkVisibility({ visibilityProperty: true });
