import { describe, expect, it } from 'vitest';
import {
  type DagData,
  type DagMark,
  dagText,
  describeDag,
  graphData,
  layoutDag,
  markText,
  renderDagSvg,
  routeEdges,
  strengthsData,
} from '../../src/display/index.js';
import { graph, pag, pair } from './samples.js';

const marks: readonly DagMark[] = ['tail', 'arrow', 'circle'];

describe('graphData()', () => {
  it('reads the mark at each end and points edges from tail to arrow', () => {
    const backward = graph('dag', ['x', 'y'], [['y', 'x', -1, 1]]);
    expect(graphData(backward).edges).toMatchObject([
      { source: 'y', target: 'x', sourceMark: 'tail', targetMark: 'arrow' },
    ]);
    expect(graphData(pag).edges.map((e) => `${e.source}${markText(e)}${e.target}`)).toEqual([
      'x-->y',
      'xo->z',
      'y<->z',
      'yo-ow',
      'z---w',
    ]);
  });

  it('marks the target, the tiers and what knowledge requires', () => {
    const dag = graph('dag', ['x', 'y'], [['x', 'y', -1, 1]], 'y');
    const data = graphData(dag, { tiers: [['x'], ['y']], knowledge: { required: [['x', 'y']] } });
    expect(data.nodes).toMatchObject([
      { id: 'x', role: 'none', tier: 0 },
      { id: 'y', role: 'target', tier: 1 },
    ]);
    expect(data.edges[0].status).toBe('required');
  });
});

describe('strengthsData()', () => {
  const data = strengthsData({
    names: ['a', 'b', 'c'],
    // P(b → a) = 0.9, P(a → b) = 0.05; a and c without a preferred direction; b and c never.
    probabilities: [0, 0.05, 0.3, 0.9, 0, 0, 0.3, 0, 0],
    target: 'a',
  });

  it('gives one edge a pair, pointing the stronger way, with both numbers', () => {
    expect(data.edges).toMatchObject([
      { source: 'b', target: 'a', strength: { forward: 0.9, backward: 0.05 }, support: 0.95 },
      { source: 'a', target: 'c', strength: { forward: 0.3, backward: 0.3 }, support: 0.6 },
    ]);
  });

  it('draws an arrow only where one way has two thirds of the strength', () => {
    expect(data.edges.map(markText)).toEqual(['-->', '---']);
  });

  it('counts the edges below the threshold instead of hiding them silently', () => {
    const svg = renderDagSvg({ ...data, threshold: 0.7 });
    expect(svg.match(/class="cmx-edge"/g)).toHaveLength(1);
    expect(svg).toContain('1 weaker edge (below 0.70) not drawn.');
    expect(describeDag(data, 0.7)).toContain('1 edge of at least 0.70 (1 weaker not shown)');
  });
});

describe('layoutDag()', () => {
  it('puts causes above their effects', () => {
    const chain = graphData(
      graph(
        'dag',
        ['c', 'b', 'a'],
        [
          ['a', 'b', -1, 1],
          ['b', 'c', -1, 1],
        ],
      ),
    );
    const { boxes } = layoutDag(chain);
    const [a, b, c] = ['a', 'b', 'c'].map((id) => boxes.get(id)?.y ?? Number.NaN);
    expect(a).toBeLessThan(b);
    expect(b).toBeLessThan(c);
  });

  it('gives the same places whatever was laid out before', () => {
    const first = layoutDag(graphData(pag));
    layoutDag(pair('tail', 'arrow'));
    expect(layoutDag(graphData(pag))).toEqual(first);
  });

  it('lets no two of 40 nodes overlap, lonely ones included', () => {
    const names = Array.from({ length: 40 }, (_, i) => `column number ${i}`);
    const edges = names
      .slice(1, 30)
      .map((name, i) => [names[(i * 7) % (i + 1)], name, -1, 1] as const);
    const boxes = [...layoutDag(graphData(graph('dag', names, edges))).boxes.values()];
    expect(boxes).toHaveLength(40);
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1)) {
        const apart =
          Math.abs(a.x - b.x) >= (a.width + b.width) / 2 ||
          Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
        expect(apart).toBe(true);
      }
    });
  });

  it('keeps known nodes where they are and places only new ones', () => {
    const known = new Map([
      ['x', { x: 300, y: 200 }],
      ['y', { x: 100, y: 400 }],
    ]);
    const { boxes } = layoutDag(graphData(pag), { known });
    expect(boxes.get('x')).toMatchObject({ x: 300, y: 200 });
    expect(boxes.get('y')).toMatchObject({ x: 100, y: 400 });
    expect(boxes.size).toBe(4);
  });

  it('puts tiers into rows in their order, against the arrows if need be', () => {
    const dag = graph('dag', ['x', 'y', 'z'], [['x', 'y', -1, 1]]);
    const { boxes } = layoutDag(graphData(dag, { tiers: [['y'], ['z'], ['x']] }));
    const rows = ['y', 'z', 'x'].map((id) => boxes.get(id)?.y ?? Number.NaN);
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(new Set(rows).size).toBe(3);
  });
});

describe('renderDagSvg()', () => {
  it('is the same text for the same graph', () => {
    expect(renderDagSvg(graphData(pag))).toBe(renderDagSvg(graphData(pag)));
  });

  it.each(marks.flatMap((a) => marks.map((b) => [a, b] as const)))(
    'draws %s at one end and %s at the other as paths, not as markers',
    (sourceMark, targetMark) => {
      const svg = renderDagSvg(pair(sourceMark, targetMark));
      const drawn = [
        ...svg.matchAll(/class="cmx-mark" data-mark="(\w+)" d="([^"]+)" fill="([^"]+)"/g),
      ];
      expect(drawn.map(([, mark]) => mark)).toEqual([sourceMark, targetMark]);
      for (const [, mark, path, fill] of drawn) {
        // An arrow is a closed filled triangle, a circle two arcs around an empty middle, a tail a line.
        if (mark === 'arrow') expect(path).toMatch(/^M[^A]+L[^A]+L[^A]+Z$/);
        if (mark === 'circle') expect(path.match(/A/g)).toHaveLength(2);
        if (mark === 'circle') expect(fill).toBe('#ffffff');
        if (mark === 'tail') expect(path).toMatch(/^M[^LA]+L[^LA]+$/);
      }
      expect(svg).not.toContain('<marker');
      const dashed = sourceMark === 'arrow' && targetMark === 'arrow';
      expect(svg.includes('stroke-dasharray="7 5"')).toBe(dashed);
    },
  );

  it('has a title and a description, and tells the target by shape and word', () => {
    const svg = renderDagSvg(graphData(graph('dag', ['x', 'y'], [['x', 'y', -1, 1]], 'y')));
    expect(svg).toContain('<title>Causal graph</title>');
    expect(svg).toMatch(/<desc>[^<]*target y\.<\/desc>/);
    const [, target] = /data-role="target"(.*)<\/g>/.exec(svg) ?? [];
    expect(target.match(/<rect/g)).toHaveLength(2);
    expect(target).toContain('>target</text>');
  });

  it('shows status by pattern and icon, not by colour alone', () => {
    const svgs = (['learned', 'required', 'forbidden', 'edited'] as const).map((status) => {
      const data = pair('tail', 'arrow');
      const edges = data.edges.map((e) => ({ ...e, status }));
      return renderDagSvg({ ...data, edges }).replace(/#[0-9a-f]{6}/g, '#');
    });
    expect(new Set(svgs).size).toBe(4);
  });

  it('lets no name, title or note bring markup into the picture', () => {
    const evil = '<script>alert("1")</script>&\'\u0000';
    const data: DagData = {
      ...pair('tail', 'arrow'),
      title: evil,
      nodes: [
        { id: 'a', label: evil, role: 'none', note: evil },
        { id: 'b', label: 'b', role: 'none' },
      ],
    };
    const svg = renderDagSvg(data);
    expect(svg).not.toContain('<script');
    expect(svg).not.toContain('\u0000');
    expect(svg).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;');
  });

  it('leads an edge around a node that stands in its way', () => {
    const data = graphData(
      graph(
        'dag',
        ['a', 'b', 'c'],
        [
          ['a', 'c', -1, 1],
          ['a', 'b', -1, 1],
        ],
      ),
    );
    const box = { x: 100, width: 80, height: 44 };
    const boxes = new Map([
      ['a', { ...box, y: 40 }],
      ['b', { ...box, y: 140 }],
      ['c', { ...box, y: 240 }],
    ]);
    const route = routeEdges(data.edges, { width: 200, height: 280, boxes }, () => undefined);
    expect(Math.abs((route.get('a→c')?.label.x ?? 100) - 100)).toBeGreaterThan(40);
    expect(route.get('a→b')?.label.x).toBeCloseTo(100);
  });
});

describe('dagText()', () => {
  it('lists every edge with its marks in letters', () => {
    expect(dagText(graphData(pag))).toMatchInlineSnapshot(`
      "PAG (latent causes allowed): 4 variables, 5 edges.
      from  edge  to
      ────  ────  ──
      x     -->   y
      x     o->   z
      y     <->   z
      y     o-o   w
      z     ---   w"
    `);
  });
});
