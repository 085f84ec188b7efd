import { type Knowledge, type KnownEdge, knowledge, type NamePattern } from './knowledge.js';

// Tetrad's knowledge files: "/knowledge", then sections "addtemporal" (a line a tier: its number, then
// names; "*" after the number forbids edges within it), "forbiddirect" and "requiredirect" (lines "a b").

/**
 * Read a Tetrad knowledge file; a "*" in a name stands for any letters.
 * @throws SyntaxError that names the line.
 */
export function readKnowledge(text: string): Knowledge {
  const tiers: NamePattern[][] = [];
  const forbiddenWithin: number[] = [];
  const forbidden: KnownEdge[] = [];
  const required: KnownEdge[] = [];
  let section = '';
  for (const [k, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('//')) continue;
    const word = line.toLowerCase();
    if (word === '/knowledge') continue;
    if (
      ['addtemporal', 'forbiddirect', 'requiredirect', 'forbiddengroup', 'requiredgroup'].includes(
        word,
      )
    ) {
      section = word;
      continue;
    }
    const words = line.split(/\s+/);
    if (section === 'addtemporal') {
      const number = /^(\d+)(\*)?$/.exec(words[0]);
      if (!number || Number(number[1]) < 1) {
        throw new SyntaxError(
          `Cannot read the knowledge as a tier must begin with its number, from 1: line ${k + 1} is "${line}"`,
        );
      }
      const tier = Number(number[1]) - 1;
      while (tiers.length <= tier) tiers.push([]);
      const rest = words.slice(1).filter((name) => name !== '*');
      tiers[tier].push(...rest.map(pattern));
      if (number[2] || words[1] === '*') forbiddenWithin.push(tier);
    } else if (section === 'forbiddirect' || section === 'requiredirect') {
      const [from, to] = words.filter((w) => w !== '-->' && w !== '->');
      if (to === undefined) {
        throw new SyntaxError(
          `Cannot read the knowledge as an edge must be two names: line ${k + 1} is "${line}"`,
        );
      }
      (section === 'forbiddirect' ? forbidden : required).push([pattern(from), pattern(to)]);
    } else {
      throw new SyntaxError(
        `Cannot read the knowledge as lines must stand under addtemporal, forbiddirect or requiredirect: line ${k + 1} is "${line}"`,
      );
    }
  }
  return knowledge({ tiers, forbiddenWithin, forbidden, required });
}

/** Write a Tetrad knowledge file. */
export function writeKnowledge(known: Knowledge): string {
  const name = (n: NamePattern): string =>
    typeof n === 'string' ? n : n.pattern.replace(/\.\*/g, '*');
  const pair = ([from, to]: KnownEdge): string => `${name(from)} ${name(to)}`;
  return [
    '/knowledge',
    'addtemporal',
    ...known.tiers.map(
      (tier, t) =>
        `${t + 1}${known.forbiddenWithin.includes(t) ? '*' : ''} ${tier.map(name).join(' ')}`,
    ),
    '',
    'forbiddirect',
    ...known.forbidden.map(pair),
    '',
    'requiredirect',
    ...known.required.map(pair),
    '',
  ].join('\n');
}

function pattern(name: string): NamePattern {
  if (!name.includes('*')) return name;
  return {
    pattern: name
      .split('*')
      .map((s) => s.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*'),
  };
}
