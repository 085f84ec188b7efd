// Categories have no order of their own, but the network reads a column as places on a line. Where a
// model was pre-trained so, categories are put in the order in which they tell the target's classes
// apart, learned from the support rows alone. Pre-training does the same to the tables it draws, so
// the network has learned how far such an order can be trusted.

/** What a network expects of the codes of unordered categories. */
export type CategoryOrdering = 'name' | 'target';

/** Codes of the categories of one column. */
export interface CategoryOrder {
  /** Code of every category. */
  readonly codes: readonly number[];
  /** Code of a category that was absent, or rare and ordinary: the middle, where nothing is known of the target. */
  readonly unknown: number;
}

/** Fewer support rows say too little of a category: it is treated as unknown. */
const leastRows = 3;
/** With so many rows a category is placed whatever its classes are. */
const enoughRows = 10;
/** Rows of the overall class shares added to each category's own. */
const priorRows = 1;

/**
 * Order the categories of a column by the classes of their rows.
 *
 * A category's place is its coordinate on the first axis of a correspondence analysis of categories
 * by classes (Greenacre 1984), which for two classes is the share of the second one: the order that
 * is best for splits of two classes (Breiman et al. 1984, section 4.2.2).
 * @param levels Category of every support row, from 0; negative ones are passed over.
 * @param count Number of categories.
 * @param labels Class of every support row, from 0; negative ones are passed over.
 * @returns Codes 0, 1, … of the categories that are placed; equal ones keep their order.
 */
export function orderByTarget(
  levels: ArrayLike<number>,
  count: number,
  labels: ArrayLike<number>,
): CategoryOrder {
  let classes = 0;
  for (let i = 0; i < labels.length; i++) classes = Math.max(classes, labels[i] + 1);
  const table = new Float64Array(count * classes);
  const rows = new Float64Array(count);
  const shares = new Float64Array(classes);
  let total = 0;
  for (let i = 0; i < levels.length; i++) {
    if (levels[i] < 0 || labels[i] < 0) continue;
    table[levels[i] * classes + labels[i]]++;
    rows[levels[i]]++;
    shares[labels[i]]++;
    total++;
  }
  for (let k = 0; k < classes; k++) shares[k] /= total;
  const deviations = table.map((n, at) => {
    const [level, k] = [Math.floor(at / classes), at % classes];
    if (shares[k] === 0) return 0;
    const own = (n + priorRows * shares[k]) / (rows[level] + priorRows);
    return (own - shares[k]) / Math.sqrt(shares[k]);
  });
  const axis = leadingAxis(deviations, rows, classes);
  const places = Array.from({ length: count }, (_, level) => {
    let place = 0;
    for (let k = 0; k < classes; k++) place += deviations[level * classes + k] * axis[k];
    return place;
  });
  const freedom = shares.filter((share) => share > 0).length - 1;
  const occurring = rows.filter((n) => n > 0).length;
  const threshold = 2 * freedom * Math.log(Math.max(2, occurring));
  const isKnown = (level: number): boolean => {
    if (rows[level] >= enoughRows) return true;
    return rows[level] >= leastRows && chiSquared(table, level, rows[level], shares) >= threshold;
  };
  const known = places.flatMap((_, level) => (isKnown(level) ? [level] : []));
  known.sort((a, b) => places[a] - places[b]);
  const unknown = known.filter((level) => places[level] < 0).length - 0.5;
  const codes = new Array<number>(count).fill(unknown);
  for (const [place, level] of known.entries()) codes[level] = place;
  return { codes, unknown };
}

/** How far the classes of a category's rows are from the shares of all rows, for its number of rows. */
function chiSquared(
  table: Float64Array,
  level: number,
  rows: number,
  shares: Float64Array,
): number {
  let sum = 0;
  for (const [k, share] of shares.entries()) {
    if (share > 0) sum += (table[level * shares.length + k] - rows * share) ** 2 / (rows * share);
  }
  return sum;
}

/** First principal axis of weighted rows around 0, by power iteration; its last component is > 0. */
function leadingAxis(deviations: Float64Array, weights: Float64Array, width: number): Float64Array {
  let axis = Float64Array.from({ length: width }, (_, k) => 1 / (width - k));
  for (let round = 0; round < 100; round++) {
    const next = new Float64Array(width);
    for (let level = 0; level < weights.length; level++) {
      let dot = 0;
      for (let k = 0; k < width; k++) dot += deviations[level * width + k] * axis[k];
      for (let k = 0; k < width; k++) {
        next[k] += weights[level] * dot * deviations[level * width + k];
      }
    }
    const length = Math.hypot(...next);
    if (length === 0) return axis;
    axis = next.map((each) => each / length);
  }
  const side = axis.findLast((each) => Math.abs(each) > 1e-9) ?? 1;
  return side < 0 ? axis.map((each) => -each) : axis;
}
