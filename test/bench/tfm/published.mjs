// The size of the published model.

export const published = {
  dim: 512,
  dim_output: 10,
  n_layers: 12,
  n_heads: 4,
  task: 'CLASSIFICATION',
};
