// Binary trees over bin codes, all trees of an ensemble in flat arrays.

import { MISSING } from './bins.js';

/** Trees of an ensemble; node i's children are `child[i]` (left) and `child[i] + 1` (right). */
export interface Trees {
  /** First node of each tree. */
  readonly roots: Int32Array;
  /** Feature that node i asks for; −1 at a leaf. */
  readonly feature: Int16Array;
  /** Left child of node i; 0 at a leaf. */
  readonly child: Int32Array;
  /** Numeric feature: a code of at most this goes left. Categorical: number of its set. */
  readonly code: Int32Array;
  /** 1 where a missing cell goes left. */
  readonly missingLeft: Uint8Array;
  /** 1 where the codes that go left are a set. */
  readonly isSet: Uint8Array;
  /** Sets of codes as 256 bits each, 8 words a set. */
  readonly sets: Int32Array;
  /** `outputs` values a node, at leaves. */
  readonly value: Float64Array;
}

/** Nodes of one tree, root first, children side by side. */
export interface TreeNodes {
  /** −1 at a leaf. */
  readonly feature: Int32Array;
  readonly code: Int32Array;
  readonly missingLeft: Int32Array;
  readonly isSet: Int32Array;
  /** 8 words a node, where `isSet`. */
  readonly set: Int32Array;
  /** Left child, counted from the root. */
  readonly child: Int32Array;
  /** Values of leaves. */
  readonly value: Float64Array;
}

/** A growing ensemble. */
export interface TreesBuilder {
  /** Start a tree; returns its root. */
  root(): number;
  /** Make node i a split; returns its left child. */
  split(
    node: number,
    feature: number,
    code: number,
    missingLeft: boolean,
    set?: Int32Array,
  ): number;
  /** Give leaf i its value (of output k). */
  leaf(node: number, value: number, k?: number): void;
  /** Add a whole tree of so many nodes, with one value a leaf. */
  tree(nodes: number, tree: TreeNodes): void;
  finish(): Trees;
}

/**
 * Start an empty ensemble.
 * @param outputs Values a leaf holds (default `1`).
 */
export function treesBuilder(outputs = 1): TreesBuilder {
  let capacity = 1024;
  let nodes = 0;
  let feature = new Int16Array(capacity);
  let child = new Int32Array(capacity);
  let code = new Int32Array(capacity);
  let missingLeft = new Uint8Array(capacity);
  let isSet = new Uint8Array(capacity);
  let value = new Float64Array(capacity * outputs);
  const roots: number[] = [];
  const sets: Int32Array[] = [];
  const add = (count: number): number => {
    if (nodes + count > capacity) {
      capacity *= 2;
      feature = grown(feature, new Int16Array(capacity));
      child = grown(child, new Int32Array(capacity));
      code = grown(code, new Int32Array(capacity));
      missingLeft = grown(missingLeft, new Uint8Array(capacity));
      isSet = grown(isSet, new Uint8Array(capacity));
      value = grown(value, new Float64Array(capacity * outputs));
    }
    const first = nodes;
    nodes += count;
    feature.fill(-1, first, nodes);
    return first;
  };
  return {
    root() {
      const root = add(1);
      roots.push(root);
      return root;
    },
    split(node, f, c, left, set) {
      const first = add(2);
      feature[node] = f;
      child[node] = first;
      missingLeft[node] = left ? 1 : 0;
      isSet[node] = set ? 1 : 0;
      code[node] = set ? sets.push(set) - 1 : c;
      return first;
    },
    leaf(node, v, k = 0) {
      value[node * outputs + k] = v;
    },
    tree(count, tree) {
      const first = add(count);
      roots.push(first);
      for (let i = 0; i < count; i++) {
        const node = first + i;
        const f = tree.feature[i];
        if (f < 0) {
          value[node] = tree.value[i];
          continue;
        }
        feature[node] = f;
        child[node] = first + tree.child[i];
        missingLeft[node] = tree.missingLeft[i];
        isSet[node] = tree.isSet[i];
        code[node] = tree.isSet[i] ? sets.push(tree.set.slice(8 * i, 8 * i + 8)) - 1 : tree.code[i];
      }
    },
    finish() {
      const words = new Int32Array(sets.length * 8);
      sets.forEach((set, i) => {
        words.set(set, i * 8);
      });
      return {
        roots: Int32Array.from(roots),
        feature: feature.slice(0, nodes),
        child: child.slice(0, nodes),
        code: code.slice(0, nodes),
        missingLeft: missingLeft.slice(0, nodes),
        isSet: isSet.slice(0, nodes),
        sets: words,
        value: value.slice(0, nodes * outputs),
      };
    },
  };
}

/**
 * Add the values of the leaves that each row reaches to its sums.
 * @param trees An ensemble with one value a leaf.
 * @param codes One column of bin codes per feature.
 * @param sums Output k of row r stands at k · rows + r; changed in place.
 * @param outputs Output that each tree adds to, in turn.
 */
export function addTrees(
  trees: Trees,
  codes: readonly Uint8Array[],
  sums: Float64Array,
  rows: number,
  outputs: Int32Array,
): void {
  const leaves = new Int32Array(rows);
  for (let t = 0; t < trees.roots.length; t++) {
    findLeaves(trees, t, codes, leaves);
    const at = outputs[t % outputs.length] * rows;
    for (let r = 0; r < rows; r++) sums[at + r] += trees.value[leaves[r]];
  }
}

/** Find the leaf of tree t that each row reaches. */
export function findLeaves(
  trees: Trees,
  t: number,
  codes: readonly Uint8Array[],
  leaves: Int32Array,
): void {
  const { feature, child, code, missingLeft, isSet, sets } = trees;
  const root = trees.roots[t];
  for (let r = 0; r < leaves.length; r++) {
    let node = root;
    let f = feature[node];
    while (f >= 0) {
      const c = codes[f][r];
      let left: boolean;
      if (c === MISSING) left = missingLeft[node] === 1;
      else if (isSet[node] === 0) left = c <= code[node];
      else left = ((sets[code[node] * 8 + (c >> 5)] >>> (c & 31)) & 1) === 1;
      node = left ? child[node] : child[node] + 1;
      f = feature[node];
    }
    leaves[r] = node;
  }
}

function grown<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
