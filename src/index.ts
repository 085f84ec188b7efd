// The public API in the order of the method. What notebooks and users type is listed here and only here.

// data

export { type ArqueroTable, fromArquero, fromDanfo, toArquero, toDanfo } from './data/arquero.js';
export { type BundledName, bundled, bundledNames } from './data/bundled.js';
export { type Conformed, conform } from './data/conform.js';
export { type ParseCsvOptions, parseCsv, writeCsv } from './data/csv.js';
export { type Matrix, ordinalMatrix, toMatrix } from './data/encode.js';
export { dropMissing } from './data/missing.js';
export { type OpenmlOptions, openml } from './data/openml.js';
export { type ReadTableOptions, readTable } from './data/read-table.js';
export { type Cell, fromRecords, type TableRecord, toRecords } from './data/records.js';
export { type Fold, folds, type Split, split } from './data/split.js';
export { type ColumnSummary, summarize, type TableSummary } from './data/summarize.js';
export {
  type CategoricalColumn,
  type Column,
  type ColumnType,
  column,
  concatRows,
  dropColumns,
  isNumeric,
  type NumericColumn,
  selectColumns,
  type Table,
  table,
  takeRows,
  withTarget,
} from './data/table.js';
export { checkTarget } from './data/target.js';
export { withTypes } from './data/with-types.js';

// discovery

export {
  adjustmentSet,
  isAdjustmentSet,
  isBackdoorSet,
  markovBlanket,
} from './discovery/adjustment.js';
export { type BossOptions, type BossResult, boss } from './discovery/boss.js';
export {
  type Agreement,
  adjacencyAgreement,
  arrowheadAgreement,
  structuralHammingDistance,
} from './discovery/compare-graphs.js';
export { dag, type NamedEdge } from './discovery/dag.js';
export { directLingam, type LingamResult } from './discovery/direct-lingam.js';
export {
  type EdgeStrengths,
  type EdgeStrengthsOptions,
  edgeStrengths,
  sampleDag,
  sampleDags,
} from './discovery/edge-strengths.js';
export { cpdagOf, dagExtension } from './discovery/extension.js';
export { type FciOptions, type FciResult, fci } from './discovery/fci.js';
export { type BayesianNetwork, fromBif, toBif } from './discovery/formats/bif.js';
export { type GraphFormat, readGraph, writeGraph } from './discovery/formats/formats.js';
export type { Dag, Graph, GraphType, Mark } from './discovery/graph.js';
export {
  ancestors,
  children,
  descendants,
  edges,
  neighbors,
  parents,
  topologicalOrder,
} from './discovery/graph-queries.js';
export {
  independenceTest,
  type TestChoice,
  type TestFunction,
  type TestName,
} from './discovery/independence/independence.js';
export { kci, type RcitOptions, rcit } from './discovery/independence/kernel.js';
export {
  structuralInterventionBounds,
  structuralInterventionDistance,
} from './discovery/intervention-distance.js';
export { type Knowledge, type KnowledgeOptions, knowledge } from './discovery/knowledge.js';
export { readKnowledge, writeKnowledge } from './discovery/knowledge-file.js';
export { magOfDag, pagOfDag } from './discovery/latent.js';
export { type PcOptions, type PcResult, pc } from './discovery/pc.js';
export { rfci } from './discovery/rfci.js';
export { isSeparated, oracle } from './discovery/separation.js';
export { graphProblems } from './discovery/validity.js';

// scm

export { attributeChange } from './scm/attribute-change.js';
export { averageEffect } from './scm/average-effect.js';
export { counterfactual } from './scm/counterfactual.js';
export { evaluateScm } from './scm/evaluate-scm.js';
export { falsifyGraph } from './scm/falsify.js';
export { emptyDag, limitParents, randomDagLike } from './scm/graph-knobs.js';
export { intervene } from './scm/intervene.js';
export { scmFromJson, scmToJson } from './scm/save-scm.js';
export { drawRows, type FitScmOptions, fitScm, type Scm, sampleScm } from './scm/scm.js';
export { summarizeScm } from './scm/summarize-scm.js';

// augmentation

export { bootstrap } from './augmentation/bootstrap.js';
export {
  type CausalGenerator,
  type CausalOptions,
  causal,
  type FittedCausal,
} from './augmentation/causal.js';
export type { FitGeneratorOptions, FittedGenerator, Generator } from './augmentation/generator.js';
export { mixture } from './augmentation/mixture.js';

// tfm

export { averageClassifiers } from './tfm/average-classifiers.js';
export { calibrate } from './tfm/calibrate.js';
export type { FitOptions, FittedClassifier } from './tfm/classifier.js';
export {
  type FineTuned,
  type FineTuneOptions,
  fineTune,
  fineTuneRegressor,
  type TuningStep,
} from './tfm/fine-tune.js';
export { type FineTuneBagOptions, fineTuneBag, type TunedBag } from './tfm/fine-tune-bag.js';
export { type InputGradients, inputGradients } from './tfm/input-gradients.js';
export { loadClassifier } from './tfm/load-classifier.js';
export { loadRegressor } from './tfm/load-regressor.js';
export { type LoadTfmOptions, loadTfm, type Tfm } from './tfm/load-tfm.js';
export { crossEntropy } from './tfm/losses.js';
export type { Episode, LossGradient } from './tfm/mitra-gradient.js';
export { type Preset, type PresetName, presets } from './tfm/presets.js';
export type { PriorMix, PriorName } from './tfm/pretraining/prior.js';
export { type SyntheticTableOptions, syntheticTable } from './tfm/pretraining/synthetic-rows.js';
export { applyQuantileStep, fitQuantileStep, type QuantileStep } from './tfm/quantile-step.js';
export type { FittedRegressor } from './tfm/regressor.js';

// the method

export {
  type CausalMixFTOptions,
  causalMixFT,
  type History,
  type HistoryStep,
  joinHistories,
  standardFineTuning,
  type TunedClassifier,
  type TunedRegressor,
  type Tuning,
  type TuningData,
  type TuningOptions,
} from './causal-mix-ft.js';

// evaluation

export { type AverageRanks, averageRanks } from './evaluation/average-ranks.js';
export {
  type BootstrapInterval,
  type BootstrapIntervalOptions,
  bootstrapInterval,
} from './evaluation/bootstrap-interval.js';
export { kendall, pearson, spearman } from './evaluation/correlation.js';
export { criticalDifference, rankCliques } from './evaluation/critical-difference.js';
export {
  evaluate,
  higherIsBetter,
  metrics,
  type ProbabilityModel,
  type Scores,
  scores,
} from './evaluation/evaluate.js';
export {
  accuracy,
  brier,
  calibrationError,
  f1,
  f1Minority,
  logLoss,
  type Metric,
  rocAuc,
} from './evaluation/metrics.js';
export {
  evaluateRegressor,
  mae,
  type RegressionScores,
  rmse,
  rSquared,
} from './evaluation/regression.js';
export {
  median,
  normalizedScore,
  quantile,
  type Spread,
  spread,
  type WinsTiesLosses,
  winsTiesLosses,
} from './evaluation/summary.js';
export {
  type ScoredRuns,
  type ValidationTestGap,
  validationTestGap,
} from './evaluation/validation-test-gap.js';
export { holm, type SignedRank, wilcoxonSignedRank } from './evaluation/wilcoxon.js';

// display

export {
  type BundleOptions,
  bundle,
  type Comparison,
  comparison,
  type Display,
  type DisplayHandle,
  display,
  type MimeBundle,
} from './display/index.js';

// running inside something else: progress, Stop, hosts, randomness

export { type Random, stream } from './math/random.js';
export { currentHost, type Host, type ProgressState, setHost } from './work/host.js';
export { type LongWork, longWork } from './work/long-work.js';
