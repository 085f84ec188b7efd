/** Names that the emitted code takes as parameters; see `work/run-cell.ts`, which passes them. */
export const parameters = {
  declare: '$$cm_declare',
  load: '$$cm_import',
  here: '$$cm_here',
  resume: '$$cm_resume',
  each: '$$cm_each',
  meta: '$$cm_meta',
} as const;

/** The parameter that holds the names declared by a cell. */
export const scopeName = (cell: number): string => `$$cm_${cell}`;
