import { cannot } from '../tools/cannot.mjs';
import { tail } from '../tools/run-command.mjs';

const network =
  /NewConnectionError|NameResolutionError|Temporary failure in name resolution|Name or service not known|ConnectTimeout|ReadTimeout|Read timed out|Connection (?:refused|reset|aborted)|Network is unreachable|Max retries exceeded|ProxyError|IncompleteRead|IncompleteDownload/i;
const certificate = /CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError/i;
const absent = /No matching distribution found|Could not find a version that satisfies/i;
const hash = /DO NOT MATCH THE HASHES/i;
const disk = /No space left on device|Disk quota exceeded/i;
const rights = /Permission denied|Read-only file system/i;

/** Options for every run of pip. With no retries at all pip would not say that it met no network. */
export const pipOptions =
  '--disable-pip-version-check --no-input --progress-bar off --retries 3'.split(' ');

/** The word for what went wrong in a run of pip. A dead network also ends in "No matching distribution", so it is asked first. */
export function pipFailureKind(output) {
  if (hash.test(output)) return 'hash';
  if (disk.test(output)) return 'disk';
  if (certificate.test(output)) return 'certificate';
  if (network.test(output)) return 'network';
  if (absent.test(output)) return 'absent';
  if (rights.test(output)) return 'rights';
  return 'other';
}

/** Say what went wrong in a run of pip, and what to do about it. */
export function pipFailure(action, output, index = process.env.PIP_INDEX_URL ?? 'pypi.org') {
  switch (pipFailureKind(output)) {
    case 'hash': {
      const got = output.match(/Got\s+([0-9a-f]{64})/)?.[1] ?? 'another one';
      const expected = output.match(/Expected sha256 ([0-9a-f]{64})/)?.[1] ?? 'the pinned one';
      return cannot(
        action,
        `the download's SHA-256 must be ${expected}`,
        got,
        'the file was deleted; run the command again, and if it happens twice the index or a proxy changes files: use another network or PIP_INDEX_URL',
      );
    }
    case 'disk':
      return cannot(
        action,
        'there must be room on the disk',
        'no space left',
        'free 3 GB; XDG_CACHE_HOME moves the cache and TMPDIR the temporary files to another disk',
      );
    case 'certificate':
      return cannot(
        action,
        `the certificate of ${index} must be trusted`,
        'a certificate that is not',
        "behind a company proxy name its certificate file: PIP_CERT=/path/ca.pem npm start (and NODE_EXTRA_CA_CERTS for npm's downloads)",
      );
    case 'network':
      return cannot(
        action,
        `the package index (${index}) must be reachable`,
        'no connection',
        'check the network; behind a proxy set HTTPS_PROXY, with a mirror set PIP_INDEX_URL, then run the command again',
      );
    case 'absent':
      return cannot(
        action,
        `the package index (${index}) must have what is asked for`,
        lastError(output),
        'the index was reached but lacks this package or version; try PIP_INDEX_URL=https://pypi.org/simple npm start',
      );
    case 'rights':
      return cannot(
        action,
        'the folders must be writable',
        lastError(output),
        'work in a clone that belongs to you, without sudo',
      );
    default:
      return cannot(action, 'pip must succeed', 'a failure', `pip's last lines:\n${tail(output)}`);
  }
}

function lastError(output) {
  const lines = output.split('\n').filter((line) => /^\s*ERROR/.test(line));
  return (lines.at(-1) ?? tail(output, 1)).replace(/^\s*ERROR:\s*/, '').trim();
}
