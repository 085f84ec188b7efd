import { ARROW, CIRCLE, type Graph, type GraphType, type Mark, TAIL } from '../graph.js';
import { edges } from '../graph-queries.js';
import { buildGraph, markOf, type TextEdge } from './build.js';

const heads: Readonly<Record<number, string>> = {
  [TAIL]: 'none',
  [ARROW]: 'normal',
  [CIRCLE]: 'odot',
};

/** Write a graph in the language of Graphviz; both ends of each edge carry their mark. */
export function toDot(graph: Graph): string {
  const lines = [`digraph ${quote(graph.type)} {`];
  for (const name of graph.names) {
    lines.push(`  ${quote(name)}${name === graph.target ? ' [peripheries=2]' : ''};`);
  }
  for (const e of edges(graph)) {
    lines.push(
      `  ${quote(graph.names[e.from])} -> ${quote(graph.names[e.to])} [dir=both, arrowtail=${heads[e.fromMark]}, arrowhead=${heads[e.toMark]}];`,
    );
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

/**
 * Read a graph from Graphviz's language: nodes, edges and chains of edges with their attributes.
 * @throws SyntaxError where it is not understood.
 */
export function fromDot(text: string): Graph {
  const bare = text.replace(/\/\*[\s\S]*?\*\/|(^|[^"'])\/\/.*$|^#.*$/gm, '$1');
  const open =
    /^\s*(strict\s+)?(digraph|graph)\b\s*("(?:[^"\\]|\\.)*"|[\w.-]*)\s*\{([\s\S]*)\}\s*$/i.exec(
      bare,
    );
  if (!open) {
    throw new SyntaxError(
      'Cannot read the graph as DOT text must be "digraph { … }": there is no such block',
    );
  }
  const [, , kind, label, body] = open;
  const names: string[] = [];
  const found: TextEdge[] = [];
  let target: string | undefined;
  const node = (name: string): string => {
    if (!names.includes(name)) names.push(name);
    return name;
  };
  for (const statement of statements(body)) {
    const tokens = tokenize(statement);
    const at = tokens.indexOf('[');
    const attributes = new Map<string, string>();
    const listed = at < 0 ? [] : tokens.slice(at);
    for (let k = 0; k + 2 < listed.length; k++) {
      if (listed[k + 1] === '=') attributes.set(unquote(listed[k]), unquote(listed[k + 2]));
    }
    const chain = at < 0 ? tokens : tokens.slice(0, at);
    if (['node', 'edge', 'graph'].includes(chain[0]) || (chain[1] === '=' && tokens.length === 3))
      continue;
    if (chain.length % 2 === 0 || chain.some((t, k) => k % 2 === 1 && t !== '->' && t !== '--')) {
      throw new SyntaxError(
        `Cannot read the graph as a DOT statement must be a node or edges: "${statement.trim()}" is neither`,
      );
    }
    const ends = chain.filter((_, k) => k % 2 === 0).map((t) => node(unquote(t)));
    if (ends.length === 1 && attributes.get('peripheries') === '2') target = ends[0];
    for (let k = 0; k + 1 < ends.length; k++) {
      const [fromMark, toMark] = marksOf(attributes, chain[2 * k + 1], kind.toLowerCase());
      found.push({ from: ends[k], to: ends[k + 1], fromMark, toMark });
    }
  }
  const type = unquote(label) as GraphType;
  const known = ['graph', 'digraph', 'dag', 'pdag', 'cpdag', 'mag', 'pag'].includes(type);
  return buildGraph(names, found, known && label !== '' ? type : undefined, target);
}

function marksOf(
  attributes: ReadonlyMap<string, string>,
  arrow: string,
  kind: string,
): [Mark, Mark] {
  const plain = arrow === '--' || kind === 'graph';
  const dir = attributes.get('dir') ?? (plain ? 'none' : 'forward');
  const tail = attributes.get('arrowtail') ?? 'normal';
  const head = attributes.get('arrowhead') ?? 'normal';
  return [
    dir === 'both' || dir === 'back' ? markOf(tail, 'an edge') : TAIL,
    dir === 'both' || dir === 'forward' ? markOf(head, 'an edge') : TAIL,
  ];
}

function statements(body: string): string[] {
  return (body.match(/(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^;\n"[])+/g) ?? []).filter(
    (s) => s.trim() !== '',
  );
}

function tokenize(statement: string): string[] {
  return statement.match(/"(?:[^"\\]|\\.)*"|->|--|[[\]=,]|(?:(?!->|--)[^\s[\]=,"])+/g) ?? [];
}

function quote(name: string): string {
  return `"${name.replace(/(["\\])/g, '\\$1')}"`;
}

function unquote(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replace(/\\(["\\])/g, '$1') : token;
}
