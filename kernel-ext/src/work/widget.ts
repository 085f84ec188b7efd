import { randomUUID } from 'node:crypto';
import { type Comm, comm } from './comms.js';

/** A widget in the browser whose state is shared with the cells. */
export interface Widget<State extends object> {
  readonly id: string;
  readonly state: Readonly<State>;
  /** Change the state here and in the browser. */
  set(change: Partial<State>): void;
  /** Called when the browser changes the state. */
  onChange(listen: (change: Partial<State>) => void): void;
  /** Send a message that is no state to the view. */
  send(content: unknown): void;
  close(): void;
}

const version = '~0.9.*';

/**
 * Show a widget by the conventions of anywidget.
 *
 * Front ends where the Python package `anywidget` is installed run `esm`, a module that exports
 * `render({ model, el })`; the others show the text.
 * @param esm The module's source.
 * @param state What both sides share, as plain JSON.
 */
export function anywidget<State extends object>(esm: string, state: State): Widget<State> {
  const current = { ...state } as State;
  const listeners: ((change: Partial<State>) => void)[] = [];
  const shared = {
    _model_module: 'anywidget',
    _model_name: 'AnyModel',
    _model_module_version: version,
    _view_module: 'anywidget',
    _view_name: 'AnyView',
    _view_module_version: version,
    _view_count: null,
    _esm: esm,
    _anywidget_id: `causalmixft.${randomUUID()}`,
  };
  const link: Comm = comm.open(
    'jupyter.widget',
    { state: { ...shared, ...current }, buffer_paths: [] },
    { metadata: { version: '2.1.0' } },
  );
  link.onMessage(({ data }) => {
    const message = data as { method?: string; state?: Partial<State> };
    if (message.method === 'request_state') {
      link.send({ method: 'update', state: { ...shared, ...current }, buffer_paths: [] });
    } else if (message.method === 'update' && message.state) {
      Object.assign(current, message.state);
      for (const listen of listeners) listen(message.state);
    }
  });
  const widget: Widget<State> = {
    id: link.id,
    state: current,
    set(change) {
      Object.assign(current, change);
      link.send({ method: 'update', state: change, buffer_paths: [] });
    },
    onChange: (listen) => void listeners.push(listen),
    send: (content) => link.send({ method: 'custom', content }),
    close: () => link.close(),
  };
  const view = { model_id: link.id, version_major: 2, version_minor: 1 };
  const show = (): object => ({
    'application/vnd.jupyter.widget-view+json': view,
    'text/plain': 'Widget; it needs a front end with anywidget',
  });
  return Object.defineProperty(widget, Symbol.for('Jupyter.display'), { value: show });
}
