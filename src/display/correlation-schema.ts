import { type Schema, schemaProblems } from './schema-check.js';

const text: Schema = { type: 'string' };
const number: Schema = { type: 'number' };
const metric: Schema = {
  type: 'object',
  required: ['name', 'direction'],
  properties: { name: text, direction: { enum: ['lower', 'higher'] } },
};
const numberOrNull: Schema = { type: ['number', 'null'] };
const gap: Schema = {
  type: 'object',
  required: ['value', 'byMethod', 'runs'],
  properties: {
    value: numberOrNull,
    byMethod: { type: 'object', additionalProperties: numberOrNull },
    runs: { type: 'integer', minimum: 0 },
  },
};

/** JSON Schema of `application/vnd.causalmixft.correlation+json`, version 1. Unknown fields are allowed. */
export const correlationSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Validation against test scores',
  type: 'object',
  required: ['version', 'title', 'metric', 'rows', 'references', 'gaps'],
  properties: {
    version: { const: 1 },
    title: text,
    metric,
    metrics: { type: 'array', items: metric },
    model: text,
    rows: {
      type: 'array',
      items: {
        type: 'object',
        required: ['run', 'method', 'seed', 'step', 'validation', 'chosen'],
        properties: {
          run: text,
          dataset: text,
          fold: { type: 'integer', minimum: 0 },
          method: text,
          seed: { type: 'integer' },
          step: { type: 'integer', minimum: 0 },
          validation: number,
          test: number,
          chosen: { type: 'boolean' },
          scores: {
            type: 'object',
            additionalProperties: {
              type: 'object',
              required: ['validation'],
              properties: { validation: number, test: number },
            },
          },
        },
      },
    },
    references: {
      type: 'array',
      items: {
        type: 'object',
        required: ['label', 'value', 'source'],
        properties: { label: text, value: number, source: text },
      },
    },
    gaps: {
      type: 'object',
      required: ['gainGap', 'correlationGap'],
      properties: { gainGap: gap, correlationGap: gap },
    },
  },
};

/**
 * Check view data of validation against test, at the door of a view.
 * @returns What is wrong with it; empty where `value` is `CorrelationData`.
 */
export function correlationProblems(value: unknown): readonly string[] {
  return schemaProblems(correlationSchema, value);
}
