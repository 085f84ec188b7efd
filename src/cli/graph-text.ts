import { readFile } from 'node:fs/promises';
import { type Knowledge, type KnowledgeOptions, knowledge } from '../discovery/knowledge.js';

/** Write p × p numbers as p rows of p numbers, parted by blanks. */
export function matrixText(values: ArrayLike<number>, p: number): string {
  return Array.from({ length: p }, (_, i) =>
    Array.from({ length: p }, (_, j) => String(values[i * p + j])).join(' '),
  ).join('\n');
}

/** Read background knowledge from a JSON file with tiers, forbidden and required edges. */
export async function readKnowledge(path: string): Promise<Knowledge> {
  let options: KnowledgeOptions;
  try {
    options = JSON.parse(await readFile(path, 'utf8')) as KnowledgeOptions;
  } catch (error) {
    throw new Error(
      `Cannot read the knowledge as ${path} must be a JSON file: ${(error as Error).message}; write for example {"tiers": [["age", "sex"], ["income"]], "forbidden": [["income", "age"]]}`,
      { cause: error },
    );
  }
  return knowledge(options);
}
