// The Bayesian information criterion of a column given its parents (Schwarz 1978):
//   ln L − ½·penalty·(free parameters)·ln n.
// Numbers: linear Gaussian. Categories: one multinomial for each configuration of the parents. Both:
// the degenerate Gaussian (Andrews, Ramsey & Cooper 2019), categories as indicator columns.

import { isNumeric, type Table } from '../data/table.js';
import { moments } from './independence/moments.js';
import { type Variables, variables } from './independence/variables.js';

/** Scores of columns given sets of parents; larger is better. */
export interface LocalScore {
  readonly name: string;
  of(v: number, parents: readonly number[]): number;
}

/** Make the score of a table: by its column types. */
export function localScore(table: Table, penalty: number): LocalScore {
  const vars = variables(table);
  const own = table.columns.some(isNumeric)
    ? gaussianScore(vars, penalty)
    : discreteScore(vars, penalty);
  const known = new Map<string, number>();
  return {
    name: own.name,
    of(v, parents) {
      const key = `${v}|${[...parents].sort((a, b) => a - b).join()}`;
      let value = known.get(key);
      if (value === undefined) {
        value = own.of(v, parents);
        known.set(key, value);
      }
      return value;
    },
  };
}

/** −n/2·ln(|Σ_XZ|/|Σ_Z|), over the rows complete in X and Z. */
function gaussianScore(vars: Variables, penalty: number): LocalScore {
  const sums = moments(vars);
  return {
    name: vars.columns.every((v) => v.numeric) ? 'gaussian-bic' : 'mixed-bic',
    of(v, parents) {
      const { rows, matrix } = sums.of([...parents, v]);
      const dims = (i: number): number => sums.offset[i + 1] - sums.offset[i];
      const d = Math.round(Math.sqrt(matrix.length));
      const dv = dims(v);
      let logDet = 0;
      let rank = 0;
      for (let s = 0; s < d; s++) {
        const pivot = matrix[s * d + s];
        if (s < d - dv) {
          if (!(pivot > 1e-9)) continue;
          rank++;
        } else {
          logDet += Math.log(Math.max(pivot, 1e-9));
          if (!(pivot > 1e-9)) continue;
        }
        for (let i = s + 1; i < d; i++) {
          const f = matrix[i * d + s] / pivot;
          for (let j = s + 1; j < d; j++) matrix[i * d + j] -= f * matrix[s * d + j];
        }
      }
      // In proportion to all rows, so that columns with missing cells compare.
      return (-rows * logDet - penalty * dv * rank * Math.log(rows)) * 0.5 * (vars.rows / rows);
    },
  };
}

function discreteScore(vars: Variables, penalty: number): LocalScore {
  return {
    name: 'discrete-bic',
    of(v, parents) {
      const cells = new Map<string, Int32Array>();
      const k = vars.columns[v].levels;
      let rows = 0;
      each: for (let r = 0; r < vars.length; r++) {
        const c = vars.columns[v].codes[r];
        if (c < 0) continue;
        let key = '';
        for (const u of parents) {
          const code = vars.columns[u].codes[r];
          if (code < 0) continue each;
          key += `${code},`;
        }
        let cell = cells.get(key);
        if (!cell) {
          cell = new Int32Array(k);
          cells.set(key, cell);
        }
        cell[c]++;
        rows++;
      }
      let logLikelihood = 0;
      for (const cell of cells.values()) {
        const total = cell.reduce((a, b) => a + b, 0);
        for (const n of cell) if (n > 0) logLikelihood += n * Math.log(n / total);
      }
      const configurations = parents.reduce((n, u) => n * vars.columns[u].levels, 1);
      const parameters = configurations * (k - 1);
      return (logLikelihood - 0.5 * penalty * parameters * Math.log(rows)) * (vars.rows / rows);
    },
  };
}
