/** Names that the emitted code takes as parameters; see `work/run-cell.ts`, which passes them. */
export const parameters = {
  declare: '$$declare',
  load: '$$import',
  here: '$$here',
  resume: '$$resume',
  each: '$$each',
} as const;

/** The parameter that holds the names declared by a cell. */
export const scopeName = (cell: number): string => `$$${cell}`;
