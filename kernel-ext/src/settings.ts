import type { Settings } from './channel.js';

/** The settings a kernel starts with: defaults, replaced by what the environment says. */
export function initialSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  const types = environment.CAUSALMIXFT_TYPES;
  const memory = Number(environment.CAUSALMIXFT_MEMORY);
  const rows = Number(environment.CAUSALMIXFT_MAX_ROWS);
  return {
    types: types === 'warn' || types === 'off' ? types : 'error',
    maxRows: Number.isInteger(rows) && rows > 0 ? rows : 20,
    colour: environment.CAUSALMIXFT_COLOUR === '1',
    memory: Number.isInteger(memory) && memory > 0 ? memory : 0,
  };
}

/** What is wrong with a value for a setting, or nothing. */
export function refusal(name: string, value: unknown): string | undefined {
  const must: Record<keyof Settings, [boolean, string]> = {
    types: [value === 'error' || value === 'warn' || value === 'off', '"error", "warn" or "off"'],
    maxRows: [Number.isInteger(value) && (value as number) > 0, 'a positive integer'],
    colour: [typeof value === 'boolean', 'true or false'],
    memory: [
      Number.isInteger(value) && (value as number) >= 0,
      'a number of megabytes, 0 for the default',
    ],
  };
  if (!Object.hasOwn(must, name)) {
    return `Cannot set "${name}" as there is no such setting; there are ${Object.keys(must).join(', ')}`;
  }
  const [fits, wanted] = must[name as keyof Settings];
  return fits
    ? undefined
    : `Cannot set "${name}" as it must be ${wanted}: current value is ${String(value)}`;
}
