import type { Compiler } from './compiler.js';
import { readDocumentation } from './documentation.js';
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
    if (info && !isNothing(compiler, info)) return bundle(compiler, info, at);
  }
  return undefined;
}

/** What the checker says of a name that it does not know. */
function isNothing(
  { ts }: Compiler,
  { displayParts, documentation }: TypeScript.QuickInfo,
): boolean {
  return ts.displayPartsToString(displayParts) === 'any' && !documentation?.length;
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
  const declaration = declarationAt(ts, seam.cell(), seam.program().getTypeChecker(), at);
  const documentation =
    ts.displayPartsToString(info.documentation) ||
    (declaration ? readDocumentation(declaration, seam.origin) : '');
  const tags = (info.tags ?? []).map(({ name, text }) => ({
    name,
    text: ts.displayPartsToString(text),
  }));
  const place = declaration ? placeOf(declaration, seam.origin) : '';
  const markdown = [
    `\`\`\`typescript\n${signature}\n\`\`\``,
    documentation,
    tags.map(({ name, text }) => `* **@${name}** ${text}`).join('\n'),
    place ? `Defined in ${place}` : '',
  ];
  const plain = [
    signature,
    documentation,
    tags.map(({ name, text }) => `@${name} ${text}`).join('\n'),
    place ? `Defined in ${place}` : '',
  ];
  const join = (parts: string[]): string => parts.filter((part) => part !== '').join('\n\n');
  return { 'text/markdown': join(markdown), 'text/plain': join(plain) };
}

/** Where the symbol at a position is declared. */
function declarationAt(
  ts: typeof TypeScript,
  cell: TypeScript.SourceFile,
  checker: TypeScript.TypeChecker,
  at: number,
): TypeScript.Declaration | undefined {
  const position = at + 'export {};\n'.length;
  let node: TypeScript.Node = cell;
  const look = (child: TypeScript.Node): void => {
    if (child.getStart(cell) > position || position > child.end) return;
    if (ts.isIdentifier(child)) node = child;
    ts.forEachChild(child, look);
  };
  ts.forEachChild(cell, look);
  let symbol = checker.getSymbolAtLocation(node);
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  return symbol?.declarations?.[0];
}

/** File and line of a declaration, unless it is in a cell. */
function placeOf(declaration: TypeScript.Declaration, origin: Compiler['seam']['origin']): string {
  const file = declaration.getSourceFile();
  if (/__(tslab|prev)__/.test(file.fileName)) return '';
  const position = file.getLineAndCharacterOfPosition(declaration.getStart(file));
  const { path, line } = origin(file.fileName, position.line);
  return `${path}:${line + 1}`;
}
