import type { Graph, GraphType } from '../graph.js';
import { edges } from '../graph-queries.js';
import { buildGraph, markNames, markOf } from './build.js';

/** Write a graph as GML; edges carry the marks at both ends. */
export function toGml(graph: Graph): string {
  const lines = ['graph [', '  directed 1', `  type "${graph.type}"`];
  if (graph.target !== undefined) lines.push(`  targetColumn "${encode(graph.target)}"`);
  graph.names.forEach((name, i) => {
    lines.push(`  node [ id ${i} label "${encode(name)}" ]`);
  });
  for (const e of edges(graph)) {
    lines.push(
      `  edge [ source ${e.from} target ${e.to} sourceMark "${markNames[e.fromMark]}" targetMark "${markNames[e.toMark]}" ]`,
    );
  }
  return `${[...lines, ']'].join('\n')}\n`;
}

type GmlValue = string | number | GmlList;
type GmlList = readonly (readonly [string, GmlValue])[];

/**
 * Read GML; an edge without marks is directed, or not, as the graph says.
 * @throws SyntaxError where it is not understood.
 */
export function fromGml(text: string): Graph {
  const tokens = text.replace(/^\s*#.*$/gm, '').match(/"[^"]*"|[[\]]|[^\s[\]"]+/g) ?? [];
  let at = 0;
  const list = (): GmlList => {
    const items: [string, GmlValue][] = [];
    while (at < tokens.length && tokens[at] !== ']') {
      const key = tokens[at++];
      const value = tokens[at++];
      if (value === undefined) {
        throw new SyntaxError(
          `Cannot read the graph as every GML key must have a value: "${key}" has none`,
        );
      }
      if (value === '[') {
        items.push([key, list()]);
        if (tokens[at++] !== ']') {
          throw new SyntaxError(
            `Cannot read the graph as GML brackets must close: that of "${key}" does not`,
          );
        }
      } else items.push([key, value.startsWith('"') ? decode(value.slice(1, -1)) : Number(value)]);
    }
    return items;
  };
  const graph = get(list(), 'graph');
  if (!Array.isArray(graph)) {
    throw new SyntaxError(
      'Cannot read the graph as GML must have a graph [ … ] block: there is none',
    );
  }
  const body = graph as GmlList;
  const nodes = body.filter(([key]) => key === 'node').map(([, value]) => value as GmlList);
  const label = new Map(
    nodes.map((n) => [get(n, 'id'), String(get(n, 'label') ?? get(n, 'id'))] as const),
  );
  const directed = get(body, 'directed') !== 0 && get(body, 'directed') !== undefined;
  const found = body
    .filter(([key]) => key === 'edge')
    .map(([, value]) => {
      const e = value as GmlList;
      const from = label.get(get(e, 'source')) ?? String(get(e, 'source'));
      const to = label.get(get(e, 'target')) ?? String(get(e, 'target'));
      const where = `edge ${from} – ${to}`;
      return {
        from,
        to,
        fromMark: markOf(String(get(e, 'sourceMark') ?? 'tail'), where),
        toMark: markOf(String(get(e, 'targetMark') ?? (directed ? 'arrow' : 'tail')), where),
      };
    });
  const type = get(body, 'type') as GraphType | undefined;
  return buildGraph(
    [...label.values()],
    found,
    type,
    get(body, 'targetColumn') as string | undefined,
  );
}

function get(list: GmlList, key: string): GmlValue | undefined {
  return list.find(([k]) => k === key)?.[1];
}

function encode(name: string): string {
  return name.replace(/&/g, '&amp;').replace(/"/g, '&quot;');
}

function decode(text: string): string {
  return text.replace(/&quot;/g, '"').replace(/&amp;/g, '&');
}
