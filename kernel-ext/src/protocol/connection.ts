import { readFileSync } from 'node:fs';

/** What Jupyter writes into the connection file. */
export interface Connection {
  readonly ip: string;
  readonly transport: string;
  readonly shell_port: number;
  readonly control_port: number;
  readonly stdin_port: number;
  readonly iopub_port: number;
  readonly hb_port: number;
  /** Key of the signatures; empty for none. */
  readonly key: string;
  readonly signature_scheme: string;
  readonly curve_publickey?: string;
  readonly curve_secretkey?: string;
}

const ports = ['shell_port', 'control_port', 'stdin_port', 'iopub_port', 'hb_port'] as const;

/** Read and check a connection file. */
export function readConnection(path: string): Connection {
  const text = readFileSync(path, 'utf8');
  let found: Partial<Connection>;
  try {
    found = JSON.parse(text) as Partial<Connection>;
  } catch (error) {
    throw new SyntaxError(`Cannot read the connection file ${path}: ${(error as Error).message}`);
  }
  for (const port of ports) {
    if (!Number.isInteger(found[port])) {
      throw new TypeError(
        `Cannot open the kernel's sockets as "${port}" in ${path} must be a port: current value is ${found[port]}`,
      );
    }
  }
  const usual = { ip: '127.0.0.1', transport: 'tcp', key: '', signature_scheme: 'hmac-sha256' };
  const connection = { ...usual, ...found } as Connection;
  if (connection.key && connection.signature_scheme !== 'hmac-sha256') {
    throw new RangeError(
      `Cannot check signatures as the scheme must be hmac-sha256: current value is ${connection.signature_scheme}`,
    );
  }
  return connection;
}

/** Address of one socket. */
export function address({ transport, ip }: Connection, port: number): string {
  return transport === 'ipc' ? `ipc://${ip}-${port}` : `${transport}://${ip}:${port}`;
}
