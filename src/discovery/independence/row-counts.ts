/** Rows to count. */
export interface Rows {
  readonly length: number;
  /** Codes by variable, −1 where missing. */
  readonly codes: readonly Int32Array[];
  /** The same in as few bytes as they need. */
  readonly narrow: readonly (Uint8Array | Int32Array)[];
  /** How often each row counts (absent: once). */
  readonly weights?: Int32Array | undefined;
  readonly missing: boolean;
}

/** One stratum number a row, −1 where a column of S is missing, and how many strata there are. */
export interface Strata {
  readonly of: Int32Array;
  readonly count: number;
}

/** Joint counts row by row: each row's stratum of S is kept, and one column more is one step more. */
export interface RowCounts {
  /** The strata with one column more in S, in a buffer of one entry a row. */
  refine(strata: Strata, v: number, into: Int32Array): Strata;
  /** The table of x and y in each stratum; valid until the next one is made. */
  count(strata: Strata, x: number, y: number): Int32Array;
  /** A table of zeros. */
  room(size: number): Int32Array;
}

/** Make ready to count the rows of columns with these numbers of levels. */
export function rowCounts(rows: Rows, levels: Int32Array): RowCounts {
  const { length: n, weights } = rows;
  let cells = new Int32Array(1024);
  const room = (size: number): Int32Array => {
    if (cells.length < size) cells = new Int32Array(Math.max(size, 2 * cells.length));
    else cells.fill(0, 0, size);
    return cells;
  };
  /** Number the strata that occur from 0, in their order. */
  let seen = new Int32Array(0);
  const renumber = (of: Int32Array, count: number): Strata => {
    if (seen.length < count) seen = new Int32Array(count);
    seen.fill(0, 0, count);
    for (let i = 0; i < n; i++) {
      if (of[i] >= 0 && (!weights || weights[i] > 0)) seen[of[i]] = 1;
    }
    let next = 0;
    for (let s = 0; s < count; s++) seen[s] = seen[s] ? next++ : -1;
    for (let i = 0; i < n; i++) if (of[i] >= 0) of[i] = seen[of[i]];
    return { of, count: next };
  };
  const refine = (s: Strata, v: number, into: Int32Array): Strata => {
    const code = rows.codes[v];
    const k = levels[v];
    const from = s.of;
    for (let i = 0; i < n; i++) {
      const a = from[i];
      const b = code[i];
      into[i] = a < 0 || b < 0 ? -1 : a * k + b;
    }
    const count = s.count * k;
    return count > n ? renumber(into, count) : { of: into, count };
  };
  return {
    room,
    refine,
    count(strata, x, y) {
      const kx = levels[x];
      const ky = levels[y];
      const size = strata.count * kx * ky;
      const s = strata.of;
      const cx = rows.narrow[x];
      const cy = rows.narrow[y];
      if (rows.missing) {
        const table = room(size);
        for (let i = 0; i < n; i++) {
          const a = s[i];
          const b = rows.codes[x][i];
          const c = rows.codes[y][i];
          if (a < 0 || b < 0 || c < 0) continue;
          table[(a * kx + b) * ky + c] += weights ? weights[i] : 1;
        }
        return table;
      }
      if (weights) {
        const table = room(size);
        for (let i = 0; i < n; i++) {
          if (s[i] >= 0) table[(s[i] * kx + cx[i]) * ky + cy[i]] += weights[i];
        }
        return table;
      }
      if (size > 1024) {
        const table = room(size);
        for (let i = 0; i < n; i++) table[(s[i] * kx + cx[i]) * ky + cy[i]]++;
        return table;
      }
      // Four tables in turn: rows of the same cell in a row would wait for each other.
      const table = room(4 * size);
      const whole = n - (n % 4);
      for (let i = 0; i < whole; i += 4) {
        table[(s[i] * kx + cx[i]) * ky + cy[i]]++;
        table[size + (s[i + 1] * kx + cx[i + 1]) * ky + cy[i + 1]]++;
        table[2 * size + (s[i + 2] * kx + cx[i + 2]) * ky + cy[i + 2]]++;
        table[3 * size + (s[i + 3] * kx + cx[i + 3]) * ky + cy[i + 3]]++;
      }
      for (let i = whole; i < n; i++) table[(s[i] * kx + cx[i]) * ky + cy[i]]++;
      for (let k = 0; k < size; k++) {
        table[k] += table[size + k] + table[2 * size + k] + table[3 * size + k];
      }
      return table;
    },
  };
}
