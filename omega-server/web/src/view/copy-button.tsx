import { useEffect, useState } from "preact/hooks";

/** Copies a text; says whether it worked. */
export function CopyButton({ text, what, label = "copy" }: { text: string; what: string; label?: string }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(""), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("copied");
    } catch {
      setSaid("select and copy by hand");
    }
  };
  return (
    <button type="button" class="ghost small" onClick={copy} aria-label={`${label} ${what}`}>
      <span aria-live="polite">{said || label}</span>
    </button>
  );
}
