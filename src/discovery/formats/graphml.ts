import type { Graph, GraphType } from '../graph.js';
import { edges } from '../graph-queries.js';
import { buildGraph, markNames, markOf } from './build.js';

/** Write a graph as GraphML; edges carry the marks at both ends. */
export function toGraphml(graph: Graph): string {
  const { names } = graph;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    '  <key id="sourceMark" for="edge" attr.name="sourceMark" attr.type="string"/>',
    '  <key id="targetMark" for="edge" attr.name="targetMark" attr.type="string"/>',
    '  <key id="type" for="graph" attr.name="type" attr.type="string"/>',
    '  <key id="target" for="graph" attr.name="target" attr.type="string"/>',
    '  <graph id="G" edgedefault="directed">',
    `    <data key="type">${graph.type}</data>`,
  ];
  if (graph.target !== undefined)
    lines.push(`    <data key="target">${encode(graph.target)}</data>`);
  for (const name of names) lines.push(`    <node id="${encode(name)}"/>`);
  for (const e of edges(graph)) {
    lines.push(
      `    <edge source="${encode(names[e.from])}" target="${encode(names[e.to])}"><data key="sourceMark">${markNames[e.fromMark]}</data><data key="targetMark">${markNames[e.toMark]}</data></edge>`,
    );
  }
  return `${[...lines, '  </graph>', '</graphml>'].join('\n')}\n`;
}

/**
 * Read GraphML: nodes and edges; an edge without marks is directed, or not, as the graph says.
 * @throws SyntaxError where it is not understood.
 */
export function fromGraphml(text: string): Graph {
  const whole = /<graph\b([^>]*)>([\s\S]*)<\/graph>/.exec(text.replace(/<!--[\s\S]*?-->/g, ''));
  if (!whole) {
    throw new SyntaxError(
      'Cannot read the graph as GraphML must have a <graph> element: there is none',
    );
  }
  const attribute = (tag: string, name: string): string | undefined => {
    const match = new RegExp(`\\b${name}\\s*=\\s*("([^"]*)"|'([^']*)')`).exec(tag);
    return match ? decode(match[2] ?? match[3]) : undefined;
  };
  // Keys may be named by their id or by attr.name.
  const keys = new Map<string, string>();
  for (const [tag] of text.matchAll(/<key\b[^>]*>/g)) {
    keys.set(attribute(tag, 'id') ?? '', attribute(tag, 'attr.name') ?? attribute(tag, 'id') ?? '');
  }
  const data = (part: string): Map<string, string> => {
    const found = new Map<string, string>();
    for (const [, tag, value] of part.matchAll(/<data\b([^>]*)>([^<]*)<\/data>/g)) {
      const key = attribute(tag, 'key') ?? '';
      found.set(keys.get(key) ?? key, decode(value.trim()));
    }
    return found;
  };
  const plain = attribute(whole[1], 'edgedefault') === 'undirected';
  const names: string[] = [];
  for (const [tag] of whole[2].matchAll(/<node\b[^>]*>/g)) names.push(attribute(tag, 'id') ?? '');
  const found = [...whole[2].matchAll(/<edge\b([^>]*?)(?:\/>|>([\s\S]*?)<\/edge>)/g)].map(
    ([, tag, inner]) => {
      const own = data(inner ?? '');
      const from = attribute(tag, 'source') ?? '';
      const to = attribute(tag, 'target') ?? '';
      const undirected = attribute(tag, 'directed') === 'false' || plain;
      return {
        from,
        to,
        fromMark: markOf(own.get('sourceMark') ?? 'tail', `edge ${from} – ${to}`),
        toMark: markOf(
          own.get('targetMark') ?? (undirected ? 'tail' : 'arrow'),
          `edge ${from} – ${to}`,
        ),
      };
    },
  );
  const outside = data(whole[2].replace(/<(edge|node)\b[^>]*?(?:\/>|>[\s\S]*?<\/\1>)/g, ''));
  return buildGraph(
    names,
    found,
    outside.get('type') as GraphType | undefined,
    outside.get('target'),
  );
}

function encode(name: string): string {
  return name
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

function decode(text: string): string {
  return text
    .replace(/&#(x?)([0-9a-f]+);/gi, (_, hex, code) =>
      String.fromCodePoint(Number.parseInt(code, hex ? 16 : 10)),
    )
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, '&');
}
