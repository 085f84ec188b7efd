// Critical-difference diagram (Demšar 2006): average ranks on an axis, methods that the Nemenyi test at
// 5 % does not tell apart joined by a bar.

import { averageRanks } from '../../../dist/evaluation/average-ranks.js';

/** Critical values q₀.₀₅ / √2 of the studentised range for 2 … 10 methods. */
const critical = [1.96, 2.343, 2.569, 2.728, 2.85, 2.949, 3.031, 3.102, 3.164];

/** Ranks, and the difference of ranks that counts. */
export function criticalDifference(scores, higherIsBetter) {
  const { ranks, statistic } = averageRanks(scores, higherIsBetter);
  const k = ranks.length;
  const difference = critical[k - 2] * Math.sqrt((k * (k + 1)) / (6 * scores.length));
  return { ranks, statistic, difference };
}

/** Draw the diagram as SVG. */
export function criticalDifferenceSvg(names, scores, higherIsBetter, title) {
  const { ranks, difference } = criticalDifference(scores, higherIsBetter);
  const k = names.length;
  const order = names.map((_, i) => i).sort((a, b) => ranks[a] - ranks[b]);
  const [left, width, axis] = [190, 300, 74];
  const x = (rank) => left + (width * (rank - 1)) / (k - 1);
  const half = Math.ceil(k / 2);
  const cliques = [];
  for (let i = 0; i < k; i++) {
    let j = i;
    while (j + 1 < k && ranks[order[j + 1]] - ranks[order[i]] <= difference) j++;
    if (j > i && (cliques.length === 0 || cliques.at(-1)[1] < j)) cliques.push([i, j]);
  }
  const below = axis + 14 + 10 * cliques.length;
  const height = below + 22 * half + 16;
  const line = (x1, y1, x2, y2, w = 1) =>
    `<line x1="${x1.toFixed(1)}" y1="${y1}" x2="${x2.toFixed(1)}" y2="${y2}" stroke="#334155" stroke-width="${w}"/>`;
  const text = (tx, y, content, anchor = 'middle') =>
    `<text x="${tx.toFixed(1)}" y="${y}" text-anchor="${anchor}" font-size="12" fill="#1e293b">${content}</text>`;
  const parts = [text(340, 20, title), line(left, axis, left + width, axis)];
  for (let rank = 1; rank <= k; rank++) {
    parts.push(line(x(rank), axis - 5, x(rank), axis), text(x(rank), axis - 10, rank));
  }
  parts.push(
    line(left, 36, x(1 + difference), 36, 2),
    text(x(1 + difference) + 8, 40, `critical difference ${difference.toFixed(2)}`, 'start'),
  );
  cliques.forEach(([i, j], c) => {
    const y = axis + 10 + 10 * c;
    parts.push(line(x(ranks[order[i]]) - 4, y, x(ranks[order[j]]) + 4, y, 4));
  });
  order.forEach((method, place) => {
    const first = place < half;
    const y = below + 22 * (first ? place : k - 1 - place) + 12;
    const at = x(ranks[method]);
    const edge = first ? left - 14 : left + width + 14;
    parts.push(line(at, axis, at, y), line(at, y, edge, y));
    const label = `${names[method]} ${ranks[method].toFixed(2)}`;
    parts.push(text(edge + (first ? -5 : 5), y + 4, label, first ? 'end' : 'start'));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 ${height}" width="680" height="${height}" font-family="system-ui, sans-serif" role="img"><title>${title}</title><rect width="680" height="${height}" fill="#fff"/>${parts.join('')}</svg>\n`;
}
