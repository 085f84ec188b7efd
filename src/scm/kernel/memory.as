// The kernel's memory: one area after the other, given up as a whole.

let next: usize = 0;

/** Give up all areas. */
export function reset(): void {
  next = (__heap_base + 15) & ~(<usize>15);
}

/** An area of so many bytes. */
export function take(bytes: usize): usize {
  const at = next;
  next = (next + bytes + 15) & ~(<usize>15);
  return at;
}

/** See that the memory holds all areas, and so many bytes more. */
export function ensure(more: usize): void {
  const pages = <i32>((next + more + 65535) >> 16);
  if (pages > memory.size()) memory.grow(pages - memory.size());
}
