// A message with data, as it is stored (`with_preview` in omega-core/src/model/frame.rs): the words, and in a block behind them
// the data's beginning and end, or all of what a shell piped in.

export interface Written {
  words: string;
  data: { shown: string; bytes: number } | null;
}

const OPENS = /<(stdin(?:-\d+)?)(?: bytes="(\d{1,12})" handle="stdin")?>\n/y;

/** The words of a message, and the data that went along. */
export function written(content: string): Written {
  const from = content.indexOf("<stdin");
  if (from < 0 || (from > 0 && !content.startsWith("\n\n", from - 2))) return { words: content, data: null };
  OPENS.lastIndex = from;
  const opened = OPENS.exec(content);
  const end = `\n</${opened?.[1]}>`;
  if (!opened || !content.endsWith(end) || content.length < OPENS.lastIndex + end.length) return { words: content, data: null };
  const shown = content.slice(from + opened[0].length, -end.length);
  return { words: content.slice(0, from).trimEnd(), data: { shown, bytes: opened[2] ? Number(opened[2]) : new TextEncoder().encode(shown).length } };
}
