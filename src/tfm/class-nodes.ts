// More classes than the network has outputs: a balanced tree whose nodes each tell at most that many
// groups of classes apart. A class's probability is the product along its path (Mitra v2's way).

import { type Random, shuffle } from '../math/random.js';

/** One decision between groups of classes. */
export interface ClassNode {
  /** Classes of each group, by their number. */
  readonly groups: readonly (readonly number[])[];
  /** The decision within each group of several classes. */
  readonly children: readonly (ClassNode | undefined)[];
}

/**
 * Arrange classes in decisions of at most `width` groups.
 * @param classes Number of classes.
 * @param width Outputs of the network.
 * @param random Orders the classes where one decision does not do.
 */
export function classNodes(classes: number, width: number, random: Random): ClassNode {
  const numbers = Array.from({ length: classes }, (_, i) => i);
  return node(classes > width ? shuffle(random, numbers) : numbers, width);
}

/** List a node and all below it. */
export function allNodes(root: ClassNode): ClassNode[] {
  return [root, ...root.children.flatMap((child) => (child ? allNodes(child) : []))];
}

/**
 * Number the group of each row's class in a node.
 * @param labels Class of every row.
 * @returns Group of every row; −1 where the class is not in the node.
 */
export function groupsOf(node: ClassNode, labels: ArrayLike<number>): Int32Array {
  const group = new Map(node.groups.flatMap((classes, g) => classes.map((c) => [c, g] as const)));
  return Int32Array.from(labels, (label) => group.get(label) ?? -1);
}

function node(classes: readonly number[], width: number): ClassNode {
  const parts =
    classes.length <= width ? classes.length : Math.min(width, Math.ceil(classes.length / width));
  const groups = Array.from({ length: parts }, (_, g) =>
    classes.slice(
      Math.floor((g * classes.length) / parts),
      Math.floor(((g + 1) * classes.length) / parts),
    ),
  );
  return {
    groups,
    children: groups.map((group) => (group.length > 1 ? node(group, width) : undefined)),
  };
}
