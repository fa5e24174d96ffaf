// The keyboard always has a place: when what has the focus goes away, or can't be used while it works, the focus goes to what
// is nearest. Browsers drop it to the body instead, from where a keyboard starts at the top of the page and a screen reader
// says nothing.

const CAN_BE_FOCUSED =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]';

/** What can hold the focus for a part of it that is busy. */
const SEATS = "form, section, article, aside, dialog, main";

/** For `ref`: takes the focus when it comes up, and all of its form is in sight. (`autofocus` works once in a document's life.) */
export function takeFocus(element: HTMLElement | null): void {
  element?.focus();
  element?.closest("form")?.scrollIntoView({ block: "nearest" });
}

/** Gives the focus back to what opened something that is gone now; what is in a closed menu has it at the menu. */
export function giveBack(opener: Element | null): void {
  if (!(opener instanceof HTMLElement) || !opener.isConnected) return;
  const place = isUsable(opener) ? opener : opener.closest("details")?.querySelector("summary");
  place?.focus({ preventScroll: true });
}

interface Step {
  parent: Element;
  /** Which child of the parent led to what had the focus. */
  at: number;
}

/** Watches over the focus below `root`, for as long as the page lives. */
export function keepFocus(root: HTMLElement): void {
  let last: HTMLElement | null = null;
  let way: Step[] = [];
  /** What is disabled for the time that it works, and who holds its focus. */
  let busy: { element: HTMLElement; seat: HTMLElement } | null = null;
  // What was just disabled still looks as if it had the focus, until the next frame.
  const isLost = () => {
    const active = document.activeElement;
    return active === null || active === document.body || (active === last && active.matches(":disabled"));
  };
  const mend = () => {
    if (busy && document.activeElement === busy.seat && isUsable(busy.element)) return busy.element.focus();
    if (!last || !isLost()) return;
    if (last.isConnected && last.matches(":disabled")) {
      const seat = last.closest<HTMLElement>(SEATS);
      if (!seat) return nearest(way)?.focus();
      busy = { element: last, seat };
      if (!seat.hasAttribute("tabindex")) seat.tabIndex = -1;
      return seat.focus({ preventScroll: true });
    }
    if (!isUsable(last)) nearest(way)?.focus();
  };
  root.addEventListener("focusin", (event) => {
    if (!(event.target instanceof HTMLElement)) return;
    last = event.target;
    way = wayTo(last, root);
    if (busy && last !== busy.seat) busy = null;
  });
  root.addEventListener("focusout", () => setTimeout(mend));
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
  return all.filter((one): one is HTMLElement => one instanceof HTMLElement && isUsable(one));
}

const isUsable = (element: HTMLElement) =>
  element.isConnected && !element.matches(":disabled") && !element.closest("[inert]") && element.checkVisibility({ visibilityProperty: true });
