import type { TypeScript } from './tslab.js';

/** What can be said of a cell before it is checked. */
export interface CellOutline {
  /** The source with `export` blanked out; as long as the original, so that positions agree. */
  readonly source: string;
  /** Every name that the cell declares at its top level. */
  readonly names: readonly string[];
  /** Whether it imports anything, statically or by `import()`. */
  readonly imports: boolean;
}

/**
 * Outline a cell: the names it declares, found by parsing alone, and its source without `export`.
 * @param source The cell as typed.
 */
export function outline(ts: typeof TypeScript, source: string): CellOutline {
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022, true);
  const names = new Set<string>();
  const blanks: Blank[] = [];
  for (const statement of file.statements) {
    collect(ts, statement, names);
    blanks.push(...exportWords(ts, statement, file));
  }
  return {
    source: blanks.reduce(blank, source),
    names: [...names],
    imports: /\bimport\b/.test(source),
  };
}

/** The names that the statements of a file declare. */
export function declaredNames(ts: typeof TypeScript, file: TypeScript.SourceFile): string[] {
  const names = new Set<string>();
  for (const statement of file.statements) collect(ts, statement, names);
  return [...names];
}

function collect(ts: typeof TypeScript, statement: TypeScript.Statement, names: Set<string>): void {
  if (ts.isVariableStatement(statement)) {
    for (const d of statement.declarationList.declarations) bound(ts, d.name, names);
  } else if (
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isImportEqualsDeclaration(statement) ||
    ts.isModuleDeclaration(statement)
  ) {
    const isGlobal = (statement.flags & ts.NodeFlags.GlobalAugmentation) !== 0;
    if (statement.name && ts.isIdentifier(statement.name) && !isGlobal) {
      names.add(statement.name.text);
    }
  } else if (ts.isImportDeclaration(statement)) {
    const clause = statement.importClause;
    if (clause?.name) names.add(clause.name.text);
    if (clause?.namedBindings && ts.isNamespaceImport(clause.namedBindings)) {
      names.add(clause.namedBindings.name.text);
    } else if (clause?.namedBindings) {
      for (const e of (clause.namedBindings as TypeScript.NamedImports).elements)
        names.add(e.name.text);
    }
  } else {
    hoisted(ts, statement, names);
  }
}

/** Names declared by `var` inside blocks and loop heads, which belong to the whole cell. */
function hoisted(ts: typeof TypeScript, node: TypeScript.Node, names: Set<string>): void {
  if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isModuleDeclaration(node)) return;
  if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped)) {
    for (const d of node.declarations) bound(ts, d.name, names);
  }
  ts.forEachChild(node, (child) => hoisted(ts, child, names));
}

function bound(ts: typeof TypeScript, name: TypeScript.BindingName, names: Set<string>): void {
  if (ts.isIdentifier(name)) {
    if (name.text) names.add(name.text);
    return;
  }
  for (const element of name.elements) {
    if (ts.isBindingElement(element)) bound(ts, element.name, names);
  }
}

interface Blank {
  readonly start: number;
  readonly end: number;
  /** Whether what follows is a value, which shall be read as an expression. */
  readonly isValue?: boolean;
}

/** Where the words `export` and `export default` stand, or a whole `export { … }`. */
function exportWords(
  ts: typeof TypeScript,
  statement: TypeScript.Statement,
  file: TypeScript.SourceFile,
): Blank[] {
  if (ts.isExportDeclaration(statement) && !statement.moduleSpecifier) {
    return [{ start: statement.getStart(file), end: statement.end }];
  }
  if (ts.isExportAssignment(statement)) {
    const end = statement.expression.getStart(file);
    return [{ start: statement.getStart(file), end, isValue: true }];
  }
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  const isUnnamed = !(statement as { name?: TypeScript.Node }).name;
  return modifiers
    .filter(
      ({ kind }) => kind === ts.SyntaxKind.ExportKeyword || kind === ts.SyntaxKind.DefaultKeyword,
    )
    .map((word) => ({
      start: word.getStart(file),
      end: word.end,
      isValue: isUnnamed && word.kind === ts.SyntaxKind.DefaultKeyword,
    }));
}

/** White space in the place of a word; `0,` at its end makes an expression of what follows. */
function blank(source: string, { start, end, isValue }: Blank): string {
  const gone = source.slice(start, end).replace(/[^\n]/g, ' ');
  const kept = isValue ? `${gone.slice(0, -2)}0,` : gone;
  return source.slice(0, start) + kept + source.slice(end);
}
