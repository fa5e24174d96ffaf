import type { RefObject } from "preact";
import { memo } from "preact/compat";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { View } from "../fold";
import { sameTurn, turnsOf, type Turn } from "../turns";
import type { Whoami } from "../types";
import { AssistantTurn, RunEnd, UserTurn } from "./turn";
import { useAnnouncements } from "./use-announcements";

const NEAR_END_PX = 48;

interface Props {
  view: View | null;
  me: Whoami;
  /** How many messages were sent from here: sending one leads back to the end. */
  sent: number;
  /** Loads what came before; missing when nothing did. */
  loadOlder: (() => Promise<void>) | null;
  onAgain: (text: string) => void;
}

/** The messages. Follows the end until the reader scrolls away from it, and never moves what is being read. */
export function Transcript({ view, me, sent, loadOlder, onAgain }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const said = useAnnouncements(view);

  useEffect(() => setFollowing(true), [sent]);
  useLayoutEffect(() => {
    const frame = box.current;
    if (!frame || !following) return;
    const toEnd = () => {
      frame.scrollTop = frame.scrollHeight;
    };
    toEnd();
    // The text grows, the composer grows, a banner comes, a turn gets its real size when it is first seen: the end stays.
    const observer = new ResizeObserver(toEnd);
    observer.observe(frame);
    if (frame.firstElementChild) observer.observe(frame.firstElementChild);
    return () => observer.disconnect();
  }, [following]);

  const top = useRef(0);
  const atEnd = (frame: HTMLElement) => frame.scrollHeight - frame.scrollTop - frame.clientHeight < NEAR_END_PX;
  const scrolled = () => {
    const frame = box.current;
    if (!frame) return;
    // Only a reader scrolls up; that the end moved away is no reason to let go of it.
    if (atEnd(frame)) setFollowing(true);
    else if (frame.scrollTop < top.current) setFollowing(false);
    top.current = frame.scrollTop;
  };
  // A click may open a tool call and push the end out of sight: then that is what is being read.
  const clicked = () =>
    requestAnimationFrame(() => {
      if (box.current && !atEnd(box.current)) setFollowing(false);
    });
  const older = useOlder(box, view, loadOlder);
  const turns = view ? turnsOf(view) : [];
  return (
    <div class="transcript-frame">
      {/* Live off: a token is no announcement; the region below speaks when a message is whole. */}
      <div class="transcript" ref={box} onScroll={scrolled} onClick={clicked} role="log" aria-live="off" aria-label="conversation" tabIndex={0}>
        <div class="column">
          {!view && <p class="note" role="status">loading the conversation...</p>}
          {view && turns.length === 0 && <p class="note">Nothing here yet. Ask for something below</p>}
          {loadOlder && (
            <p class="older">
              <button type="button" class="outline small" disabled={older.busy} onClick={older.load}>
                {older.busy ? "loading..." : "load older messages"}
              </button>
              <span class="error-text" role="alert">{older.error}</span>
            </p>
          )}
          {turns.map((turn) => <TurnView key={turn.key} turn={turn} me={me} onAgain={onAgain} />)}
          {view?.notices.map((notice, at) => <p key={at} class="notice">{notice}</p>)}
        </div>
      </div>
      {!following && (
        <button type="button" class="outline small jump" onClick={() => setFollowing(true)}>jump to latest <span aria-hidden="true">↓</span></button>
      )}
      <div role="status" class="visually-hidden">{said}</div>
    </div>
  );
}

interface TurnProps {
  turn: Turn;
  me: Whoami;
  onAgain: (text: string) => void;
}

const TurnView = memo(function TurnView({ turn, me, onAgain }: TurnProps) {
  return (
    <>
      {turn.kind === "user"
        ? <UserTurn message={turn.message} run={turn.run} me={me} />
        : <AssistantTurn messages={turn.messages} toolRuns={turn.toolRuns} partials={turn.partials} run={turn.run} />}
      {turn.ended && <RunEnd run={turn.ended.run} question={turn.ended.question} onAgain={onAgain} />}
    </>
  );
}, (a: TurnProps, b: TurnProps) => sameTurn(a.turn, b.turn) && a.me === b.me && a.onAgain === b.onAgain);

/** Loads a page in front of what is being read, and keeps that where it is. */
function useOlder(box: RefObject<HTMLElement | null>, view: View | null, loadOlder: (() => Promise<void>) | null) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const held = useRef<{ turn: Element; top: number } | null>(null);
  const first = view?.messages[0]?.id;
  useLayoutEffect(() => {
    const kept = held.current;
    held.current = null;
    if (kept?.turn.isConnected && box.current) box.current.scrollTop += kept.turn.getBoundingClientRect().top - kept.top;
  }, [first]);
  const load = async () => {
    const turn = box.current?.querySelector(".turn");
    held.current = turn ? { turn, top: turn.getBoundingClientRect().top } : null;
    setBusy(true);
    setError(null);
    await loadOlder?.().catch((cause: Error) => setError(cause.message));
    setBusy(false);
  };
  return { busy, error, load };
}
