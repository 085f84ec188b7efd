import { dagOfPairs } from './dag.js';

// What is known about the graph before the data speak. Entries are column names, or patterns: regular
// expressions that must match a whole name.

/** A column's name, or a regular expression over whole names. */
export type NamePattern = string | { readonly pattern: string };

/** A directed edge between names or patterns. */
export type KnownEdge = readonly [from: NamePattern, to: NamePattern];

/** Background knowledge as plain data. */
export interface Knowledge {
  readonly kind: 'knowledge';
  /** Order in time: no edge leads from a later tier into an earlier one. */
  readonly tiers: readonly (readonly NamePattern[])[];
  /** Tiers (from 0) whose members have no edges among themselves. */
  readonly forbiddenWithin: readonly number[];
  readonly forbidden: readonly KnownEdge[];
  readonly required: readonly KnownEdge[];
}

/** What `knowledge` takes; everything is optional. */
export interface KnowledgeOptions {
  readonly tiers?: readonly (readonly (NamePattern | RegExp)[])[];
  readonly forbiddenWithin?: readonly number[];
  readonly forbidden?: readonly (readonly [from: NamePattern | RegExp, to: NamePattern | RegExp])[];
  readonly required?: readonly (readonly [from: NamePattern | RegExp, to: NamePattern | RegExp])[];
}

/** Knowledge about given columns: p × p tables of 0 and 1, (i, j) for i → j. */
export interface ResolvedKnowledge {
  readonly forbidden: Uint8Array;
  readonly required: Uint8Array;
}

/**
 * Say what is known about the graph.
 * @param options Tiers, forbidden and required edges; regular expressions stand for all whole names they match.
 */
export function knowledge(options: KnowledgeOptions = {}): Knowledge {
  const plain = (name: NamePattern | RegExp): NamePattern =>
    name instanceof RegExp ? { pattern: name.source } : name;
  const pairs = (list: KnowledgeOptions['forbidden'] = []): KnownEdge[] =>
    list.map(([from, to]) => [plain(from), plain(to)]);
  const tiers = (options.tiers ?? []).map((tier) => tier.map(plain));
  for (const t of options.forbiddenWithin ?? []) {
    if (!Number.isInteger(t) || t < 0 || t >= tiers.length) {
      throw new RangeError(
        `Cannot take the knowledge as forbiddenWithin must name tiers from 0 to ${tiers.length - 1}: current value is ${t}`,
      );
    }
  }
  return {
    kind: 'knowledge',
    tiers,
    forbiddenWithin: [...(options.forbiddenWithin ?? [])],
    forbidden: pairs(options.forbidden),
    required: pairs(options.required),
  };
}

/**
 * Apply knowledge to columns.
 * @param known What is known.
 * @param names The columns' names.
 * @param sink Name of a column from which no edge may lead away.
 * @throws RangeError for unknown names; Error where the knowledge contradicts itself.
 */
export function resolveKnowledge(
  known: Knowledge | undefined,
  names: readonly string[],
  sink?: string,
): ResolvedKnowledge {
  const p = names.length;
  const forbidden = new Uint8Array(p * p);
  const required = new Uint8Array(p * p);
  const match = (entry: NamePattern): number[] => {
    if (typeof entry === 'string') {
      const i = names.indexOf(entry);
      if (i < 0) {
        throw new RangeError(
          `Cannot apply the knowledge as its names must be columns: "${entry}" is none of ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`,
        );
      }
      return [i];
    }
    const whole = new RegExp(`^(?:${entry.pattern})$`);
    return [...names.keys()].filter((i) => whole.test(names[i]));
  };
  const each = (from: readonly number[], to: readonly number[], table: Uint8Array): void => {
    for (const i of from) for (const j of to) if (i !== j) table[i * p + j] = 1;
  };
  if (known) {
    const tiers = known.tiers.map((tier) => tier.flatMap(match));
    tierOf(tiers, names);
    for (const [late, tier] of tiers.entries()) {
      for (let early = 0; early < late; early++) each(tier, tiers[early], forbidden);
    }
    for (const t of known.forbiddenWithin) each(tiers[t], tiers[t], forbidden);
    for (const [from, to] of known.forbidden) each(match(from), match(to), forbidden);
    for (const [from, to] of known.required) each(match(from), match(to), required);
  }
  if (sink !== undefined) each(match(sink), [...names.keys()], forbidden);
  check(names, forbidden, required);
  return { forbidden, required };
}

/** The forbidden and required edges as lists of names, patterns and tiers worked out. */
export function knownEdges(
  known: Knowledge,
  names: readonly string[],
): { readonly forbidden: [string, string][]; readonly required: [string, string][] } {
  const { forbidden, required } = resolveKnowledge(known, names);
  const p = names.length;
  const list = (table: Uint8Array): [string, string][] =>
    [...table.keys()].filter((k) => table[k]).map((k) => [names[Math.floor(k / p)], names[k % p]]);
  return { forbidden: list(forbidden), required: list(required) };
}

function tierOf(tiers: readonly (readonly number[])[], names: readonly string[]): void {
  const seen = new Map<number, number>();
  for (const [t, tier] of tiers.entries()) {
    for (const i of tier) {
      const before = seen.get(i);
      if (before !== undefined && before !== t) {
        throw new Error(
          `Cannot apply the knowledge as a column must be in one tier: "${names[i]}" is in ${before + 1} and ${t + 1}`,
        );
      }
      seen.set(i, t);
    }
  }
}

function check(names: readonly string[], forbidden: Uint8Array, required: Uint8Array): void {
  const p = names.length;
  const pairs: [number, number][] = [];
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) {
      if (!required[i * p + j]) continue;
      if (forbidden[i * p + j]) {
        throw new Error(
          `Cannot apply the knowledge as it must not contradict itself: ${names[i]} → ${names[j]} is both required and forbidden; take it out of one`,
        );
      }
      pairs.push([i, j]);
    }
  }
  try {
    dagOfPairs(names, pairs);
  } catch (error) {
    throw new Error(
      `Cannot apply the knowledge as its required edges must form a DAG: ${(error as Error).message}`,
    );
  }
}
