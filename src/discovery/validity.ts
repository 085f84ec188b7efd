import { cpdagOf, dagExtension } from './extension.js';
import { ARROW, CIRCLE, type Graph, NO_EDGE, TAIL } from './graph.js';
import { ancestors, cycleText, findCycle, isBidirected, isUndirected } from './graph-queries.js';
import { isSeparated } from './separation.js';

/**
 * List what keeps a graph from being of its own type; empty where it is valid.
 *
 * dag: directed, no cycle. pdag: directed and undirected, no directed cycle. cpdag: a pdag that stands
 * for exactly the DAGs that share its independences. mag: no circles, ancestral, maximal.
 * pag: any marks, no directed cycle. digraph: directed. graph: any marks.
 */
export function graphProblems(graph: Graph): string[] {
  const { names, marks, type } = graph;
  const p = names.length;
  const problems: string[] = [];
  if (marks.length !== p * p)
    return [`${marks.length} marks for ${p} nodes: there must be ${p * p}`];
  if (new Set(names).size !== p) problems.push('two nodes share a name');
  const allowed: Record<string, (a: number, b: number) => boolean> = {
    dag: (a, b) => a !== b && a !== CIRCLE && b !== CIRCLE,
    digraph: (a, b) => a !== b && a !== CIRCLE && b !== CIRCLE,
    pdag: (a, b) => a !== CIRCLE && b !== CIRCLE && !(a === ARROW && b === ARROW),
    cpdag: (a, b) => a !== CIRCLE && b !== CIRCLE && !(a === ARROW && b === ARROW),
    mag: (a, b) => a !== CIRCLE && b !== CIRCLE,
    pag: () => true,
    graph: () => true,
  };
  for (let i = 0; i < p; i++) {
    if (marks[i * p + i] !== NO_EDGE) problems.push(`${names[i]} has an edge to itself`);
    for (let j = 0; j < i; j++) {
      const [a, b] = [marks[i * p + j], marks[j * p + i]];
      if ((a === NO_EDGE) !== (b === NO_EDGE)) {
        problems.push(`${names[j]} and ${names[i]}: a mark at one end only`);
      } else if (a !== NO_EDGE && !allowed[type](a, b)) {
        problems.push(`${names[j]} and ${names[i]}: a ${type} has no such edge`);
      }
      if (![NO_EDGE, TAIL, ARROW, CIRCLE].includes(a as 0)) problems.push(`no mark is ${a}`);
    }
  }
  if (problems.length > 0) return problems;
  if (type !== 'graph' && type !== 'digraph') {
    const cycle = findCycle(graph);
    if (cycle) problems.push(`a directed cycle: ${cycleText(graph, cycle)}`);
  }
  if (problems.length > 0) return problems;
  if (type === 'cpdag') {
    const extension = dagExtension(graph);
    if (!extension) problems.push('no DAG has these edges and colliders');
    else if (cpdagOf(extension).marks.some((m, k) => m !== marks[k])) {
      problems.push('edges are directed that its DAGs do not agree on, or the other way round');
    }
  }
  if (type === 'mag') problems.push(...magProblems(graph));
  return problems;
}

function magProblems(graph: Graph): string[] {
  const { names, marks } = graph;
  const p = names.length;
  const problems: string[] = [];
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < i; j++) {
      if (isBidirected(graph, i, j)) {
        if (ancestors(graph, i).includes(j) || ancestors(graph, j).includes(i)) {
          problems.push(`${names[j]} ↔ ${names[i]}, yet one is an ancestor of the other`);
        }
      } else if (isUndirected(graph, i, j)) {
        const head = [i, j].find((v) => marks.subarray(v * p, v * p + p).includes(ARROW));
        if (head !== undefined) {
          problems.push(`${names[j]} — ${names[i]}, yet an arrowhead is at ${names[head]}`);
        }
      } else if (marks[i * p + j] === NO_EDGE) {
        const set = anterior(graph, [i, j]).filter((v) => v !== i && v !== j);
        if (!isSeparated(graph, i, j, set)) {
          problems.push(`${names[j]} and ${names[i]} are not adjacent, yet nothing separates them`);
        }
      }
    }
  }
  return problems;
}

/** All nodes from which a path without an arrowhead against it leads to one of these. */
function anterior(graph: Graph, to: readonly number[]): number[] {
  const p = graph.names.length;
  const found = new Set(to);
  for (const w of found) {
    for (let v = 0; v < p; v++) if (graph.marks[v * p + w] === TAIL) found.add(v);
  }
  return [...found].sort((a, b) => a - b);
}
