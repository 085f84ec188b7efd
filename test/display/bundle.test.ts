import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  bundle,
  CORRELATION_MIME,
  comparison,
  DAG_MIME,
  display,
  PLOTLY_MIME,
} from '../../src/display/index.js';
import { MAX_JSON } from '../../src/display/mime.js';
import { type MimeBundle, setHost } from '../../src/work/host.js';
import { graph, history, mixed, pag } from './samples.js';

const strengths = { kind: 'edge-strengths', names: ['a', 'b'], probabilities: [0, 0.5, 0.25, 0] };

function forms(value: unknown): Record<string, unknown> {
  return { ...bundle(value)?.data };
}

describe('bundle()', () => {
  it.each([
    ['a table', mixed, ['text/html']],
    ['a graph', pag, [DAG_MIME, 'image/svg+xml']],
    ['a discovery', { kind: 'discovery', algorithm: 'pc', graph: pag }, [DAG_MIME]],
    ['edge strengths', strengths, [DAG_MIME, 'image/svg+xml']],
    ['a history', history, [CORRELATION_MIME, PLOTLY_MIME, 'image/svg+xml']],
    ['a comparison', comparison(mixed, mixed), ['image/svg+xml']],
    ['a list of records', [{ a: 1 }, { a: 2 }], ['text/html']],
  ])('gives %s text and Markdown beside its richer forms', (_name, value, rich) => {
    const data = forms(value);
    expect(Object.keys(data)).toEqual(
      expect.arrayContaining(['text/plain', 'text/markdown', ...rich]),
    );
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
    // plotly.py's renderer would show a PNG of the bundle in place of the figure.
    expect(Object.keys(data)).not.toContain('image/png');
  });

  it.each([
    ['a graph', pag],
    ['a history', history],
    ['a comparison', comparison(mixed, mixed)],
  ])(
    'gives the picture of %s as HTML too, as an image that sanitizers leave alone',
    (_name, value) => {
      const { 'image/svg+xml': svg, 'text/html': html } = forms(value);
      const [, alt, data] =
        /^<img alt="([^"]*)" src="data:image\/svg\+xml;base64,([^"]*)">$/.exec(String(html)) ?? [];
      expect(Buffer.from(data, 'base64').toString('utf8')).toBe(svg);
      expect(alt.length).toBeGreaterThan(20);
    },
  );

  it('has no view for what it does not know', () => {
    for (const value of [
      undefined,
      null,
      3,
      'text',
      [],
      [1],
      { kind: 'toString' },
      { kind: 'x' },
    ]) {
      expect(bundle(value)).toBeUndefined();
    }
  });

  it('names algorithm and settings of a discovery', () => {
    const found = { kind: 'discovery', algorithm: 'pc', alpha: 0.05, graph: pag };
    expect(forms(found)['text/plain']).toContain('algorithm pc, alpha 0.05.');
  });

  it('leaves out data over 2 MB and says so, keeping picture and text', () => {
    const names = Array.from({ length: 240 }, (_, i) => `a rather long name of a column, ${i}`);
    const p = names.length;
    const large = {
      kind: 'edge-strengths',
      names,
      probabilities: Float64Array.from({ length: p * p }, (_, k) => (k % (p + 1) ? 0.01 : 0)),
    };
    const data = forms(large);
    expect(Object.keys(data)).not.toContain(DAG_MIME);
    expect(data['text/plain']).toMatch(/Interactive data left out: \d+\.\d MB, more than 2 MB\.$/);
    expect(data['image/svg+xml']).toContain('28680 weaker edges');
    expect(String(data['text/markdown']).length).toBeLessThan(MAX_JSON / 100);
  }, 20_000);
});

describe('the view of a table', () => {
  it('shows values with their missing ones and lines up decimals', () => {
    expect(forms(mixed)['text/plain']).toMatchInlineSnapshot(`
      "4 rows × 3 columns, 2 missing values, target ill
      age   dose  ill
      ───  ─────  ───
       31   0.50  no
       45   1.25  yes
       60  −2.00  yes
        –   0.00  –"
    `);
  });

  it('says how many rows and columns are not shown, and keeps the target in sight', () => {
    const columns = Array.from({ length: 30 }, (_, k) => ({
      name: `c${k}`,
      type: 'integer' as const,
      values: new Float64Array(25),
    }));
    const text = String(forms({ kind: 'table', rows: 25, columns, target: 'c29' })['text/plain']);
    expect(text).toContain('25 rows × 30 columns, target c29');
    expect(text).toContain('… 15 more rows and 10 more columns not shown');
    expect(text.split('\n')[1]).toMatch(/c18 +c29$/);
  });

  it('lets no cell bring markup into the page or break a Markdown table', () => {
    const evil = '<img src=x onerror=alert(1)>|`*';
    const data = forms([{ [evil]: evil }]);
    expect(data['text/html']).not.toContain('<img');
    const [head, rule, row] = String(data['text/markdown']).split('\n');
    expect(rule).toBe('| :--- |');
    for (const line of [head, row]) {
      expect(line).toBe('| \\<img src=x onerror=alert(1)>\\|\\`\\* |');
    }
  });
});

describe('comparison()', () => {
  it('measures 0 between equal tables and 1 between disjoint ones', () => {
    for (const column of comparison(mixed, mixed).columns) expect(column.distance).toBe(0);
    const other = {
      ...mixed,
      columns: mixed.columns.map((c) =>
        'values' in c
          ? { ...c, values: c.values.map((v) => v + 1000) }
          : { ...c, codes: Int32Array.of(2, 2, 2, 2), categories: ['no', 'yes', 'perhaps'] },
      ),
    };
    for (const column of comparison(mixed, other).columns) expect(column.distance).toBe(1);
  });

  it('equals the Kolmogorov–Smirnov statistic of scipy', () => {
    const numbers = (...values: number[]) => ({
      kind: 'table' as const,
      rows: values.length,
      columns: [{ name: 'x', type: 'numeric' as const, values: Float64Array.from(values) }],
    });
    // scipy.stats.ks_2samp([1, 2, 2, 3, 5], [2, 3, 4, 4]).statistic
    const { columns } = comparison(numbers(1, 2, 2, 3, 5), numbers(2, 3, 4, 4));
    expect(columns[0].distance).toBeCloseTo(0.35, 12);
    expect(columns[0].mean).toEqual({ real: 2.6, synthetic: 3.25 });
  });

  it('refuses tables whose columns differ', () => {
    const less = { ...mixed, columns: mixed.columns.slice(1) };
    expect(() => comparison(mixed, less)).toThrow(/"age" is absent/);
  });
});

describe('display()', () => {
  afterEach(() => {
    setHost(undefined);
    vi.restoreAllMocks();
  });

  function recordingHost(): { data: MimeBundle['data']; id?: string; update?: boolean }[] {
    const sent: { data: MimeBundle['data']; id?: string; update?: boolean }[] = [];
    setHost({
      send: ({ data }, id, update) => sent.push({ data, ...(id ? { id } : {}), update: !!update }),
      progress: () => {},
    });
    return sent;
  }

  it('sends the bundle to the notebook and replaces it on update', () => {
    const sent = recordingHost();
    const handle = display(pag);
    handle.update(mixed);
    expect(sent.map((s) => s.update)).toEqual([false, true]);
    expect(sent[0].id).toBe(sent[1].id);
    expect(Object.keys(sent[0].data)).toContain(DAG_MIME);
    expect(Object.keys(sent[1].data)).toContain('text/html');
    expect(display(mixed).id).not.toBe(handle.id);
  });

  it('prints the text form where there is no notebook', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    display(graph('dag', ['x', 'y'], [['x', 'y', -1, 1]]));
    expect(log.mock.calls[0][0]).toContain('x     -->   y');
  });

  it("asks an object's own display method first, and waits for it in order", async () => {
    const sent = recordingHost();
    const own = { [Symbol.for('Jupyter.display')]: async () => ({ 'text/html': '<b>own</b>' }) };
    const handle = display(own);
    handle.update('later');
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent.map((s) => s.data)).toEqual([
      { 'text/html': '<b>own</b>' },
      { 'text/plain': 'later' },
    ]);
  });

  it('updates in the form that was chosen, where a value fits it', () => {
    const sent = recordingHost();
    display.html('<b>1</b>').update('<b>2</b>');
    display.json({ a: 1 }).update({ a: 2 });
    display.image('AAAA', 'image/gif').update('BBBB');
    display.bundle({ 'text/latex': '$x$' }).update({ 'text/latex': '$y$' });
    expect(sent.filter((s) => s.update).map((s) => Object.entries(s.data)[0])).toEqual([
      ['text/html', '<b>2</b>'],
      ['application/json', { a: 2 }],
      ['image/gif', 'BBBB'],
      ['text/latex', '$y$'],
    ]);
    display.html('<b>1</b>').update(mixed);
    expect(sent.at(-1)!.data['text/plain']).toContain('4 rows');
  });

  it('shows one form when asked for one', () => {
    const sent = recordingHost();
    display.html('<b>bold</b>');
    display.md('# title');
    display.svg('<svg><title>a picture</title></svg>');
    display.json({ a: 1 });
    display.image(Uint8Array.of(137, 80, 78, 71));
    display.bundle({ 'text/latex': '$x$' });
    expect(sent.map((s) => Object.keys(s.data)[0])).toEqual([
      'text/html',
      'text/markdown',
      'image/svg+xml',
      'application/json',
      'image/png',
      'text/latex',
    ]);
    expect(sent[0].data['text/plain']).toBe('bold');
    expect(sent[2].data['text/plain']).toBe('[picture: a picture]');
    expect(sent[4].data['image/png']).toBe('iVBORw==');
  });
});
