#include <cstring>

#include <emulation/device.hpp>

namespace t2ue::emulation {

namespace {

struct Product {
  float* d;
  const uint32_t *a, *b;
};

/// The lower (0) or upper (1) bf16 of a pair.
float half_of(uint32_t pair, int which) {
  return std::bit_cast<float>(which == 0 ? pair << 16 : pair & 0xffff0000u);
}

void multiply(void* const* lanes) {
  float a[16][16], b[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const auto* part = static_cast<const Product*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int i = 0; i < 4; ++i)
      for (int half = 0; half < 2; ++half)
        a[g + 8 * (i % 2)][2 * t + 8 * (i / 2) + half] = half_of(part->a[i], half);
    for (int i = 0; i < 2; ++i)
      for (int half = 0; half < 2; ++half) b[2 * t + 8 * i + half][g] = half_of(part->b[i], half);
  }
  for (int lane = 0; lane < 32; ++lane) {
    const auto* part = static_cast<const Product*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int i = 0; i < 4; ++i) {
      const int row = g + 8 * (i / 2), column = 2 * t + i % 2;
      float sum = part->d[i];
      for (int k = 0; k < 16; ++k) sum += a[row][k] * b[k][column];
      part->d[i] = sum;
    }
  }
}

struct TileRow {
  const void* row;
  uint32_t* r;
};

template <bool transposed>
void load(void* const* lanes) {
  uint16_t tile[4][8][8];
  for (int lane = 0; lane < 32; ++lane)
    std::memcpy(tile[lane / 8][lane % 8], static_cast<const TileRow*>(lanes[lane])->row, 16);
  for (int lane = 0; lane < 32; ++lane) {
    const int g = lane / 4, t = 2 * (lane % 4);
    for (int i = 0; i < 4; ++i) {
      const uint32_t low = transposed ? tile[i][t][g] : tile[i][g][t];
      const uint32_t high = transposed ? tile[i][t + 1][g] : tile[i][g][t + 1];
      static_cast<const TileRow*>(lanes[lane])->r[i] = low | high << 16;
    }
  }
}

}  // namespace

void multiply_tiles(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Site site) {
  Product mine{d, a, b};
  warp_collective(site, "mma_16x8x16", &mine, multiply);
}

void load_tiles(uint32_t (&r)[4], const void* row, bool transposed, Site site) {
  check_shared_row(row, site);
  TileRow mine{row, r};
  warp_collective(site, transposed ? "load_tiles_transposed" : "load_tiles", &mine,
                  transposed ? load<true> : load<false>);
}

}  // namespace t2ue::emulation
