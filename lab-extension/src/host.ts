// What the plugin adds to the views, where there is a plugin: the MIME renderer and the plugin are
// two entries of one bundle and share this module. Without a plugin the views are complete, only
// the panel is absent.

/** Services of the page around a view. */
export interface ViewHost {
  /** Show the same data in a panel of its own, beside the notebook. */
  openInPanel?(mimeType: string, data: unknown, title: string): void;
}

let current: ViewHost = {};
const listeners = new Set<() => void>();

/** The services that there are now. */
export function viewHost(): ViewHost {
  return current;
}

/** Name the services; views that are already on the page are told. */
export function setViewHost(host: ViewHost): void {
  current = host;
  for (const listener of listeners) listener();
}

/**
 * Call a function when the services change.
 * @returns Stops it.
 */
export function onViewHost(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
