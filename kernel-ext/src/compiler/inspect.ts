import type { Compiler } from './compiler.js';
import { toUtf16 } from './offsets.js';
import type { TypeScript } from './tslab.js';

/**
 * Describe what is under the cursor.
 * @param position Cursor in code points.
 * @returns Its signature, documentation and place, or `undefined` if there is nothing.
 */
export function inspectCode(
  compiler: Compiler,
  source: string,
  position: number,
): Record<string, string> | undefined {
  const offset = toUtf16(source, position);
  // Behind the last letter of a word, and inside the brackets of its call, the word is meant.
  for (const at of places(source, offset)) {
    const info = compiler.query((converter, declared) => converter.inspect(declared, source, at));
    if (info) return bundle(compiler, info, at);
  }
  return undefined;
}

function places(source: string, offset: number): number[] {
  const before = source.slice(0, offset);
  const call = /([\w$]+)\s*\([^()]*$/.exec(before);
  return [offset, offset - 1, ...(call ? [call.index] : [])].filter((at) => at >= 0);
}

function bundle(
  { ts, seam }: Compiler,
  info: TypeScript.QuickInfo,
  at: number,
): Record<string, string> {
  const signature = ts.displayPartsToString(info.displayParts);
  const documentation = ts.displayPartsToString(info.documentation);
  const tags = (info.tags ?? []).map(({ name, text }) => ({ name, text: ts.displayPartsToString(text) }));
  const place = definition(ts, seam.cell(), seam.program().getTypeChecker(), at);
  const markdown = [
    `\`\`\`typescript\n${signature}\n\`\`\``,
    documentation,
    tags.map(({ name, text }) => `* **@${name}** ${text}`).join('\n'),
    place ? `Defined in ${place}` : '',
  ];
  const plain = [signature, documentation, tags.map(({ name, text }) => `@${name} ${text}`).join('\n'), place ? `Defined in ${place}` : ''];
  const join = (parts: string[]): string => parts.filter((part) => part !== '').join('\n\n');
  return { 'text/markdown': join(markdown), 'text/plain': join(plain) };
}

/** File and line where the symbol at a position is declared, unless that is a cell. */
function definition(
  ts: typeof TypeScript,
  cell: TypeScript.SourceFile,
  checker: TypeScript.TypeChecker,
  at: number,
): string {
  const position = at + 'export {};\n'.length;
  let node: TypeScript.Node = cell;
  const look = (child: TypeScript.Node): void => {
    if (child.getStart(cell) <= position && position < child.end) {
      node = child;
      ts.forEachChild(child, look);
    }
  };
  ts.forEachChild(cell, look);
  let symbol = checker.getSymbolAtLocation(node);
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  const declaration = symbol?.declarations?.[0];
  const file = declaration?.getSourceFile();
  if (!declaration || !file || /__(tslab|prev)__/.test(file.fileName)) return '';
  const { line } = file.getLineAndCharacterOfPosition(declaration.getStart(file));
  return `${file.fileName}:${line + 1}`;
}
