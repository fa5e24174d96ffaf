/** First requests: each needs tools that come with Omega, and no key of a provider. */
const SAMPLES: { label: string; prompt: string }[] = [
  { label: "two tools", prompt: "Calculate 17 * 23 and write the result as a Roman numeral" },
  { label: "algebra", prompt: "What is the determinant of [[2, 1, 0], [1, 3, 1], [0, 1, 4]]?" },
  { label: "data", prompt: "Turn this CSV into JSON:\nname,city\nAda,London\nGrace,New York" },
  { label: "text", prompt: 'Compare two texts word by word: "the quick brown fox" and "the quick red fox"' },
  { label: "dates", prompt: "How many days are between 2026-02-14 and 2026-12-31?" },
  { label: "chart", prompt: "Plot [1, 4, 9, 16, 9, 4, 1, 4, 9] as an ASCII line chart" },
];

/** Prompts to begin with. */
export function Samples({ onPick }: { onPick: (prompt: string) => void }) {
  return (
    <ul class="samples">
      {SAMPLES.map(({ label, prompt }) => (
        <li key={label}>
          <button type="button" class="sample" onClick={() => onPick(prompt)}>
            <span class="label">{label}</span>
            <span>{prompt}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
