import type { Models } from "../types";

/** Which model answers; only those that can. The one in use is always listed. */
export function ModelPicker({ models, value, onPick }: {
  models: Models | null;
  value: string | undefined;
  onPick: (model: string) => void;
}) {
  if (!value) return null;
  const usable = models?.providers.filter((provider) => provider.available) ?? [];
  const names = usable.flatMap((provider) => provider.models.map((name) => `${provider.name}/${name}`));
  const missing = models?.providers.filter((provider) => !provider.available) ?? [];
  return (
    <label class="model">
      <span class="visually-hidden">model</span>
      <select value={value} onChange={(event) => onPick(event.currentTarget.value)}>
        {!names.includes(value) && <option value={value}>{value}</option>}
        {names.map((name) => <option key={name} value={name}>{name}</option>)}
        {missing.map((provider) => (
          <option key={provider.name} disabled title={provider.reason}>{provider.name} · not available</option>
        ))}
      </select>
    </label>
  );
}
