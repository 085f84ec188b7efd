import type { CommMessage, ToWorker, Variable } from '../channel.js';
import type { Header, Outgoing } from '../protocol/wire.js';

/** Comm target under which front ends ask for the variables of the notebook. */
export const variablesTarget = 'causalmixft.variables';

export interface VariableServiceSetup {
  owners(): ReadonlyMap<string, number>;
  ask(message: ToWorker): void;
  send(message: Outgoing): void;
}

/** Tells front ends names, types, shapes and sizes: when they ask, and after each cell. */
export interface VariableService {
  /** Take a message of a comm of this target; returns `false` for those of others. */
  receive(message: CommMessage, parent: Header): boolean;
  /** Answer of the worker. */
  listed(id: number, variables: readonly Variable[]): void;
  /** Tell all that listen, after a cell. */
  changed(): void;
  clear(): void;
}

export function createVariableService(setup: VariableServiceSetup): VariableService {
  const open = new Map<string, Header>();
  const asked = new Map<number, readonly string[]>();
  let counter = 0;
  const ask = (comms: readonly string[]): void => {
    if (comms.length === 0) return;
    const id = ++counter;
    asked.set(id, comms);
    setup.ask({ type: 'variables', id, owners: [...setup.owners()] });
  };
  return {
    receive({ kind, id, target }, parent) {
      if (kind === 'open' ? target !== variablesTarget : !open.has(id)) return false;
      if (kind === 'close') open.delete(id);
      else {
        open.set(id, parent);
        ask([id]);
      }
      return true;
    },
    listed(id, variables) {
      for (const comm of asked.get(id) ?? []) {
        const parent = open.get(comm);
        const content = { comm_id: comm, data: { variables } };
        if (parent) setup.send({ type: 'comm_msg', content, parent, to: ['comm_msg'] });
      }
      asked.delete(id);
    },
    changed: () => ask([...open.keys()]),
    clear() {
      open.clear();
      asked.clear();
    },
  };
}
