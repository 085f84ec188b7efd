import { fileURLToPath } from 'node:url';
import { dropMissing } from './missing.js';
import { readTable } from './read-table.js';
import type { Table } from './table.js';

/** The tables that come with the library, each with the column it predicts by default. */
const targets = { penguins: 'sex', wine: 'cultivar', heart: 'disease' } as const;

/** Name of a table that comes with the library. */
export type BundledName = keyof typeof targets;

/** The names of the tables that come with the library. */
export const bundledNames: readonly BundledName[] = Object.keys(targets) as BundledName[];

/**
 * Read a table that comes with the library; no network is needed.
 *
 * `penguins`: 333 × 7, two species traits and four measurements, predicts `sex`. `heart`: 303 × 14,
 * mixed types with missing cells, predicts `disease`. `wine`: 178 × 14, numeric, predicts
 * `cultivar`, three classes. Licences and sources: assets/tables/README.md.
 * @param options.target Another column to predict; rows without a target are left out.
 */
export async function bundled(
  name: BundledName,
  options: { readonly target?: string | undefined } = {},
): Promise<Table> {
  if (!bundledNames.includes(name)) {
    throw new RangeError(
      `Cannot read a bundled table as its name must be one of ${bundledNames.join(', ')}: current value is "${name}"`,
    );
  }
  const target = options.target ?? targets[name];
  const path = fileURLToPath(new URL(`../../assets/tables/${name}.csv`, import.meta.url));
  return dropMissing(await readTable(path, { target }), [target]);
}
