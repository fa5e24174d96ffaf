import { useState } from "preact/hooks";
import { avatarUrl } from "../account";

/** Pictures that are not there: asked for once, not by every message. */
const missing = new Set<string>();

/** A participant's picture where there is one, their initials elsewhere. The name stands beside it. */
export function Avatar({ name, hash }: { name: string; hash: string }) {
  const [, setFailed] = useState(false);
  if (!hash || missing.has(hash)) return <span class="avatar" aria-hidden="true">{initials(name)}</span>;
  const failed = () => {
    missing.add(hash);
    setFailed(true);
  };
  return <img class="avatar" src={avatarUrl(hash)} alt="" width={24} height={24} loading="lazy" onError={failed} />;
}

/** The first letters of the first two words. */
export const initials = (name: string) =>
  name.split(/[\s@._-]+/).filter(Boolean).slice(0, 2).map((word) => Array.from(word)[0]?.toUpperCase() ?? "").join("") || "?";
