import { useEffect, useState } from "preact/hooks";

/** Whether the sidebar is a drawer: the width at which style/layout.css makes it one. */
const narrow = matchMedia("(max-width: 899px)");

export function useNarrow(): boolean {
  const [is, setIs] = useState(narrow.matches);
  useEffect(() => {
    const change = () => setIs(narrow.matches);
    narrow.addEventListener("change", change);
    return () => narrow.removeEventListener("change", change);
  }, []);
  return is;
}
