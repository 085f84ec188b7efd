// The few pieces that every static plot here is made of: a linear scale, round ticks, a frame.

import { coordinate, escapeMarkup, formatNumber } from './markup.js';
import type { Theme } from './theme.js';

/** A part of the picture in which data are drawn, in SVG units. */
export interface Panel {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Range = readonly [number, number];

/** A straight scale from data to picture. */
export function scale([d0, d1]: Range, [p0, p1]: Range): (value: number) => number {
  const k = d1 === d0 ? 0 : (p1 - p0) / (d1 - d0);
  return (value) => (d1 === d0 ? (p0 + p1) / 2 : p0 + (value - d0) * k);
}

/** Round numbers that cover a range: steps of 1, 2 or 5 times a power of ten. */
export function ticks([low, high]: Range, count = 5): readonly number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((m) => m * power >= raw * 0.999) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, k) =>
    Number(((first + k) * step).toPrecision(12)),
  );
}

/** The range of some values with a share of free space at both ends; [0, 1] for none. */
export function padded(values: readonly number[], share = 0.06): Range {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const pad = (high - low || Math.abs(high) || 1) * share;
  return [low - pad, high + pad];
}

/**
 * Ranges for points whose coordinates are of one kind. Both are the same, so that the identity line
 * is the diagonal, unless the points would then be a spot in a corner: then each has its own place
 * and both the same length, so that slopes stay comparable.
 */
export function pairRanges(x: readonly number[], y: readonly number[]): readonly [Range, Range] {
  const both = padded([...x, ...y]);
  const own = [padded(x), padded(y)];
  const longest = Math.max(...own.map(([low, high]) => high - low));
  if (both[1] - both[0] <= 2.5 * longest) return [both, both];
  const [rangeX, rangeY] = own.map(([low, high]): Range => {
    const middle = (low + high) / 2;
    return [middle - longest / 2, middle + longest / 2];
  });
  return [rangeX, rangeY];
}

export interface FrameOptions {
  readonly title?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly xTicks?: readonly number[];
  readonly yTicks?: readonly number[];
}

/** Grid, axes' numbers and labels of a panel. */
export function frame(
  panel: Panel,
  xRange: Range,
  yRange: Range,
  theme: Theme,
  options: FrameOptions = {},
): string {
  const { x, y, width, height } = panel;
  const sx = scale(xRange, [x, x + width]);
  const sy = scale(yRange, [y + height, y]);
  const { xTicks = ticks(xRange), yTicks = ticks(yRange) } = options;
  const vertical = xTicks.map(
    (v) => `M${coordinate(sx(v))} ${coordinate(y)}V${coordinate(y + height)}`,
  );
  const horizontal = yTicks.map(
    (v) => `M${coordinate(x)} ${coordinate(sy(v))}H${coordinate(x + width)}`,
  );
  return [
    `<path d="${[...vertical, ...horizontal].join('')}" stroke="${theme.grid}" stroke-width="1" fill="none"/>`,
    ...xTicks.map((v) => text(sx(v), y + height + 15, formatNumber(v), theme.muted, 11, 'middle')),
    ...yTicks.map((v) => text(x - 6, sy(v) + 4, formatNumber(v), theme.muted, 11, 'end')),
    options.title ? text(x, y - 10, options.title, theme.text, 13, 'start', 600) : '',
    options.xLabel
      ? text(x + width / 2, y + height + 33, options.xLabel, theme.text, 12, 'middle')
      : '',
    options.yLabel
      ? `<g transform="translate(${coordinate(x - 46)} ${coordinate(y + height / 2)}) rotate(-90)">${text(0, 0, options.yLabel, theme.text, 12, 'middle')}</g>`
      : '',
  ]
    .filter(Boolean)
    .join('\n');
}

/** One line of text at a place. */
export function text(
  x: number,
  y: number,
  content: string,
  colour: string,
  size: number,
  anchor: 'start' | 'middle' | 'end' = 'start',
  weight = 400,
): string {
  const bold = weight === 400 ? '' : ` font-weight="${weight}"`;
  return `<text x="${coordinate(x)}" y="${coordinate(y)}" font-size="${size}"${bold} text-anchor="${anchor}" fill="${colour}">${escapeMarkup(content)}</text>`;
}

/** Symbols of series, so that colour is never all that tells them apart. */
export const symbols = [
  'circle',
  'diamond',
  'square',
  'triangle-up',
  'cross',
  'triangle-down',
] as const;

/** Path of a symbol with radius `r` around a place. */
export function symbolPath(
  name: (typeof symbols)[number] | 'star',
  x: number,
  y: number,
  r: number,
): string {
  const points = (list: readonly (readonly [number, number])[]): string =>
    `M${list.map(([dx, dy]) => `${coordinate(x + dx * r)} ${coordinate(y + dy * r)}`).join('L')}Z`;
  switch (name) {
    case 'circle':
      return `M${coordinate(x - r)} ${coordinate(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
    case 'diamond':
      return points([
        [0, -1.25],
        [1.25, 0],
        [0, 1.25],
        [-1.25, 0],
      ]);
    case 'square':
      return points([
        [-0.9, -0.9],
        [0.9, -0.9],
        [0.9, 0.9],
        [-0.9, 0.9],
      ]);
    case 'triangle-up':
      return points([
        [0, -1.2],
        [1.1, 0.8],
        [-1.1, 0.8],
      ]);
    case 'triangle-down':
      return points([
        [0, 1.2],
        [1.1, -0.8],
        [-1.1, -0.8],
      ]);
    case 'cross':
      return points([
        [-0.4, -1.1],
        [0.4, -1.1],
        [0.4, -0.4],
        [1.1, -0.4],
        [1.1, 0.4],
        [0.4, 0.4],
        [0.4, 1.1],
        [-0.4, 1.1],
        [-0.4, 0.4],
        [-1.1, 0.4],
        [-1.1, -0.4],
        [-0.4, -0.4],
      ]);
    case 'star':
      return points(
        Array.from({ length: 10 }, (_, k) => {
          const radius = k % 2 === 0 ? 1.35 : 0.58;
          const angle = (Math.PI * k) / 5 - Math.PI / 2;
          return [radius * Math.cos(angle), radius * Math.sin(angle)] as const;
        }),
      );
  }
}
