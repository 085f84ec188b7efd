import { expect, it } from 'vitest';
import { npmFailure } from '../../binder/steps/npm-failure.mjs';
import { pipFailure } from '../../binder/steps/pip-failure.mjs';

// First lines of what npm 10 and 11 print.
it.each([
  ['npm error code EINTEGRITY\nnpm error sha512-abc integrity checksum failed', 'checksum'],
  ['npm error code ENOSPC\nnpm error nospc ENOSPC: no space left on device', 'no space left'],
  ['npm ERR! code ENOTFOUND\nnpm ERR! network request to https://r.org failed', 'be reachable'],
  ['npm error code ETARGET\nnpm error notarget No matching version for a@9.', 'reached but lacks'],
  ['npm error code E404\nnpm error 404 Not Found - GET https://r.org/a', 'reached but lacks'],
  ['npm error code SELF_SIGNED_CERT_IN_CHAIN\nnpm error self-signed certificate', 'certificate'],
  ['npm error code E401\nnpm error Incorrect or missing password.', 'npm login'],
  ['npm error code EACCES\nnpm error syscall mkdir', 'be writable'],
  ['npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install', 'must agree'],
  ['spawn npm ENOENT', 'npm must be on the PATH'],
  ['something new', "npm's last lines:\n    something new"],
])('npm\'s failure "%s" is explained: %s', (output, message) => {
  expect(npmFailure('install the npm packages', output).message).toContain(message);
});

// Lines of pip 23 to 26.
const noVersion = 'ERROR: No matching distribution found for jupyterlab==4.6.4';
it.each([
  [noVersion, 'reached but lacks'],
  [
    "WARNING: Retrying (Retry(total=2)) after connection broken by 'NewConnectionError(...)'\n" +
      noVersion,
    'be reachable',
  ],
  [`WARNING: Retrying after connection broken by 'SSLError(...)'\n${noVersion}`, 'certificate'],
  ['ERROR: Could not install: [Errno 28] No space left on device', 'no space left'],
  ["ERROR: Could not install: [Errno 13] Permission denied: '/a'", 'be writable'],
  ['something new', "pip's last lines:\n    something new"],
])('pip\'s failure "%s" is explained: %s', (output, message) => {
  expect(pipFailure('install JupyterLab', output).message).toContain(message);
});
