/**
 * Fetch a file.
 * @param address http(s) address.
 * @param source What is fetched, for messages.
 * @param meanings What an HTTP status means here, as the end of "Cannot read … as ".
 * @throws Error where the server cannot be reached or does not answer 200.
 */
export async function download(
  address: string,
  source: string,
  signal?: AbortSignal,
  meanings: Readonly<Record<number, string>> = {},
): Promise<Uint8Array> {
  const from = source === address ? '' : ` from ${address}`;
  let response: Response;
  try {
    response = await fetch(address, signal ? { signal } : {});
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    signal?.throwIfAborted();
    const { cause, message } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    throw new Error(
      `Cannot read ${source}${from} as the server must be reachable: ${why}; check the network, or download the file and give its path`,
      { cause: error },
    );
  }
  const why =
    meanings[response.status] ??
    `the server must answer 200: it answered ${response.status} ${response.statusText}`.trimEnd();
  throw new Error(`Cannot read ${source}${from} as ${why}`);
}
