/** A position in the source for each place in generated code where one begins. */
export interface SourceMap {
  /** Per generated line, in order: [generated column, source line, source column]; all from 0. */
  readonly lines: readonly (readonly [number, number, number])[][];
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const values = new Map([...digits].map((digit, value) => [digit, value]));

/** Read the mappings of a source map (version 3) that has a single source. */
export function parseSourceMap(json: string): SourceMap {
  const { mappings } = JSON.parse(json) as { mappings: string };
  let sourceLine = 0;
  let sourceColumn = 0;
  const lines = mappings.split(';').map((line) => {
    let column = 0;
    const segments: [number, number, number][] = [];
    for (const text of line ? line.split(',') : []) {
      const [byColumn, , byLine, bySourceColumn] = decode(text);
      column += byColumn ?? 0;
      if (byLine === undefined || bySourceColumn === undefined) continue;
      sourceLine += byLine;
      sourceColumn += bySourceColumn;
      segments.push([column, sourceLine, sourceColumn]);
    }
    return segments;
  });
  return { lines };
}

/** The source position of a generated one, if it is known; all from 0. */
export function originalPosition(
  map: SourceMap,
  line: number,
  column: number,
): { line: number; column: number } | undefined {
  const segments = map.lines[line] ?? [];
  const found = segments.findLast(([start]) => start <= column) ?? segments[0];
  return found && { line: found[1], column: found[2] };
}

/** Numbers of a segment in base 64, the lowest bit of each being its sign. */
function decode(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of text) {
    const bits = values.get(digit) ?? 0;
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value & 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}
