import type { DagData } from './dag-data.js';
import { type Schema, schemaProblems } from './schema-check.js';

const text: Schema = { type: 'string' };
const share: Schema = { type: 'number', minimum: 0, maximum: 1 };
const mark: Schema = { enum: ['tail', 'arrow', 'circle'] };
const pairs: Schema = {
  type: 'array',
  items: { type: 'array', items: text, minItems: 2, maxItems: 2 },
};
const tiers: Schema = { type: 'array', items: { type: 'array', items: text } };

/** JSON Schema of `application/vnd.causalmixft.dag+json`, version 1. Unknown fields are allowed. */
export const dagSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A causal graph',
  type: 'object',
  required: ['version', 'kind', 'nodes', 'edges'],
  properties: {
    version: { const: 1 },
    kind: { enum: ['graph', 'digraph', 'dag', 'pdag', 'cpdag', 'mag', 'pag'] },
    nodes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'label', 'role'],
        properties: {
          id: text,
          label: text,
          role: { enum: ['target', 'exposure', 'adjusted', 'selected', 'latent', 'none'] },
          type: { enum: ['numeric', 'integer', 'ordinal', 'categorical', 'boolean'] },
          tier: { type: 'integer', minimum: 0 },
          x: { type: 'number' },
          y: { type: 'number' },
          pinned: { type: 'boolean' },
          note: text,
        },
      },
    },
    edges: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'source', 'target', 'sourceMark', 'targetMark', 'status'],
        properties: {
          id: text,
          source: text,
          target: text,
          sourceMark: mark,
          targetMark: mark,
          strength: {
            type: 'object',
            required: ['forward', 'backward'],
            properties: { forward: share, backward: share },
          },
          support: share,
          status: { enum: ['learned', 'required', 'forbidden', 'edited'] },
          properties: { type: 'array', items: text },
        },
      },
    },
    target: text,
    tiers,
    samples: { type: 'array', items: pairs },
    knowledge: { type: 'object', properties: { required: pairs, forbidden: pairs, tiers } },
    title: text,
    provenance: { type: 'object' },
    notes: { type: 'array', items: text },
    threshold: share,
    revision: { type: 'integer', minimum: 0 },
    comm: text,
  },
};

/**
 * Check view data of a graph, at the door of a view.
 * @returns What is wrong with it; empty where `value` is `DagData`.
 */
export function dagProblems(value: unknown): readonly string[] {
  const problems = schemaProblems(dagSchema, value);
  if (problems.length > 0) return problems;
  const { nodes, edges, target } = value as DagData;
  const ids = new Set(nodes.map((node) => node.id));
  const names = new Set(edges.map((edge) => edge.id));
  return [
    ...(ids.size < nodes.length ? ['/nodes: two nodes have the same id'] : []),
    ...(names.size < edges.length ? ['/edges: two edges have the same id'] : []),
    ...(target !== undefined && !ids.has(target) ? [`/target: no node "${target}"`] : []),
    ...edges.flatMap((edge, i) =>
      [edge.source, edge.target]
        .filter((id) => !ids.has(id))
        .map((id) => `/edges/${i}: no node "${id}"`),
    ),
  ];
}
