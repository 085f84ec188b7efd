import { readFileSync } from 'node:fs';
import { protocolVersion } from '../protocol/wire.js';

const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** Version of the compiler inside tslab, known without loading it. */
const typescript = '5.0.4';

/** What `kernel_info_reply` says. */
export function kernelInfo(): object {
  return {
    protocol_version: protocolVersion,
    implementation: 'causalmixft',
    implementation_version: own.version,
    language_info: {
      name: 'typescript',
      version: typescript,
      mimetype: 'application/typescript',
      file_extension: '.ts',
      codemirror_mode: 'typescript',
      pygments_lexer: 'typescript',
      nbconvert_exporter: 'script',
    },
    banner: `TypeScript ${typescript} with causalmixft, on Node ${process.versions.node}. cm.help() lists what is there.`,
    help_links: [
      { text: 'TypeScript', url: 'https://www.typescriptlang.org/docs/' },
      {
        text: 'Node',
        url: `https://nodejs.org/docs/latest-v${process.versions.node.split('.')[0]}.x/api/`,
      },
    ],
    supported_features: [],
  };
}
