/** Translate a constant text, then put the arguments in place of %1, %2 … */
export type Translate = (text: string, ...values: (string | number)[]) => string;

/** No translation: the texts as they are written here. */
export const untranslated: Translate = (text, ...values) =>
  text.replace(/%(\d)/g, (_, n: string) => String(values[Number(n) - 1] ?? ''));
