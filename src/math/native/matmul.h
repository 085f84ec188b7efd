// Matrix products for small matrices of weights, c = a·b with a [M, K] or its transposed and b [K, N].
// kernels.cc includes this file after loops.h, once for each width of registers.

// R rows by G·16 columns; b and c are row-major, `rest` columns of the last group are stored. With `onto`
// the sums are added to what c holds.
template <int R, int G>
inline void tile(Factor a, const float* b, int64_t b_row, float* c, int64_t c_row, int64_t depth,
                 int64_t rest, bool onto) {
  Floats sums[R][G] = {};
  for (int64_t k = 0; k < depth; k++) {
    Floats x[G];
    for (int g = 0; g < G; g++) x[g] = load(b + k * b_row + g * kLanes);
    const float* column = a.at + k * a.column;
    for (int r = 0; r < R; r++)
      for (int g = 0; g < G; g++) sums[r][g] += column[r * a.row] * x[g];
  }
  // Unrolled, as sums that are found by a running number would have to lie in memory.
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
    float* out = c + r * c_row;
#pragma GCC unroll 8
    for (int g = 0; g < G - 1; g++)
      store(out + g * kLanes, onto ? sums[r][g] + load(out + g * kLanes) : sums[r][g]);
    out += (G - 1) * kLanes;
    const Floats last = sums[r][G - 1];
    if (rest == kLanes) store(out, onto ? last + load(out) : last);
    else store_some(out, onto ? last + load_some(out, rest, 0) : last, rest);
  }
}

template <int R>
inline void tile_rows(Factor a, const float* b, int64_t b_row, float* c, int64_t c_row,
                      int64_t depth, int64_t columns, bool onto) {
  const int64_t groups = (columns + kLanes - 1) / kLanes;
  const int64_t rest = columns - (groups - 1) * kLanes;
  if (groups == 4) tile<R, 4>(a, b, b_row, c, c_row, depth, rest, onto);
  else if (groups == 3) tile<R, 3>(a, b, b_row, c, c_row, depth, rest, onto);
  else if (groups == 2) tile<R, 2>(a, b, b_row, c, c_row, depth, rest, onto);
  else tile<R, 1>(a, b, b_row, c, c_row, depth, rest, onto);
}

// Items are tiles, row of tiles after row of tiles. Rows of b have at least N rounded up to 16 numbers.
// Deep products are made in parts: what is read stays in the cache, and sums of many small numbers
// lose less.
inline void matmul_items(Factor a, const float* b, int64_t b_row, float* c, int64_t m, int64_t n,
                         int64_t depth, int64_t from, int64_t to) {
  const int64_t across = (n + kTileColumns - 1) / kTileColumns, part = 512;
  for (int64_t at = 0; at < depth; at += part) {
    const int64_t own_depth = std::min(part, depth - at);
    for (int64_t item = from; item < to; item++) {
      const int64_t row = item / across * kTileRows, column = item % across * kTileColumns;
      const int64_t columns = std::min<int64_t>(kTileColumns, n - column);
      const float* own_b = b + at * b_row + column;
      Factor own = {a.at + row * a.row + at * a.column, a.row, a.column};
      float* out = c + row * n + column;
      if (m - row >= kTileRows) {
        tile_rows<kTileRows>(own, own_b, b_row, out, n, own_depth, columns, at > 0);
        continue;
      }
      for (int64_t r = row; r < m; r++, own.at += a.row, out += n)
        tile_rows<1>(own, own_b, b_row, out, n, own_depth, columns, at > 0);
    }
  }
}
