// Versions of a message: one that was edited or asked again takes the place of the one before it, and both are kept.

import type { Message } from "./types";

/** A message that is a newer version of another one; its number and where that other one is, when all of them are loaded. */
export interface Version {
  number: number | undefined;
  before: number | undefined;
}

/** The messages that have a newer version. */
export const replacedOf = (messages: readonly Message[]): Set<string> =>
  new Set(messages.flatMap(({ replaces }) => (replaces ? [replaces] : [])));

/** The newest version of a message. */
export function newestOf(messages: readonly Message[], id: string): string {
  const newer = new Map(messages.flatMap((message) => (message.replaces ? [[message.replaces, message.id] as const] : [])));
  let newest = id;
  // Each is behind the one that it replaces, so this ends; what a server sent wrong must not hang the page.
  for (let steps = newer.size; steps > 0; steps -= 1) newest = newer.get(newest) ?? newest;
  return newest;
}

/** Which version each message is that is a newer one. */
export function versionsOf(messages: readonly Message[]): Map<string, Version> {
  const known = new Map(messages.map((message) => [message.id, message]));
  const versions = new Map<string, Version>();
  for (const message of messages) {
    if (!message.replaces) continue;
    const before = known.get(message.replaces);
    const isFirst = before && !before.replaces;
    const number = isFirst ? 2 : versions.get(message.replaces)?.number;
    versions.set(message.id, { number: before && number && (isFirst ? number : number + 1), before: before?.seq });
  }
  return versions;
}
