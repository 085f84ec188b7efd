import type { TypeScript } from './tslab.js';

/** What a declaration gives its name to: something that exists at run time, a type, or both. */
const Value = 1;
const Type = 2;

interface Item {
  readonly name: string;
  readonly meaning: number;
  readonly text: string;
}

/** The declarations of all cells that ran, as the text of one declaration file. */
export interface Declarations {
  readonly items: readonly Item[];
  readonly text: string;
}

export const noDeclarations: Declarations = { items: [], text: '' };

/**
 * Add the declarations of one cell; a name declared again replaces the older one.
 *
 * An older type that other declarations still speak of is kept under another name, so that values
 * made with it keep their type.
 * @param earlier The declarations of the cells before.
 * @param output The declaration file of the cell.
 */
export function addDeclarations(
  ts: typeof TypeScript,
  earlier: Declarations,
  output: string,
): Declarations {
  const fresh = split(ts, output);
  if (fresh.length === 0) return earlier;
  const meanings = new Map<string, number>();
  for (const { name, meaning } of fresh) {
    if (name) meanings.set(name, (meanings.get(name) ?? 0) | meaning);
  }
  const isReplaced = (item: Item): boolean => (item.meaning & (meanings.get(item.name) ?? 0)) !== 0;
  let kept = earlier.items.filter((item) => !isReplaced(item));
  const replaced = earlier.items.filter(isReplaced);
  for (const name of new Set(replaced.map((item) => item.name))) {
    const mention = new RegExp(`\\b${name.replace(/\$/g, '\\$')}\\b`);
    if (!kept.some((item) => item.name !== name && mention.test(item.text))) continue;
    const hidden = unusedName(name, earlier.items);
    const renamed = replaced
      .filter((item) => item.name === name)
      .map((item) => ({ ...item, name: hidden, text: rename(ts, item.text, name, hidden, true) }));
    const users = kept.map((item) =>
      item.name !== name && mention.test(item.text)
        ? { ...item, text: rename(ts, item.text, name, hidden, false) }
        : item,
    );
    kept = [...renamed, ...users];
  }
  const items = withoutUnused([...kept, ...fresh]);
  return { items, text: items.map((item) => item.text).join('\n') };
}

/** Names under which replaced types live on. */
export const isHiddenName = (name: string): boolean => /_earlier\d+$/.test(name);

function unusedName(name: string, items: readonly Item[]): string {
  let n = 1;
  while (items.some((item) => item.name === `${name}_earlier${n}`)) n++;
  return `${name}_earlier${n}`;
}

/** Drop hidden declarations that nothing speaks of any more. */
function withoutUnused(items: readonly Item[]): Item[] {
  return items.filter(
    (item) =>
      !isHiddenName(item.name) ||
      items.some((other) => other.name !== item.name && other.text.includes(item.name)),
  );
}

/** One item per declared name. */
function split(ts: typeof TypeScript, output: string): Item[] {
  const file = ts.createSourceFile('cell.d.ts', output, ts.ScriptTarget.ES2022, true);
  return file.statements.flatMap((statement): Item[] => {
    const text = statement.getText(file);
    if (ts.isVariableStatement(statement)) {
      const word = statement.declarationList.flags & ts.NodeFlags.Const ? 'const' : 'let';
      return statement.declarationList.declarations.map((d) => ({
        name: d.name.getText(file),
        meaning: Value,
        text: `declare ${word} ${d.getText(file)};`,
      }));
    }
    if (ts.isImportDeclaration(statement)) return importItems(ts, statement, file);
    if (ts.isExportDeclaration(statement) || ts.isExportAssignment(statement)) return [];
    const name = (statement as { name?: TypeScript.Node }).name?.getText(file) ?? '';
    const whole = statement.getFullText(file).trim();
    return [
      {
        name: isGlobal(ts, statement) ? '' : name,
        meaning: meaningOf(ts, statement),
        text: whole || text,
      },
    ];
  });
}

/** `declare global { … }` and `declare module 'x' { … }`: kept, and never replaced. */
function isGlobal(ts: typeof TypeScript, statement: TypeScript.Statement): boolean {
  if (!ts.isModuleDeclaration(statement)) return false;
  return (
    ts.isStringLiteral(statement.name) || !!(statement.flags & ts.NodeFlags.GlobalAugmentation)
  );
}

function meaningOf(ts: typeof TypeScript, statement: TypeScript.Statement): number {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return Type;
  if (ts.isFunctionDeclaration(statement)) return Value;
  return Value | Type;
}

function importItems(
  ts: typeof TypeScript,
  { importClause, moduleSpecifier }: TypeScript.ImportDeclaration,
  file: TypeScript.SourceFile,
): Item[] {
  if (!importClause) return [];
  const from = moduleSpecifier.getText(file);
  const only = importClause.isTypeOnly ? 'type ' : '';
  const item = (name: string, what: string): Item => ({
    name,
    meaning: Value | Type,
    text: `import ${only}${what} from ${from};`,
  });
  const items: Item[] = [];
  if (importClause.name) items.push(item(importClause.name.text, importClause.name.text));
  const named = importClause.namedBindings;
  if (named && ts.isNamespaceImport(named)) {
    items.push(item(named.name.text, `* as ${named.name.text}`));
  } else {
    for (const e of named?.elements ?? []) items.push(item(e.name.text, `{ ${e.getText(file)} }`));
  }
  return items;
}

/** Rename what a declaration speaks of, and with `self` also what it declares. */
function rename(
  ts: typeof TypeScript,
  text: string,
  from: string,
  to: string,
  self: boolean,
): string {
  const file = ts.createSourceFile('item.d.ts', text, ts.ScriptTarget.ES2022, true);
  const edits: [number, number, string][] = [];
  const look = (node: TypeScript.Node): void => {
    if (ts.isIdentifier(node) && node.text === from) {
      const replacement = replacementFor(ts, node, to, self);
      if (replacement) edits.push([node.getStart(file), node.end, replacement]);
    }
    ts.forEachChild(node, look);
  };
  look(file);
  return edits.reduceRight((s, [start, end, by]) => s.slice(0, start) + by + s.slice(end), text);
}

function replacementFor(
  ts: typeof TypeScript,
  id: TypeScript.Identifier,
  to: string,
  self: boolean,
): string | undefined {
  const { parent } = id;
  if (
    ts.isTypeReferenceNode(parent) ||
    ts.isTypeQueryNode(parent) ||
    ts.isExpressionWithTypeArguments(parent) ||
    (ts.isQualifiedName(parent) && parent.left === id) ||
    (ts.isPropertyAccessExpression(parent) && parent.expression === id)
  ) {
    return to;
  }
  if (!self || (parent as { name?: TypeScript.Node }).name !== id) return undefined;
  if (ts.isImportSpecifier(parent)) return parent.propertyName ? to : `${id.text} as ${to}`;
  return ts.isSourceFile(parent.parent) ||
    ts.isVariableDeclaration(parent) ||
    ts.isImportClause(parent) ||
    ts.isNamespaceImport(parent)
    ? to
    : undefined;
}
