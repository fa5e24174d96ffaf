/** First requests: each needs tools that come with Omega and no key of a provider, and most of them one tool after the other. */
const SAMPLES: { label: string; prompt: string }[] = [
  { label: "two tools", prompt: "Calculate 17 * 23 and write the result as a Roman numeral" },
  { label: "days in words", prompt: "How many days are between 2026-02-14 and 2026-12-31, and write the result in words?" },
  { label: "title to address", prompt: 'Convert "the last agent you need" to title case, then make a slug of it' },
  { label: "hash to picture", prompt: 'What is the SHA-256 of "hello", and make a QR code of it' },
  { label: "data", prompt: "Turn this CSV into JSON:\nname,city\nAda,London\nGrace,New York" },
  { label: "find a tool", prompt: "Search for a tool to compare two texts" },
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
