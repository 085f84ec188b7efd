// What is done to one token after the other, a few of them at a time, so that all that lies between stays in
// the cache: the feed-forward block, y = x + W2·gelu(W1·LN(x) + b1) + b2, the way into attention and the way
// out of it. kernels.cc includes this file after matmul.h, once for each width of registers.

// c [rows, columns] (+)= a·b, b in panels of kTileColumns columns, `panel` numbers from each other.
inline void block_product(Factor a, const float* b, int64_t panel, float* c, int64_t c_row,
                          int64_t rows, int64_t columns, int64_t depth, bool onto) {
  for (int64_t column = 0; column < columns; column += kTileColumns, b += panel) {
    const int64_t own = std::min(kTileColumns, columns - column);
    Factor left = a;
    float* out = c + column;
    int64_t row = 0;
    for (; row + kTileRows <= rows; row += kTileRows) {
      tile_rows<kTileRows>(left, b, kTileColumns, out, c_row, depth, own, onto);
      left.at += kTileRows * a.row;
      out += kTileRows * c_row;
    }
    for (; row < rows; row++, left.at += a.row, out += c_row)
      tile_rows<1>(left, b, kTileColumns, out, c_row, depth, own, onto);
  }
}

inline void norm_rows(const float* x, const float* w, const float* b, float* y, int64_t d,
                      int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++) {
    const float* row = x + i * d;
    float* out = y + i * d;
    float mean, scale;
    mean_and_scale(row, d, &mean, &scale);
    int64_t j = 0;
    for (; j + kLanes <= d; j += kLanes)
      store(out + j, (load(row + j) - mean) * scale * load(w + j) + load(b + j));
    for (; j < d; j++) out[j] = (row[j] - mean) * scale * w[j] + b[j];
  }
}

inline void with_bias_rows(const float* x, const float* b, float* y, int64_t d, int64_t from,
                          int64_t to) {
  for (int64_t i = from; i < to; i++) {
    const float* row = x + i * d;
    float* out = y + i * d;
    int64_t j = 0;
    for (; j + kLanes <= d; j += kLanes) store(out + j, load(row + j) + load(b + j));
    for (; j < d; j++) out[j] = row[j] + b[j];
  }
}

// Items are blocks of kBlockTokens tokens.
inline void feed_forward_items(const FeedForward& f, int64_t from, int64_t to) {
  const int64_t d = f.d, part = kTileColumns;
  std::vector<float> normed(kBlockTokens * d), hidden(kBlockTokens * part);
  for (int64_t item = from; item < to; item++) {
    const int64_t first = item * kBlockTokens;
    const int64_t tokens = std::min(kBlockTokens, f.tokens - first);
    const float* x = f.x + first * d;
    float* y = f.y + first * d;
    norm_rows(x, f.norm_weight, f.norm_bias, normed.data(), d, 0, tokens);
    with_bias_rows(x, f.down_bias, y, d, 0, tokens);
    for (int64_t k = 0; k < f.h; k += part) {
      const int64_t columns = std::min(part, f.h - k);
      block_product({normed.data(), d, 1}, f.up + k * d, 0, hidden.data(), part, tokens, columns, d,
                    false);
      for (int64_t i = 0; i < tokens; i++) {
        float* row = hidden.data() + i * part;
        gelu_rows(row, f.up_bias + k, row, columns, 0, 1);
      }
      block_product({hidden.data(), part, 1}, f.down + k * part, f.h * part, y, d, tokens, d, columns,
                    true);
    }
  }
}

// Items are blocks of kBlockTokens tokens; what comes out is [B, h, n, e].
inline void norm_heads_items(const NormHeads& f, int64_t from, int64_t to) {
  const int64_t d = f.d, e = d / f.heads;
  std::vector<float> normed(kBlockTokens * d), mapped(kBlockTokens * d);
  for (int64_t item = from; item < to; item++) {
    const int64_t first = item * kBlockTokens;
    const int64_t tokens = std::min(kBlockTokens, f.tokens - first);
    norm_rows(f.x + first * d, f.norm_weight, f.norm_bias, normed.data(), d, 0, tokens);
    block_product({normed.data(), d, 1}, f.map, d * kTileColumns, mapped.data(), d, tokens, d, d,
                  false);
    for (int64_t i = 0; i < tokens; i++) {
      const int64_t batch = (first + i) / f.n, row = (first + i) % f.n;
      for (int64_t k = 0; k < f.heads; k++) {
        float* out = f.y + ((batch * f.heads + k) * f.n + row) * e;
        biased_head(mapped.data() + i * d + k * e, f.bias + k * e, out, e, f.factor);
      }
    }
  }
}

// Items are blocks of kBlockTokens tokens.
inline void linear_into_items(const LinearInto& f, int64_t from, int64_t to) {
  for (int64_t item = from; item < to; item++) {
    const int64_t first = item * kBlockTokens;
    const int64_t tokens = std::min(kBlockTokens, f.tokens - first);
    float* y = f.y + first * f.d;
    with_bias_rows(f.residual + first * f.d, f.bias, y, f.d, 0, tokens);
    block_product({f.x + first * f.depth, f.depth, 1}, f.map, f.depth * kTileColumns, y, f.d, tokens,
                  f.d, f.depth, true);
  }
}
