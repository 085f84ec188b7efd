import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { History } from '../../src/causal-mix-ft.js';
import { type DagData, graphData, historyData, strengthsData } from '../../src/display/index.js';
import { stream } from '../../src/math/random.js';
import { graph } from '../display/samples.js';
import {
  mount,
  type PageWindow,
  pictures,
  startBrowser,
  startViewServer,
  type ViewServer,
} from './browser.js';

let server: ViewServer;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let requests: string[];
let errors: string[];

beforeAll(async () => {
  [server, browser] = await Promise.all([startViewServer(), startBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1000, height: 900 } });
  page = await context.newPage();
  requests = [];
  errors = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
});

afterEach(async () => {
  await context.close();
});

const names = [
  'species',
  'island',
  'bill length',
  'bill depth',
  'flipper length',
  'body mass',
  'year',
  'sex',
];
const types = {
  species: 'categorical',
  island: 'categorical',
  'bill length': 'numeric',
  'bill depth': 'numeric',
  'flipper length': 'integer',
  'body mass': 'integer',
  year: 'ordinal',
  sex: 'categorical',
} as const;

/** species and sex act on the measures; island and year hang together somehow. */
const penguins: DagData = graphData(
  graph(
    'pag',
    names,
    [
      ['species', 'island', -1, 1],
      ['species', 'bill length', -1, 1],
      ['species', 'bill depth', -1, 1],
      ['species', 'flipper length', -1, 1],
      ['flipper length', 'body mass', -1, 1],
      ['sex', 'body mass', -1, 1],
      ['sex', 'bill length', -1, 1],
      ['sex', 'bill depth', -1, 1],
      ['bill depth', 'flipper length', 1, 1],
      ['bill length', 'body mass', 2, 1],
      ['island', 'year', 2, 2],
    ],
    'sex',
  ),
  { types },
);

function penguinStrengths(): DagData {
  const p = names.length;
  const probabilities = new Float64Array(p * p);
  const pairs: readonly (readonly [string, string, number, number])[] = [
    ['species', 'island', 0.8, 0.2],
    ['species', 'bill length', 0.95, 0.05],
    ['species', 'bill depth', 0.7, 0.25],
    ['species', 'flipper length', 0.9, 0.1],
    ['flipper length', 'body mass', 0.55, 0.45],
    ['sex', 'body mass', 0.97, 0],
    ['sex', 'bill length', 0.6, 0.15],
    ['sex', 'bill depth', 0.9, 0],
    ['bill length', 'bill depth', 0.1, 0.05],
    ['bill length', 'body mass', 0.2, 0.3],
    ['island', 'year', 0.05, 0.1],
    ['bill depth', 'flipper length', 0.3, 0.2],
    ['year', 'flipper length', 0.4, 0.05],
  ];
  for (const [from, to, forward, backward] of pairs) {
    probabilities[names.indexOf(from) * p + names.indexOf(to)] = forward;
    probabilities[names.indexOf(to) * p + names.indexOf(from)] = backward;
  }
  return strengthsData(
    { names, probabilities, target: 'sex' },
    { types, provenance: { algorithms: 'pc + fci', alpha: 0.05, resamples: 20, seed: 7 } },
  );
}

/** Two runs of 40 steps whose scores wander with a fixed seed. */
function runs(): History {
  const random = stream(7, 'runs');
  const run = (method: string, drift: number): unknown => {
    let [validation, test] = [0.52, 0.55];
    const steps = Array.from({ length: 41 }, (_, step) => {
      if (step > 0) {
        validation += -0.006 * Math.exp(-step / 14) + 0.0005 + 0.004 * (random() - 0.5);
        test += -0.005 * Math.exp(-step / 14) + drift + 0.006 * (random() - 0.5);
      }
      const scores = {
        validation: { logLoss: validation, rocAuc: 1.05 - validation / 2 },
        test: { logLoss: test, rocAuc: 1.05 - test / 2 },
      };
      return { step, validation, test, scores };
    });
    const best = steps.reduce((a, b) => (b.validation < a.validation ? b : a));
    return { method, seed: 7, steps, chosenStep: best.step };
  };
  return {
    kind: 'history',
    metric: 'logLoss',
    model: 'embedded model',
    runs: [run('CausalMixFT', 0.0003), run('fine-tuning', 0.0016)],
  } as unknown as History;
}

describe('the graph view', () => {
  it('shows every variable as a button that says what it is joined to', async () => {
    await mount(page, server.url, 'dagView', penguins);
    const picture = page.getByRole('application', {
      name: /^Causal graph\. PAG.*8 variables, 11 edges; target sex/,
    });
    await picture.waitFor();
    expect(await picture.getByRole('button').count()).toBe(8);
    await picture
      .getByRole('button', {
        name: 'sex, target, categorical; arrows to bill length, bill depth, body mass',
        exact: true,
      })
      .waitFor();
    await picture
      .getByRole('button', { name: 'year, ordinal; joined with island', exact: true })
      .waitFor();
    expect(errors).toEqual([]);
  });

  it.each(['light', 'dark', 'high contrast'] as const)(
    'has text of 4.5 : 1 and lines of 3 : 1 against the ground in the %s theme',
    async (theme) => {
      for (const [name, data] of [
        ['graph', penguins],
        ['strengths', penguinStrengths()],
      ] as const) {
        await mount(page, server.url, 'dagView', data, theme);
        await page.getByRole('button', { name: /^sex, target/ }).waitFor();
        await page.screenshot({ path: join(pictures, `${name}-${theme.replace(' ', '-')}.png`) });
      }
      const ratios = await page.evaluate(() => {
        const view = document.querySelector('.cmx-view') as HTMLElement;
        const probe = document.createElement('span');
        view.append(probe);
        const luminance = (colour: string): number => {
          probe.style.color = colour;
          const channels =
            getComputedStyle(probe)
              .color.match(/[\d.]+/g)
              ?.map(Number) ?? [];
          const [r, g, b] = channels.map((c) => {
            const s = c / 255;
            return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ratio = (a: string, b: string): number => {
          const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
          return (high + 0.05) / (low + 0.05);
        };
        const on = (ground: string, names: string[]): [string, number][] =>
          names.map((n) => [`${n} on ${ground}`, ratio(`var(--cmx-${n})`, `var(--cmx-${ground})`)]);
        return {
          text: [
            ...on('background', ['text', 'muted', 'target']),
            ...on('node', ['text', 'muted']),
            ...on('target-fill', ['text', 'target']),
          ],
          lines: on('background', [
            'line',
            'node-line',
            'required',
            'forbidden',
            'edited',
            'series-0',
            'series-1',
            'series-2',
          ]),
        };
      });
      for (const [what, ratio] of ratios.text) expect(ratio, what).toBeGreaterThanOrEqual(4.5);
      for (const [what, ratio] of ratios.lines) expect(ratio, what).toBeGreaterThanOrEqual(3);
    },
  );

  it('drags a variable with the mouse, its edges with it, and the others stay', async () => {
    await mount(page, server.url, 'dagView', penguins);
    const node = page.getByRole('button', { name: /^island, categorical/ });
    const other = page.getByRole('button', { name: /^sex, target/ });
    const edge = page.locator('[data-edge="species→island"] .cmx-line');
    const [before, still, line] = [
      await node.boundingBox(),
      await other.boundingBox(),
      await edge.getAttribute('d'),
    ];
    if (!before) throw new Error('the variable is not on the page');
    await page.mouse.move(before.x + before.width / 2, before.y + before.height / 2);
    await page.mouse.down();
    await page.mouse.move(before.x + before.width / 2 - 60, before.y + before.height / 2 + 40, {
      steps: 6,
    });
    await page.mouse.up();
    await page.getByRole('status').getByText('island moved').waitFor();
    const after = await node.boundingBox();
    // The outline of a touched variable is a little wider.
    expect(Math.abs((after?.x ?? 0) - before.x + 60)).toBeLessThan(2);
    expect(Math.abs((after?.y ?? 0) - before.y - 40)).toBeLessThan(2);
    expect(await other.boundingBox()).toEqual(still);
    await expect.poll(() => edge.getAttribute('d')).not.toBe(line);
  });

  it('pans with the mouse and zooms with Ctrl and the wheel, but lets the page scroll without', async () => {
    await mount(page, server.url, 'dagView', penguins);
    const node = page.getByRole('button', { name: /^sex, target/ });
    const picture = await page.locator('.cmx-picture').boundingBox();
    if (!picture) throw new Error('the picture is not on the page');
    const width = async (): Promise<number> => (await node.boundingBox())?.width ?? 0;
    const first = await width();
    await page.mouse.move(picture.x + 300, picture.y + 200);
    await page.mouse.wheel(0, -200);
    expect(await width()).toBe(first);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -200);
    await page.keyboard.up('Control');
    await expect.poll(width).toBeGreaterThan(first * 1.2);
    const before = await node.boundingBox();
    await page.mouse.move(picture.x + 8, picture.y + 8);
    await page.mouse.down();
    await page.mouse.move(picture.x + 38, picture.y + 28, { steps: 4 });
    await page.mouse.up();
    const after = await node.boundingBox();
    expect((after?.x ?? 0) - (before?.x ?? 0)).toBeCloseTo(30, 0);
    await page.getByRole('button', { name: 'Fit' }).click();
    await expect.poll(width).toBeCloseTo(first, 0);
  });

  it('is worked by the keyboard alone', async () => {
    await mount(page, server.url, 'dagView', penguins);
    const focused = (): Promise<string | null> =>
      page.evaluate(() => document.activeElement?.getAttribute('data-node') ?? null);
    // One stop for the whole picture, at the target first.
    for (let k = 0; k < 12 && (await focused()) === null; k++) await page.keyboard.press('Tab');
    expect(await focused()).toBe('sex');
    await page.keyboard.press('ArrowDown');
    const next = await focused();
    expect(['bill length', 'bill depth', 'body mass']).toContain(next);
    await page.keyboard.press('Enter');
    const node = page.locator(`[data-node="${next}"]`);
    expect(await node.getAttribute('aria-pressed')).toBe('true');
    expect(await page.getByRole('status').textContent()).toContain(`${next},`);
    expect(await page.locator('.cmx-node.cmx-faded').count()).toBeGreaterThan(0);
    const before = await node.boundingBox();
    await page.keyboard.press('Shift+ArrowRight');
    await expect
      .poll(async () => (await node.boundingBox())?.x ?? 0)
      .toBeGreaterThan((before?.x ?? 0) + 4);
    await page.keyboard.press('Escape');
    expect(await page.locator('.cmx-faded').count()).toBe(0);
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Fit');
  });

  it('hides edges below the threshold, says how many are left, and moves nothing', async () => {
    await mount(page, server.url, 'dagView', penguinStrengths());
    const edges = page.locator('.cmx-edge');
    expect(await edges.count()).toBe(11);
    const places = (): Promise<(string | null)[]> =>
      page.locator('.cmx-node').evaluateAll((all) => all.map((n) => n.getAttribute('transform')));
    const before = await places();
    const slider = page.getByRole('slider', { name: /Strength at least/ });
    await slider.fill('0.85');
    expect(await edges.count()).toBe(7);
    expect(await page.getByRole('status').textContent()).toContain(
      '7 edges of at least 0.85 (6 weaker not shown)',
    );
    await slider.fill('0');
    expect(await edges.count()).toBe(13);
    expect(await places()).toEqual(before);
  });

  it('gives the same edges as a table', async () => {
    await mount(page, server.url, 'dagView', penguins);
    await page.getByRole('button', { name: 'Edge table' }).click();
    const table = page.getByRole('table');
    expect(await table.getByRole('row').count()).toBe(12);
    await table.getByRole('row', { name: 'bill depth <-> flipper length' }).waitFor();
    expect(await page.getByRole('application').isVisible()).toBe(false);
  });

  it('finds a variable by a part of its name', async () => {
    await mount(page, server.url, 'dagView', penguins);
    const search = page.getByRole('combobox', { name: 'Find variable' });
    await search.fill('flipper');
    await search.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-node'))).toBe(
      'flipper length',
    );
    await page
      .getByRole('status')
      .getByText(/^flipper length, integer/)
      .waitFor();
  });

  it('keeps what stands where it was put when the graph changes', async () => {
    await mount(page, server.url, 'dagView', penguins);
    const place = page.locator('[data-node="species"]');
    const before = await place.getAttribute('transform');
    const fewer = {
      ...penguins,
      nodes: [...penguins.nodes, { id: 'new', label: 'new', role: 'none' }],
      edges: penguins.edges.slice(0, 5),
    };
    await page.evaluate((data) => {
      (window as unknown as PageWindow).view.update(data);
    }, fewer);
    expect(await page.locator('.cmx-node').count()).toBe(9);
    expect(await place.getAttribute('transform')).toBe(before);
  });

  it('says what is wrong with data that it cannot draw', async () => {
    const broken = { ...penguins, edges: [{ ...penguins.edges[0], target: 'nobody' }] };
    await mount(page, server.url, 'dagView', broken);
    await page.getByRole('status').getByText('no node "nobody"').waitFor();
    expect(errors).toEqual([]);
  });

  it('lets no name bring markup into the page', async () => {
    const evil = '<img src=x onerror="window.hacked=1">';
    const data = graphData(graph('dag', [evil, 'b'], [[evil, 'b', -1, 1]]), { title: evil });
    await mount(page, server.url, 'dagView', data);
    await page.getByRole('button', { name: 'Edge table' }).click();
    await page.getByRole('cell', { name: evil }).waitFor();
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    expect(await page.locator('.cmx-view img').count()).toBe(0);
  });

  it('draws 200 variables and, while one is dragged, only the edges of that one afresh', async () => {
    const random = stream(1, 'large');
    const many = Array.from({ length: 200 }, (_, i) => `variable ${i}`);
    const edges = many.slice(1).flatMap((name, i) => {
      const from = new Set([0, 1].map(() => many[Math.floor(random() * (i + 1))]));
      return [...from].map((f) => [f, name, -1, 1] as const);
    });
    await mount(page, server.url, 'dagView', graphData(graph('dag', many, edges)));
    const { all, redrawn, mine } = await page.evaluate(async () => {
      const node = document.querySelector('[data-node="variable 7"]') as SVGGElement;
      const picture = document.querySelector('.cmx-picture') as SVGSVGElement;
      picture.setPointerCapture = () => {};
      const lines = [...document.querySelectorAll<SVGGElement>('.cmx-edge')];
      const send = (type: string, x: number): void => {
        const on = type === 'pointerdown' ? node : picture;
        on.dispatchEvent(
          new PointerEvent(type, { bubbles: true, pointerId: 1, clientX: x, clientY: 100 }),
        );
      };
      send('pointerdown', 100);
      send('pointermove', 150);
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      const gone = lines.filter((line) => !line.isConnected);
      return {
        all: lines.length,
        redrawn: gone.length,
        mine: gone.filter((line) => /(^|→)variable 7(→|$)/.test(line.dataset.edge ?? '')).length,
      };
    });
    expect(all).toBe(edges.length);
    expect(redrawn).toBe(edges.filter(([a, b]) => a === many[7] || b === many[7]).length);
    expect(mine).toBe(redrawn);
    await page.screenshot({ path: join(pictures, 'graph-200.png') });
    const search = page.getByRole('combobox', { name: 'Find variable' });
    await search.fill('variable 150');
    await search.press('Enter');
    const found = page.getByRole('button', { name: /^variable 150;/ });
    await expect.poll(async () => (await found.boundingBox())?.height ?? 0).toBeGreaterThan(30);
  });
});

describe('the validation-against-test view', () => {
  const data = historyData(runs());

  it.each(['light', 'dark'] as const)(
    'draws the figure and its numbers in the %s theme',
    async (theme) => {
      await mount(page, server.url, 'correlationView', data, theme);
      await page.getByRole('region', { name: 'Validation against test' }).waitFor();
      await page.locator('.cmx-figure .main-svg').first().waitFor();
      const summary = await page.locator('.cmx-summary').textContent();
      expect(summary).toMatch(/Pearson .*Spearman .*Kendall/);
      expect(summary).toContain('correlationGap');
      await page.screenshot({ path: join(pictures, `correlation-${theme}.png`) });
      expect(errors).toEqual([]);
    },
  );

  it('shows the static picture until Plotly is there, and keeps it when it does not come', async () => {
    await page.route('**/plotly-cartesian.min.js', (route) => route.abort());
    await mount(page, server.url, 'correlationView', data);
    await page.getByText(/The interactive figure could not be loaded/).waitFor();
    const picture = page.locator('.cmx-figure img');
    expect(await picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(800);
  });

  it('sends nothing away and offers no upload', async () => {
    await mount(page, server.url, 'correlationView', data);
    await page.locator('.cmx-figure .modebar').first().waitFor({ state: 'attached' });
    const titles = await page
      .locator('.cmx-figure .modebar-btn')
      .evaluateAll((all) => all.map((b) => b.getAttribute('data-title')));
    expect(titles.join()).toContain('Zoom');
    expect(titles.join()).not.toMatch(/cloud|chart studio|share|send/i);
    const outside = requests.filter(
      (url) => !url.startsWith(server.url) && !url.startsWith('data:') && !url.startsWith('blob:'),
    );
    expect(outside).toEqual([]);
    expect(requests.filter((url) => url.includes('plotly-cartesian'))).toHaveLength(1);
  });

  it('passes Plotly’s own validation', async () => {
    await mount(page, server.url, 'correlationView', data);
    await page.locator('.cmx-figure .main-svg').first().waitFor();
    const problems = await page.evaluate(async (data) => {
      const { modules } = window as unknown as PageWindow;
      const plotly = await modules.loadPlotly();
      return (['linear', 'log', 'rank'] as const).flatMap((scale) => {
        const figure = modules.correlationFigure(data, { scale });
        return (plotly.validate(figure.data, figure.layout) ?? []).map((p) => p.msg);
      });
    }, data);
    expect(problems).toEqual([]);
  });

  it('changes metric, steps, scale and methods by labelled controls', async () => {
    await mount(page, server.url, 'correlationView', data);
    const summary = page.locator('.cmx-summary');
    await page.getByRole('combobox', { name: 'Metric' }).selectOption({ label: 'ROC-AUC' });
    await summary.getByText(/ROC-AUC, higher is better/).waitFor();
    await page.getByRole('checkbox', { name: 'fine-tuning' }).uncheck();
    await summary.getByText('1 run, 41 evaluated steps').waitFor();
    await page.getByRole('combobox', { name: 'Scale' }).selectOption('rank');
    await page.locator('.cmx-figure').getByText('validation rank of ROC-AUC').waitFor();
    await page.getByRole('combobox', { name: 'Steps' }).selectOption('chosen');
    await page.getByText('Scores: 1 rows').waitFor();
    expect(errors).toEqual([]);
  });

  it('marks in the figure the row that the keyboard is on, and lists a selection', async () => {
    await mount(page, server.url, 'correlationView', data);
    await page.locator('.cmx-figure .main-svg').first().waitFor();
    await page.getByText('Scores: 82 rows').click();
    const rows = page.locator('.cmx-data tbody tr');
    await rows.first().focus();
    await page.keyboard.press('ArrowDown');
    expect(await rows.nth(1).getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('End');
    expect(await rows.nth(81).getAttribute('aria-selected')).toBe('true');
    const points = page.locator('.cmx-figure .scatterlayer .trace');
    // Identity; two runs with their marks; three lines each by step; and the ring.
    await expect.poll(() => points.count()).toBe(1 + 4 + 6 + 1);
    await page.screenshot({ path: join(pictures, 'correlation-row.png') });
  });

  it('fits a narrow panel and follows its width', async () => {
    await page.setViewportSize({ width: 520, height: 900 });
    await mount(page, server.url, 'correlationView', data);
    const plot = page.locator('.cmx-figure .main-svg').first();
    await plot.waitFor();
    await expect.poll(async () => (await plot.boundingBox())?.width ?? 0).toBeLessThan(520);
    await page.setViewportSize({ width: 900, height: 900 });
    await expect.poll(async () => (await plot.boundingBox())?.width ?? 0).toBeGreaterThan(800);
  });

  it('leaves nothing behind when it is disposed', async () => {
    await mount(page, server.url, 'correlationView', data);
    await page.locator('.cmx-figure .main-svg').first().waitFor();
    await page.evaluate(() => (window as unknown as PageWindow).view.dispose());
    expect(await page.locator('#view > *').count()).toBe(0);
    expect(errors).toEqual([]);
  });
});
