import { ArrowDown, ChevronRight } from "lucide";
import { Fragment } from "preact";
import { memo } from "preact/compat";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { activeRun, type View } from "../state";
import { foldsOf, hasMessage, sameTurn, turnsOf, type Turn } from "../turns";
import type { Whoami } from "../types";
import { count, dayOf, oneLine } from "../words";
import { written } from "../message-data";
import { readableText } from "../visible";
import { PageButton } from "./page-button";
import { Samples } from "./samples";
import { AssistantTurn, RunEnd, UserTurn, type TurnActions } from "./turn";
import { useAnchor } from "./use-anchor";
import { useAnnouncements } from "./use-announcements";
import { useFolds } from "./use-folds";
import type { GoneTo } from "./use-past";
import { withCode } from "./with-code";
import { Icon } from "./icon";

const NEAR_END_PX = 48;

interface Props {
  /** What is shown: the newest part, or a part of the past. */
  view: View | null;
  /** The part that goes on, which is spoken of as it does. */
  live: View | null;
  me: Whoami;
  /** How many messages were sent from here: sending one leads back to the end. */
  sent: number;
  /** Loads what came before; missing when nothing did. */
  loadOlder: (() => Promise<void>) | null;
  /** Loads what came after, while a part of the past is shown. */
  loadNewer: (() => Promise<void>) | null;
  /** Where to begin reading: a message's number, once for each time that it is gone to. */
  goneTo: GoneTo | null;
  onLatest: () => void;
  onSample: (text: string) => void;
  actions: TurnActions;
}

/** The messages. Follows the end until the reader scrolls away from it, and never moves what is being read. */
export function Transcript({ view, live, me, sent, loadOlder, loadNewer, goneTo, onLatest, onSample, actions }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const said = useAnnouncements(live);
  const isPast = loadNewer !== null;
  /** What there is to begin with is read from its top. */
  const isEmpty = view?.messages.length === 0;

  useEffect(() => setFollowing(true), [sent]);
  useLayoutEffect(() => {
    const frame = box.current;
    if (!frame || !following || isPast) return;
    const toEnd = () => {
      frame.scrollTop = isEmpty ? 0 : frame.scrollHeight;
    };
    toEnd();
    // The text grows, the composer grows, a banner comes, a turn gets its real size when it is first seen: the end stays.
    const observer = new ResizeObserver(toEnd);
    observer.observe(frame);
    if (frame.firstElementChild) observer.observe(frame.firstElementChild);
    return () => observer.disconnect();
  }, [following, isPast, isEmpty]);
  const anchored = useAnchor(box, !following || isPast);

  const top = useRef(0);
  const atEnd = (frame: HTMLElement) => frame.scrollHeight - frame.scrollTop - frame.clientHeight < NEAR_END_PX;
  const scrolled = () => {
    const frame = box.current;
    if (!frame) return;
    // Only a reader scrolls up; that the end moved away is no reason to let go of it.
    if (atEnd(frame) && !isPast) setFollowing(true);
    else if (frame.scrollTop < top.current) setFollowing(false);
    top.current = frame.scrollTop;
    anchored();
  };
  // A click may open a tool call and push the end out of sight: then that is what is being read.
  const clicked = () =>
    requestAnimationFrame(() => {
      if (box.current && !atEnd(box.current)) setFollowing(false);
    });
  // What waits behind the run at work is listed above the composer.
  const active = live ? activeRun(live) : undefined;
  const waits = (turn: Turn) => turn.kind === "user" && turn.run?.status === "queued" && turn.run.id !== active?.id;
  const turns = view ? turnsOf(view).filter((turn) => !waits(turn)) : [];
  const folds = foldsOf(turns);
  const fold = useFolds(turns, folds, following && !isPast);
  const arrived = useRef<Props["goneTo"]>(null);
  useLayoutEffect(() => {
    if (!goneTo || arrived.current === goneTo || !box.current) return;
    const turn = turns.find((one) => hasMessage(one, goneTo.seq));
    const of = turn && folds.get(turn);
    if (of && !fold.isOpen(of.key)) return fold.set(of.key, true);
    arrived.current = goneTo;
    setFollowing(false);
    box.current.querySelector(`[data-seq="${goneTo.seq}"]`)?.scrollIntoView({ block: "start" });
    if (!hasMovedOn(goneTo.from)) box.current.focus({ preventScroll: true });
    anchored();
  }, [goneTo, fold.state]);
  const latest = () => {
    setFollowing(true);
    onLatest();
  };
  return (
    <div class="transcript-frame">
      {/* Live off: a token is no announcement; the region below speaks when a message is whole. */}
      <div class="transcript" ref={box} onScroll={scrolled} onClick={clicked} role="log" aria-live="off" aria-label="conversation" tabIndex={0}>
        <div class="column">
          {!view && <p class="note" role="status">loading the conversation...</p>}
          {view && turns.length === 0 && (
            <div class="turn">
              <p class="note">Nothing here yet. Ask for something below, or begin with one of these</p>
              <Samples onPick={onSample} />
            </div>
          )}
          {loadOlder && <PageButton label="load older messages" load={loadOlder} box={box} />}
          {turns.map((turn, at) => {
            const [day, before] = [dayOf(startOf(turn)), turns[at - 1]];
            const of = folds.get(turn);
            const isOpen = !of || fold.isOpen(of.key);
            return (
              <Fragment key={turn.key}>
                {(!before || dayOf(startOf(before)) !== day) && <p class="day"><time dateTime={startOf(turn)}>{day}</time></p>}
                {of?.isFirst && (
                  <p class="earlier">
                    <button type="button" class="ghost small" aria-expanded={isOpen} onClick={() => fold.set(of.key, !isOpen)}>
                      <Icon of={ChevronRight} size={14} /> {of.questions > 1 ? count(of.questions, "earlier version") : "earlier version"} <span class="earlier-words">{readableText(oneLine(written(of.words).words, 80))}</span>
                    </button>
                  </p>
                )}
                {isOpen && <TurnView turn={turn} me={me} actions={actions} />}
              </Fragment>
            );
          })}
          {!isPast && view?.notices.map((notice, at) => <p key={at} class="notice"><span>{withCode(readableText(notice))}</span></p>)}
          {loadNewer && <PageButton label="load newer messages" load={loadNewer} box={box} />}
        </div>
      </div>
      {(!following || isPast) && (
        <button type="button" class="outline small jump" onClick={latest}>jump to latest <Icon of={ArrowDown} size={14} /></button>
      )}
      <div role="status" class="visually-hidden">{said}</div>
    </div>
  );
}

/** Whether whoever asked for it is at work in another part of the page by now. */
function hasMovedOn(from: Element | null): boolean {
  const part = document.activeElement?.closest(".side, .sidebar, .composer, .called, .find, dialog");
  return part ? !part.contains(from) : false;
}

const startOf = (turn: Turn): string => (turn.kind === "user" ? turn.message.createdAt : (turn.messages[0]?.createdAt ?? ""));

interface TurnProps {
  turn: Turn;
  me: Whoami;
  actions: TurnActions;
}

const TurnView = memo(function TurnView({ turn, me, actions }: TurnProps) {
  return (
    <>
      {turn.kind === "user"
        ? <UserTurn message={turn.message} run={turn.run} told={turn.told} version={turn.version} me={me} actions={actions} />
        : <AssistantTurn messages={turn.messages} toolRuns={turn.toolRuns} partials={turn.partials} told={turn.told} run={turn.run} question={turn.question} me={me} actions={actions} />}
      {turn.ended && <RunEnd run={turn.ended.run} question={turn.ended.question} actions={actions} />}
    </>
  );
}, (a: TurnProps, b: TurnProps) => sameTurn(a.turn, b.turn) && a.me === b.me && a.actions === b.actions);
