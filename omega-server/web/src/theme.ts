// Runs before the first paint, in the head, so that a chosen theme never flashes the other one. Without a choice the
// stylesheet follows the system by itself.

export {};

try {
  const chosen = localStorage.getItem("omega.theme");
  if (chosen === "light" || chosen === "dark") {
    document.documentElement.dataset["theme"] = chosen;
  }
} catch {
  // Storage is forbidden: the system's theme it is.
}
