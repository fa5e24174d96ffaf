import { useState } from "preact/hooks";
import { avatarUrl } from "../account";

/** A participant's picture where there is one, their initials elsewhere. The name stands beside it. */
export function Avatar({ name, hash }: { name: string; hash: string }) {
  const [missing, setMissing] = useState(false);
  if (!hash || missing) return <span class="avatar" aria-hidden="true">{initials(name)}</span>;
  return <img class="avatar" src={avatarUrl(hash)} alt="" width={24} height={24} loading="lazy" onError={() => setMissing(true)} />;
}

/** The first letters of the first two words. */
export const initials = (name: string) =>
  name.split(/[\s@._-]+/).filter(Boolean).slice(0, 2).map((word) => Array.from(word)[0]?.toUpperCase() ?? "").join("") || "?";
