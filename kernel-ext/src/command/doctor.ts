/** Placeholder so that the command compiles. */
export async function doctor(_args: readonly string[]): Promise<number> {
  return 0;
}
