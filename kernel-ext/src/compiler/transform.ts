import { importStatements } from './imports.js';
import { declaration, valueNames } from './own-names.js';
import { parameters, scopeName } from './parameters.js';
import type { TypeScript } from './tslab.js';

export interface TransformSetup {
  readonly checker: TypeScript.TypeChecker;
  /** Which cell declares each name of earlier cells that has a value. */
  readonly owners: ReadonlyMap<string, number>;
  /** Receives each cell whose names are used. */
  readonly onScope: (cell: number) => void;
  /** Receives the names with a value that the cell declares. */
  readonly onNames: (names: readonly string[]) => void;
}

type Visit = (node: TypeScript.Node) => TypeScript.Node;

/**
 * Make the transformer that turns a checked cell into the body of an async function:
 * - names of earlier cells become properties of the object of the cell that declared them,
 * - its own names are published through accessors, so that later cells share the variables,
 * - imports become awaited loads, and the value of the last expression is returned,
 * - every `await` passes a point where Stop can end the cell and which knows the cell again.
 */
export function cellTransformer(
  ts: typeof TypeScript,
  setup: TransformSetup,
): TypeScript.TransformerFactory<TypeScript.SourceFile> {
  return (context) => (file) => {
    const f = context.factory;
    const visit = referenceVisitor(ts, setup, context, file);
    const own = valueNames(ts, file, setup.checker);
    setup.onNames(own.map(({ name }) => name));
    const imports: TypeScript.Statement[] = [];
    const body: TypeScript.Statement[] = [];
    for (const statement of file.statements) {
      if (ts.isExportDeclaration(statement)) continue;
      if (ts.isImportDeclaration(statement)) {
        imports.push(...importStatements(ts, f, statement, setup.checker));
      } else {
        const visited = visit(statement);
        if (visited) body.push(visited as TypeScript.Statement);
      }
    }
    returnLast(ts, f, body);
    const declare = own.length > 0 ? [declaration(ts, f, own)] : [];
    return f.updateSourceFile(file, [...declare, ...imports, ...body]);
  };
}

/** Return the value of the last expression, boxed so that a promise is not awaited. */
function returnLast(
  ts: typeof TypeScript,
  f: TypeScript.NodeFactory,
  body: TypeScript.Statement[],
): void {
  const shows = (s: TypeScript.Statement): boolean =>
    !ts.isEmptyStatement(s) && !ts.isInterfaceDeclaration(s) && !ts.isTypeAliasDeclaration(s);
  const index = body.findLastIndex(shows);
  const last = body[index];
  if (!last || !ts.isExpressionStatement(last)) return;
  const box = f.createArrayLiteralExpression([last.expression]);
  body[index] = ts.setOriginalNode(
    ts.setTextRange(f.createReturnStatement(box), last),
    last,
  ) as TypeScript.Statement;
}

/** A visitor that points references to the cells that declared them and marks awaits. */
function referenceVisitor(
  ts: typeof TypeScript,
  setup: TransformSetup,
  context: TypeScript.TransformationContext,
  file: TypeScript.SourceFile,
): Visit {
  const f = context.factory;
  const { owners, checker } = setup;

  /** The cell that owns what an identifier refers to, if an earlier one does. */
  const owner = (id: TypeScript.Identifier, symbol: TypeScript.Symbol | undefined) => {
    const cell = owners.get(id.text);
    if (cell === undefined || !symbol?.declarations) return undefined;
    const earlier = symbol.declarations.some((d) => {
      const from = d.getSourceFile();
      return from !== file && from === (file as unknown as { parent?: unknown }).parent;
    });
    return earlier ? cell : undefined;
  };
  const property = (cell: number, id: TypeScript.Identifier): TypeScript.Expression => {
    setup.onScope(cell);
    const access = f.createPropertyAccessExpression(f.createIdentifier(scopeName(cell)), id.text);
    return ts.setOriginalNode(ts.setTextRange(access, id), id) as TypeScript.Expression;
  };
  const reference = (id: TypeScript.Identifier): TypeScript.Expression | undefined => {
    if (!owners.has(id.text) || !isReference(ts, id)) return undefined;
    const cell = owner(id, checker.getSymbolAtLocation(id));
    return cell === undefined ? undefined : property(cell, id);
  };
  /** A callee without the scope as its `this`. */
  const bare = (callee: TypeScript.Expression): TypeScript.Expression | undefined => {
    const made = ts.isIdentifier(callee) ? reference(callee) : undefined;
    return made && f.createParenthesizedExpression(f.createComma(f.createNumericLiteral(0), made));
  };
  /** `resume(here(), …)`: what runs after an await belongs to the cell that ran before it. */
  const resume = (awaited: TypeScript.Expression): TypeScript.Expression => {
    const here = f.createCallExpression(f.createIdentifier(parameters.here), undefined, []);
    return f.createCallExpression(f.createIdentifier(parameters.resume), undefined, [
      here,
      awaited,
    ]);
  };

  const visit: Visit = (node) => {
    if (ts.isIdentifier(node)) return reference(node) ?? node;
    if (ts.isShorthandPropertyAssignment(node)) {
      const cell = owner(node.name, checker.getShorthandAssignmentValueSymbol(node));
      if (cell !== undefined) {
        const value = property(cell, node.name);
        const fallback = node.objectAssignmentInitializer;
        const whole = fallback
          ? f.createAssignment(value, ts.visitNode(fallback, visit) as TypeScript.Expression)
          : value;
        return f.createPropertyAssignment(node.name.text, whole);
      }
    }
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return node;
    if (ts.isCallExpression(node)) {
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword) {
        const args = ts.visitNodes(
          node.arguments,
          visit,
        ) as TypeScript.NodeArray<TypeScript.Expression>;
        return f.createCallExpression(f.createIdentifier(parameters.load), undefined, args);
      }
      const callee = bare(node.expression);
      if (callee) {
        const args = ts.visitNodes(
          node.arguments,
          visit,
        ) as TypeScript.NodeArray<TypeScript.Expression>;
        return ts.isCallChain(node)
          ? f.updateCallChain(node, callee, node.questionDotToken, undefined, args)
          : f.updateCallExpression(node, callee, undefined, args);
      }
    }
    if (ts.isTaggedTemplateExpression(node)) {
      const tag = bare(node.tag);
      if (tag) {
        const template = ts.visitNode(node.template, visit) as TypeScript.TemplateLiteral;
        return f.updateTaggedTemplateExpression(node, tag, undefined, template);
      }
    }
    if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) {
      return ts.setTextRange(f.createIdentifier(parameters.meta), node);
    }
    const inner = ts.visitEachChild(node, visit, context);
    if (ts.isAwaitExpression(inner)) {
      return ts.setTextRange(resume(inner), node);
    }
    if (ts.isForOfStatement(inner) && inner.awaitModifier) {
      const source = f.createCallExpression(f.createIdentifier(parameters.each), undefined, [
        inner.expression,
      ]);
      return f.updateForOfStatement(
        inner,
        inner.awaitModifier,
        inner.initializer,
        source,
        inner.statement,
      );
    }
    return inner;
  };
  return visit;
}

/** Whether an identifier stands where a variable is read or written, not where a name is given. */
function isReference(ts: typeof TypeScript, id: TypeScript.Identifier): boolean {
  const { parent } = id;
  if (!parent) return false;
  if (ts.isPropertyAccessExpression(parent) || ts.isMetaProperty(parent)) return parent.name !== id;
  if (ts.isQualifiedName(parent)) return false;
  if (ts.isBindingElement(parent)) return parent.initializer === id;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === id;
  if (ts.isShorthandPropertyAssignment(parent)) return parent.objectAssignmentInitializer === id;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false;
  if (ts.isEnumMember(parent) || ts.isParameter(parent) || ts.isVariableDeclaration(parent)) {
    return parent.initializer === id;
  }
  if (ts.isPropertyDeclaration(parent)) return parent.initializer === id;
  if (ts.isClassLike(parent) || ts.isFunctionLike(parent)) {
    return ts.isArrowFunction(parent) && parent.body === id;
  }
  if (ts.isImportEqualsDeclaration(parent) || ts.isModuleDeclaration(parent)) return false;
  return !ts.isEnumDeclaration(parent) && !ts.isTypeElement(parent);
}
