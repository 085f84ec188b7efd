import { cannot } from '../tools/cannot.mjs';
import { tail } from '../tools/run-command.mjs';

const kinds = [
  [/EINTEGRITY/, 'hash'],
  [/ENOSPC|EDQUOT/, 'disk'],
  [
    /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT|CERT_HAS_EXPIRED|unable to get local issuer/i,
    'certificate',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR/,
    'network',
  ],
  [/E404|ETARGET|ENOVERSIONS/, 'absent'],
  [/E401|E403/, 'refused'],
  [/EACCES|EPERM|EROFS/, 'rights'],
  [/ENOENT.*spawn npm|spawn npm ENOENT/, 'no npm'],
  [/EUSAGE|can only install packages when your package\.json and package-lock\.json/, 'lockfile'],
];

/** Say what went wrong in a run of npm, and what to do about it. */
export function npmFailure(action, output) {
  const kind = kinds.find(([pattern]) => pattern.test(output))?.[1];
  const first = output.split('\n').find((line) => /npm (?:error|ERR!) (?!code)/.test(line));
  const said = first?.replace(/npm (?:error|ERR!)\s*/, '').trim() ?? tail(output, 1);
  switch (kind) {
    case 'hash':
      return cannot(
        action,
        'each package must have the checksum of the lockfile',
        said,
        'clear what npm has cached (npm cache clean --force) and run the command again; if it stays, the registry changes files: npm config get registry',
      );
    case 'disk':
      return cannot(
        action,
        'there must be room on the disk',
        'no space left',
        'free 3 GB and run the command again',
      );
    case 'certificate':
      return cannot(
        action,
        'the certificate of the registry must be trusted',
        said,
        'behind a company proxy name its certificate file: NODE_EXTRA_CA_CERTS=/path/ca.pem npm start',
      );
    case 'network':
      return cannot(
        action,
        'the npm registry must be reachable',
        `no connection (${said})`,
        'check the network; behind a proxy: npm config set https-proxy http://…; with a mirror: npm config set registry https://…',
      );
    case 'absent':
      return cannot(
        action,
        'the npm registry must have every package of the lockfile',
        said,
        'the registry was reached but lacks it; try another: npm_config_registry=https://registry.npmjs.org npm start',
      );
    case 'refused':
      return cannot(
        action,
        'the npm registry must let us in',
        said,
        'sign in (npm login) or choose another registry',
      );
    case 'rights':
      return cannot(
        action,
        'the folder must be writable',
        said,
        'work in a clone that belongs to you, without sudo (ls -ld node_modules shows the owner)',
      );
    case 'no npm':
      return cannot(
        action,
        'npm must be on the PATH',
        'no npm',
        'install Node from https://nodejs.org: npm comes with it',
      );
    case 'lockfile':
      return cannot(
        action,
        'package.json and package-lock.json must agree',
        'two that do not',
        'after a change of package.json: npm install --ignore-scripts, and commit both files',
      );
    default:
      return cannot(action, 'npm must succeed', 'a failure', `npm's last lines:\n${tail(output)}`);
  }
}
