import { describe, expect, it } from 'vitest';
import {
  association,
  kendall,
  pearson,
  ranks,
  robustLine,
  spearman,
} from '../../src/display/association.js';
import {
  correlationFigure,
  correlationSummary,
  correlationSvg,
  historyData,
  inMetric,
} from '../../src/display/index.js';
import { pairRanges } from '../../src/display/svg-plot.js';
import { history } from './samples.js';

describe('association()', () => {
  // Ten pairs with ties; the numbers are those of scipy.stats 1.15.3:
  // pearsonr, spearmanr, kendalltau (tau-b).
  const x = [1, 2, 2, 4, 5, 6, 7, 8, 9, 10];
  const y = [2, 1, 4, 3, 7, 7, 6, 9, 12, 8];

  it('equals scipy on data with ties', () => {
    expect(pearson(x, y)).toBeCloseTo(0.876452875104782, 10);
    expect(spearman(x, y)).toBeCloseTo(0.8841463414634148, 10);
    expect(kendall(x, y)).toBeCloseTo(0.7045454545454546, 10);
  });

  it("has scipy's interval for Pearson, by Fisher's z", () => {
    const [low, high] = association(x, y).pearson?.interval ?? [];
    expect(low).toBeCloseTo(0.5507527506149107, 4);
    expect(high).toBeCloseTo(0.9705132802682872, 4);
  });

  it('is undefined for a constant and for too few values', () => {
    expect(association([1, 2, 3], [5, 5, 5])).toEqual({
      n: 3,
      pearson: undefined,
      spearman: undefined,
      kendall: undefined,
    });
    expect(spearman([1], [2])).toBeUndefined();
  });

  it('ranks ties by their mean', () => {
    expect(ranks([10, 20, 10, 5])).toEqual([2.5, 4, 2.5, 1]);
  });
});

describe('robustLine()', () => {
  it('is not moved by one wild point', () => {
    const x = [0, 1, 2, 3, 4, 5, 6];
    const line = robustLine(x, [1, 3, 5, 7, 9, 11, 1000]);
    expect(line?.slope).toBe(2);
    expect(line?.centre).toEqual({ x: 3, y: 7 });
    expect(line?.slopes[0]).toBeLessThanOrEqual(2);
    expect(line?.slopes[1]).toBeGreaterThanOrEqual(2);
  });
});

describe('historyData()', () => {
  const data = historyData(history);

  it('computes both readings of the gap', () => {
    // good: validation 0.5 → 0.4 is a gain of 20 %, test 0.6 → 0.48 too; both orders agree.
    // bad: test 0.5 → 0.6 is a gain of −20 %; the orders are opposed.
    expect(data.gaps.gainGap.byMethod.good).toBeCloseTo(0, 10);
    expect(data.gaps.gainGap.byMethod.bad).toBeCloseTo(40, 10);
    expect(data.gaps.gainGap.value).toBeCloseTo(20, 10);
    expect(data.gaps.correlationGap.byMethod.good).toBeCloseTo(0, 10);
    expect(data.gaps.correlationGap.byMethod.bad).toBeCloseTo(2, 10);
    expect(data.gaps.correlationGap.runs).toBe(2);
  });

  it('takes the sign of a gain from the direction of the metric', () => {
    const auc = inMetric(data, 'rocAuc');
    expect(auc.metric).toEqual({ name: 'rocAuc', direction: 'higher' });
    // good: validation 0.75 → 0.8 (+6.67 %), test 0.7 → 0.76 (+8.57 %).
    expect(auc.gaps.gainGap.byMethod.good).toBeCloseTo(Math.abs(0.8 / 0.75 - 0.76 / 0.7) * 100, 8);
  });

  it('says that a gap is not defined where there are no test scores', () => {
    const blind = {
      ...history,
      runs: history.runs.map((run) => ({
        ...run,
        steps: run.steps.map(({ step, validation, scores }) => ({
          step,
          validation,
          scores: { validation: scores.validation },
        })),
      })),
    };
    const { gaps } = historyData(blind);
    expect(gaps.gainGap).toEqual({ value: null, byMethod: { good: null, bad: null }, runs: 0 });
    expect(correlationSummary(historyData(blind)).join(' ')).toContain(
      'not defined for these runs',
    );
    expect(correlationSvg(historyData(blind))).toContain('no test scores');
  });

  it("keeps the paper's numbers apart, marked as the paper's", () => {
    expect(data.references.map((r) => r.value)).toEqual([0.67, 0.3]);
    for (const { source } of data.references) expect(source).toContain('paper');
    expect(correlationSvg(data).match(/the paper&#39;s/g)).toHaveLength(2);
  });
});

describe('correlationFigure()', () => {
  const data = historyData(history);
  const traces = (options?: Parameters<typeof correlationFigure>[1]): Record<string, unknown>[] =>
    correlationFigure(data, options).data as Record<string, unknown>[];

  it('draws identity, each run with its chosen step as a star, and the scores by step', () => {
    const [identity, good, goodMarks, bad, , ...steps] = traces();
    expect(identity.x).toEqual(identity.y);
    expect([good.name, bad.name]).toEqual(['good, seed 1', 'bad, seed 1']);
    expect(good.x).toEqual([0.5, 0.45, 0.4, 0.42]);
    expect(good.y).toEqual([0.6, 0.54, 0.48, 0.5]);
    expect(goodMarks).toMatchObject({
      x: [0.5, 0.4],
      y: [0.6, 0.48],
      marker: { symbol: ['circle', 'star'] },
    });
    expect(steps.map((t) => t.xaxis)).toEqual(Array(6).fill('x2'));
  });

  it('shows the chosen steps alone, some methods, ranks or another metric when asked', () => {
    expect(
      traces({ steps: 'chosen' })
        .slice(1)
        .map((t) => t.x),
    ).toEqual([[0.4], [0.4]]);
    expect(traces({ methods: ['bad'] }).map((t) => t.name)).not.toContain('good, seed 1');
    const values = (traces({ scale: 'rank', methods: ['good'] })[1].x as number[]).join();
    expect(values).toBe('4,3,1,2');
    expect(traces({ metric: 'rocAuc' })[1].x).toEqual([0.75, 0.775, 0.8, 0.79]);
  });

  it('never offers to send data anywhere', () => {
    expect(correlationFigure(data).config).toMatchObject({ showSendToCloud: false });
  });
});

describe('pairRanges()', () => {
  it('gives both axes the same range, so that the identity line is the diagonal', () => {
    const [x, y] = pairRanges([1, 2, 3], [2, 3, 4]);
    expect(x).toEqual(y);
  });

  it('gives each its own place, of the same length, where points would be a spot in a corner', () => {
    const [x, y] = pairRanges([0.28, 0.29, 0.31], [0.44, 0.45, 0.46]);
    expect(x[1]).toBeLessThan(y[0]);
    expect(x[1] - x[0]).toBeCloseTo(y[1] - y[0], 12);
    expect(x[0]).toBeLessThan(0.28);
    expect(y[1]).toBeGreaterThan(0.46);
  });
});

describe('correlationSvg()', () => {
  it('is the same text for the same data, with title and description', () => {
    const svg = correlationSvg(historyData(history));
    expect(svg).toBe(correlationSvg(historyData(history)));
    expect(svg).toContain('<title>Validation against test, a model</title>');
    expect(svg).toMatch(/<desc>2 runs, 8 evaluated steps; log-loss, lower is better/);
  });

  it('draws forty runs as chosen points and medians, not as a thicket', () => {
    const runs = Array.from({ length: 40 }, (_, seed) => ({ ...history.runs[seed % 2], seed }));
    const svg = correlationSvg(historyData({ ...history, runs }));
    expect(svg).toContain('Medians by step');
    expect(svg.length).toBeLessThan(40_000);
  });
});
