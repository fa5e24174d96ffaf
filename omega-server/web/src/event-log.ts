// The committed events of a conversation, from the first one on.

import { request } from "./api";
import { FrameParser } from "./sse";
import type { Envelope } from "./types";

/** Events that a page holds at most: the newest of them. */
const MOST = 20_000;

/** Reads the events up to `lastSeq`, and says what it has after each piece. */
export async function eventsOf(id: string, lastSeq: number, said: (events: Envelope[]) => void, signal: AbortSignal): Promise<void> {
  const connection = new AbortController();
  const stop = () => connection.abort();
  signal.addEventListener("abort", stop);
  const events: Envelope[] = [];
  try {
    if (lastSeq === 0) return;
    const after = Math.max(0, lastSeq - MOST);
    const response = await request(`/conversations/${encodeURIComponent(id)}/events?after=${after}`, {
      headers: { Accept: "text/event-stream" },
      cache: "no-store",
      signal: connection.signal,
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const frames = new FrameParser();
    for (;;) {
      const piece = await reader?.read();
      if (!piece || piece.done) return;
      for (const { data } of frames.push(piece.value)) {
        const event = JSON.parse(data) as Envelope;
        if (event.seq !== undefined) events.push(event);
      }
      said([...events]);
      if ((events.at(-1)?.seq ?? 0) >= lastSeq) return;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}
