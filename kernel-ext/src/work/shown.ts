const shown = new WeakMap<object, number>();

/** Note that a cell has shown what a value holds already. */
export function noteShown(value: object, cell: number | undefined): void {
  if (cell !== undefined) shown.set(value, cell);
}

/** Whether a cell that ends in a value has shown it already, as `display(x)` and `sh` do. */
export function isShown(value: unknown, cell: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return shown.get(value) === cell || isHandle(value);
}

/** A handle of `display`, which only stands for what is shown elsewhere. */
function isHandle(value: object): boolean {
  const { id, update } = value as { readonly id?: unknown; readonly update?: unknown };
  return typeof update === 'function' && String(id).startsWith('causalmixft-display-');
}
