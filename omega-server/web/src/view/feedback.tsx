import { Check, ThumbsDown, ThumbsUp, Undo2, X } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { giveFeedback, removeFeedback } from "../api";
import { takeFocus } from "../focus";
import type { Feedback as Given, GiveFeedback, Run, Whoami } from "../types";
import { readableText, visibleText } from "../visible";
import { Icon } from "./icon";

const MOST = 4096;

/** What the reader says of an answer: good or bad at once, and what else there is to say behind it. */
export function Feedback({ run, me }: { run: Run; me: Whoami }) {
  const mine = run.feedback?.find(({ author }) => author.userId === me.userId);
  const [open, setOpen] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(0);
  /** What the reader said last, whether or not the events tell of it yet. */
  const last = useRef(mine);
  useEffect(() => {
    last.current = mine;
  }, [mine]);
  const acts = useRef<Promise<unknown>>(Promise.resolve());
  // One after the other: the answer to what was asked first does not undo what was shown for what was asked next.
  const act = (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy((count) => count + 1);
    setError(null);
    const done = acts.current.then(work).then(() => true, (cause: Error) => (setError(cause.message), false)).finally(() => setBusy((count) => count - 1));
    acts.current = done;
    return done;
  };
  const give = (body: () => GiveFeedback) => act(async () => {
    last.current = await giveFeedback(run.id, body());
  });
  const rate = async (rating: Given["rating"]) => {
    const body = () => {
      const { feltReal, comment } = last.current ?? {};
      return { rating, ...(feltReal !== undefined && { feltReal }), ...(comment !== undefined && { comment }) };
    };
    if (await give(body)) setOpen(true);
  };
  const takeBack = async () => {
    if (await act(() => removeFeedback(run.id).then(() => { last.current = undefined; }))) setOpen(false);
  };
  const button = (rating: Given["rating"]) => (
    <button type="button" class="ghost small rate" aria-label={rating} title={`a ${rating} answer`} aria-pressed={mine?.rating === rating} aria-busy={busy > 0} onClick={() => void rate(rating)}>
      <Icon of={rating === "good" ? ThumbsUp : ThumbsDown} size={14} />
    </button>
  );
  return (
    <>
      <span class={`rating${mine ? " given" : ""}`} role="group" aria-label="what you think of the answer">
        {button("good")}
        {button("bad")}
      </span>
      {open && mine && (
        <Details mine={mine} busy={busy > 0} onSave={async (more) => (await give(() => ({ rating: (last.current ?? mine).rating, ...more }))) && setOpen(false)}
          onBack={takeBack} onClose={() => setOpen(false)} />
      )}
      <p class="error-text" role="alert">{error}</p>
    </>
  );
}

interface DetailsProps {
  mine: Given;
  busy: boolean;
  onSave: (more: { feltReal?: boolean; comment?: string }) => void;
  onBack: () => void;
  onClose: () => void;
}

const FELT: readonly (readonly [value: boolean | undefined, words: string])[] = [[true, "yes"], [false, "no"], [undefined, "no opinion"]];

function Details({ mine, busy, onSave, onBack, onClose }: DetailsProps) {
  const [felt, setFelt] = useState(mine.feltReal);
  const [comment, setComment] = useState(mine.comment ?? "");
  const save = (event: Event) => {
    event.preventDefault();
    const words = comment.trim();
    onSave({ ...(felt !== undefined && { feltReal: felt }), ...(words && { comment: words }) });
  };
  const name = `felt-${mine.runId}`;
  return (
    <form class="feedback" onSubmit={save} onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <fieldset class="ask-save" disabled={busy}>
        <legend>Did it feel like a real agent?</legend>
        {FELT.map(([value, words]) => (
          <label key={words}><input type="radio" name={name} checked={felt === value} onChange={() => setFelt(value)} /> {words}</label>
        ))}
      </fieldset>
      <label for={`say-${mine.runId}`}>What else? Everybody in this conversation sees it</label>
      <textarea id={`say-${mine.runId}`} rows={2} maxLength={MOST} value={comment} placeholder="nothing else" ref={takeFocus}
        onInput={(event) => setComment(event.currentTarget.value)} />
      <div class="ask-buttons">
        <button type="submit" class="small" disabled={busy}>{busy ? "saving..." : "save"} <Icon of={Check} size={14} /></button>
        <button type="button" class="outline small" disabled={busy} onClick={onBack}>take back <Icon of={Undo2} size={14} /></button>
        <button type="button" class="ghost small" onClick={onClose}>close <Icon of={X} size={14} /></button>
      </div>
    </form>
  );
}

/** What people said of an answer. */
export function Said({ feedback }: { feedback: Given[] }) {
  if (feedback.length === 0) return null;
  return (
    <ul class="answers" aria-label="what was said of the answer">
      {feedback.map(({ author, rating, feltReal, comment }) => (
        <li key={author.userId} class={`answer${rating === "good" ? " ok" : ""}`}>
          <span class="answer-mark"><Icon of={rating === "good" ? ThumbsUp : ThumbsDown} size={14} /></span>
          <span>
            <b>{visibleText(author.displayName)}</b> {rating === "good" ? "found it good" : "found it bad"}
            {feltReal !== undefined && (feltReal ? ", like a real agent" : ", not like a real agent")}
            {comment && <>: {readableText(comment)}</>}
          </span>
        </li>
      ))}
    </ul>
  );
}
