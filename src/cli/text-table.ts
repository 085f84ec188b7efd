/** Write rows of texts as aligned columns; numbers to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, c) =>
    Math.max(name.length, ...rows.map((row) => row[c].length)),
  );
  const right = header.map((_, c) =>
    rows.every((row) => row[c] === '' || row[c] === '–' || !Number.isNaN(Number(row[c]))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, c) => (right[c] ? cell.padStart(widths[c]) : cell.padEnd(widths[c])))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)].join('\n');
}
