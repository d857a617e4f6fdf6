#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct ConvSizes {
  int64_t batch, height, width, in, out, rows, columns;
  int stride, pad;
  bool bias;
};
void PrintTo(const ConvSizes& s, std::ostream* out) {
  *out << s.batch << "x" << s.height << "x" << s.width << "x" << s.in << "_to_" << s.out << "_window_"
       << s.rows << "x" << s.columns << "_stride_" << s.stride << "_pad_" << s.pad << (s.bias ? "_bias" : "");
}

Case conv_case(const ConvSizes& s) {
  Case c;
  c.inputs = {{"x", random_tensor({s.batch, s.height, s.width, s.in}, 1)},
              parameter("w", random_tensor({s.out, s.rows, s.columns, s.in}, 2))};
  if (s.bias) c.inputs.push_back(parameter("b", random_tensor({s.out}, 3)));
  const int64_t down = (s.height + 2 * s.pad - s.rows) / s.stride + 1;
  const int64_t across = (s.width + 2 * s.pad - s.columns) / s.stride + 1;
  c.record = [s](Graph&, const Vars& v) {
    return Vars{conv2d(v[0], v[1], s.bias ? v[2] : Var{}, s.stride, s.pad)};
  };
  c.reference = [=](const Arrays& v) {
    Doubles y;
    for (int64_t n = 0; n < s.batch; ++n)
      for (int64_t p = 0; p < down; ++p)
        for (int64_t q = 0; q < across; ++q)
          for (int64_t k = 0; k < s.out; ++k) {
            double sum = s.bias ? v[2][at(k)] : 0;
            for (int64_t r = 0; r < s.rows; ++r)
              for (int64_t t = 0; t < s.columns; ++t) {
                const int64_t h = p * s.stride + r - s.pad, w = q * s.stride + t - s.pad;
                if (h < 0 || w < 0 || h >= s.height || w >= s.width) continue;
                for (int64_t i = 0; i < s.in; ++i)
                  sum += v[0][at(((n * s.height + h) * s.width + w) * s.in + i)] *
                         v[1][at(((k * s.rows + r) * s.columns + t) * s.in + i)];
              }
            y.push_back(sum);
          }
    return Arrays{y};
  };
  c.reduction = std::max({s.rows * s.columns * s.in, s.rows * s.columns * s.out, s.batch * down * across});
  return c;
}

class Conv2dOp : public testing::TestWithParam<ConvSizes> {};
TEST_P(Conv2dOp, AgreesWithFloat64) {
  check_op(conv_case(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, Conv2dOp,
    testing::Values(ConvSizes{3, 10, 10, 8, 8, 1, 1, 2, 0, true}, ConvSizes{1, 1, 1, 1, 1, 1, 1, 1, 0, false},
                    ConvSizes{2, 5, 7, 3, 4, 3, 3, 1, 1, true}, ConvSizes{1, 7, 7, 2, 3, 3, 3, 2, 1, false},
                    ConvSizes{3, 8, 6, 5, 7, 1, 1, 1, 0, true},
                    ConvSizes{2, 8, 9, 4, 3, 1, 1, 2, 0, false},   // a shortcut that skips
                    ConvSizes{2, 8, 12, 3, 5, 4, 4, 4, 0, true},   // patches
                    ConvSizes{3, 4, 4, 2, 3, 2, 2, 2, 0, false},   // patches that share no bias
                    ConvSizes{2, 11, 8, 3, 5, 4, 4, 4, 0, true},   // patches, a rest unused
                    ConvSizes{1, 6, 9, 3, 2, 5, 3, 3, 2, true},    // odd window, stride, pad
                    ConvSizes{1, 2, 3, 2, 3, 7, 7, 2, 3, false},   // window larger than picture
                    ConvSizes{2, 4, 4, 16, 24, 3, 3, 1, 1, true},  // whole vectors
                    ConvSizes{2, 9, 9, 17, 13, 3, 3, 2, 0, false}),
    testing::PrintToStringParamName());

}  // namespace
