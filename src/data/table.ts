/** What a column holds. Ordinal categories stand in their order. */
export type ColumnType = 'numeric' | 'integer' | 'ordinal' | 'categorical' | 'boolean';

/** A column of numbers. */
export interface NumericColumn {
  readonly name: string;
  readonly type: 'numeric' | 'integer';
  /** One value a row; NaN where it is missing. */
  readonly values: Float64Array;
}

/** A column of named categories. */
export interface CategoricalColumn {
  readonly name: string;
  readonly type: 'ordinal' | 'categorical' | 'boolean';
  /** The categories' names; all of them need not occur. */
  readonly categories: readonly string[];
  /** One index into `categories` a row; −1 where it is missing. */
  readonly codes: Int32Array;
}

export type Column = NumericColumn | CategoricalColumn;

/** Rows of typed columns, one of which may be the target. Plain data: never changed in place. */
export interface Table {
  readonly kind: 'table';
  /** Number of rows. */
  readonly rows: number;
  readonly columns: readonly Column[];
  /** Name of the column to predict. */
  readonly target?: string;
}
