import { readFile } from 'node:fs/promises';
import { type Knowledge, type KnowledgeOptions, knowledge } from '../discovery/knowledge.js';
import { readKnowledge } from '../discovery/knowledge-file.js';

/**
 * Read background knowledge from a file: JSON with tiers, forbidden and required edges, or Tetrad's
 * form, which begins with "/knowledge".
 */
export async function knowledgeFile(path: string): Promise<Knowledge> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(
      `Cannot read the knowledge as ${path} must be a readable file: ${(error as Error).message}`,
      { cause: error },
    );
  }
  if (text.trimStart().startsWith('/knowledge')) return readKnowledge(text);
  try {
    return knowledge(JSON.parse(text) as KnowledgeOptions);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(
      `Cannot read the knowledge as ${path} must be JSON or begin with /knowledge: ${error.message}; write for example {"tiers": [["age", "sex"], ["income"]], "forbidden": [["income", "age"]]}`,
      { cause: error },
    );
  }
}
