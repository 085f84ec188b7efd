import { ARROW, CIRCLE, type Graph, type GraphType, type Mark, TAIL } from '../graph.js';
import { edges } from '../graph-queries.js';
import { buildGraph, type TextEdge } from './build.js';

const leftSign: Readonly<Record<number, string>> = { [ARROW]: '<', [TAIL]: '-', [CIRCLE]: '@' };
const rightSign: Readonly<Record<number, string>> = { [ARROW]: '>', [TAIL]: '-', [CIRCLE]: '@' };
const types = ['dag', 'pdag', 'mag', 'pag', 'digraph', 'graph'];

/** Write a graph in the syntax of DAGitty; circles are "@". */
export function toDagitty(graph: Graph): string {
  const type = graph.type === 'cpdag' ? 'pdag' : graph.type;
  const lines = graph.names.map(
    (name) => `  ${quote(name)}${name === graph.target ? ' [outcome]' : ''}`,
  );
  for (const e of edges(graph)) {
    const sign =
      e.fromMark === TAIL && e.toMark === ARROW
        ? '->'
        : `${leftSign[e.fromMark]}-${rightSign[e.toMark]}`;
    const short = sign === '---' ? '--' : sign;
    lines.push(`  ${quote(graph.names[e.from])} ${short} ${quote(graph.names[e.to])}`);
  }
  return `${type} {\n${lines.join('\n')}\n}\n`;
}

/**
 * Read DAGitty's syntax: `dag { a -> b ; b <-> c }`, chains and groups `{a b} -> c` included.
 * @throws SyntaxError where it is not understood.
 */
export function fromDagitty(text: string): Graph {
  const open = /^\s*(\w+)\s*("[^"]*")?\s*\{([\s\S]*)\}\s*$/.exec(
    text.replace(/\/\*[\s\S]*?\*\//g, ''),
  );
  if (!open || !types.includes(open[1].toLowerCase())) {
    throw new SyntaxError(
      'Cannot read the graph as DAGitty text must be "dag { … }" (or pdag, mag, pag): it is not',
    );
  }
  const tokens =
    open[3].match(
      /"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[<@-]?--?[>@-]?|[{};]|(?:(?!--|->|<-|@-)[^\s"[\]{};])+/g,
    ) ?? [];
  const names: string[] = [];
  const found: TextEdge[] = [];
  let target: string | undefined;
  let at = 0;
  const group = (): string[] => {
    const token = tokens[at++];
    if (token === '{') {
      const members: string[] = [];
      while (at < tokens.length && tokens[at] !== '}') members.push(...group());
      at++;
      return members;
    }
    if (token === undefined || isArrow(token) || /^[};[]/.test(token)) {
      throw new SyntaxError(
        `Cannot read the graph as a name must stand here: there is "${token ?? 'the end'}"`,
      );
    }
    const name = token.startsWith('"') ? token.slice(1, -1).replace(/\\(.)/g, '$1') : token;
    if (!names.includes(name)) names.push(name);
    if (tokens[at]?.startsWith('[') ?? false) {
      if (/\b(outcome|o)\b/.test(tokens[at])) target = name;
      at++;
    }
    return [name];
  };
  while (at < tokens.length) {
    if (tokens[at] === ';' || tokens[at].startsWith('[')) {
      // Settings of the whole graph, such as bb="0,0,1,1", stand alone.
      at++;
      continue;
    }
    let before = group();
    while (at < tokens.length && isArrow(tokens[at])) {
      const [fromMark, toMark] = marksOf(tokens[at++]);
      const after = group();
      for (const from of before) for (const to of after) found.push({ from, to, fromMark, toMark });
      if (tokens[at]?.startsWith('[') ?? false) at++;
      before = after;
    }
  }
  const type = open[1].toLowerCase() as GraphType;
  return buildGraph(names, found, type === 'graph' ? undefined : type, target);
}

function isArrow(token: string): boolean {
  return /^[<@-]?--?[>@-]?$/.test(token);
}

function marksOf(token: string): [Mark, Mark] {
  const sign = (c: string): Mark => (c === '<' || c === '>' ? ARROW : c === '@' ? CIRCLE : TAIL);
  return [sign(token[0]), sign(token[token.length - 1])];
}

function quote(name: string): string {
  return /^[A-Za-z_][\w.]*$/.test(name) ? name : `"${name.replace(/(["\\])/g, '\\$1')}"`;
}
