#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct Layout {
  Shape item;                   // of one row
  int64_t rows;                 // of the table
  std::vector<int32_t> places;  // empty: every place its own row
  int picture;                  // 0: none, 1: u8, 2: f32
  float step;

  int64_t batch() const { return places.empty() ? rows : static_cast<int64_t>(places.size()); }
  Shape of(int64_t count) const {
    Shape shape{count};
    for (int i = 0; i < item.rank(); ++i) shape.push_back(item[i]);
    return shape;
  }
};

constexpr float noise_limit = 8.0f / 255.0f;

/// Noise up to the limit, gradients among which are zeros, and pictures that touch 0 and 1.
struct Memory {
  Memory(const Layout& layout, Device device)
      : table(on_device(random_tensor(layout.of(layout.rows), 1, -noise_limit, noise_limit), DType::f32,
                        device)),
        grad(Tensor::of(gradients(layout), layout.of(layout.batch()), device)) {
    if (!layout.places.empty()) rows = Tensor::of(layout.places, {layout.batch()}, device);
    std::vector<uint8_t> bytes;
    Random random(3, Purpose::test);
    for (int64_t i = 0; i < grad.shape().elements(); ++i) {
      constexpr uint8_t edges[] = {0, 2, 253, 255};
      bytes.push_back(random.below(3) > 0 ? edges[random.below(4)] : static_cast<uint8_t>(random.below(256)));
      pixels.push_back(static_cast<float>(bytes.back()) * (1.0f / 255.0f));
    }
    if (layout.picture == 1) picture = Tensor::of(bytes, grad.shape(), device);
    if (layout.picture == 2) picture = Tensor::of(pixels, grad.shape(), device);
  }
  static std::vector<float> gradients(const Layout& layout) {
    std::vector<float> values = random_values(layout.of(layout.batch()).elements(), 2);
    for (size_t i = 0; i < values.size(); i += 7) values[i] = 0;
    values.back() = std::numeric_limits<float>::quiet_NaN();
    return values;
  }
  Tensor table, grad, rows, picture;
  std::vector<float> pixels;
};

/// What the table is after a step, from the formula in SignStepArgs.
Doubles reference(const Layout& layout, const Memory& memory) {
  const Doubles before = to_doubles(memory.table);
  const std::vector<float> grad = memory.grad.to_vector<float>();
  Doubles after = before;
  const size_t size = at(layout.item.elements());
  for (size_t row = 0; row < at(layout.rows); ++row)
    for (size_t i = 0; i < size; ++i) {
      double sum = 0, count = 0;
      for (size_t b = 0; b < at(layout.batch()); ++b) {
        if ((layout.places.empty() ? static_cast<int32_t>(b) : layout.places[b]) != static_cast<int32_t>(row))
          continue;
        const float g = grad[b * size + i];
        double value = before[row * size + i] + static_cast<double>(layout.step) * ((g > 0) - (g < 0));
        value = std::clamp<double>(value, -noise_limit, noise_limit);
        const double pixel = memory.pixels[b * size + i];
        if (layout.picture) value = std::clamp(value, -pixel, 1 - pixel);
        sum += value, ++count;
      }
      if (count > 0) after[row * size + i] = sum / count;
    }
  return after;
}

class SignStep : public testing::TestWithParam<Layout> {};
TEST_P(SignStep, AgreesWithFloat64AndKeepsItsBoundsAlike) {
  const Layout& layout = GetParam();
  std::vector<float> first;
  for (const Target& target : fp32_targets()) {
    SCOPED_TRACE(target.name);
    Memory memory(layout, target.device);
    const Doubles expected = reference(layout, memory);
    SignStepArgs args{.table = memory.table.view(),
                      .rows = memory.rows ? memory.rows.view() : View{},
                      .grad = memory.grad.view(),
                      .picture = memory.picture ? memory.picture.view() : View{},
                      .step = layout.step,
                      .limit = noise_limit};
    target.backend->kernels.sign_step(args, target.stream());
    expect_near(memory.table.to_vector<float>(), expected, 1e-7, "after one step");
    // Many steps one way: what is bounded shows.
    for (int i = 0; i < 5; ++i) target.backend->kernels.sign_step(args, target.stream());
    const std::vector<float> table = memory.table.to_vector<float>();
    for (const float value : table) ASSERT_LE(std::abs(value), noise_limit);
    if (layout.picture && layout.places.empty())
      for (size_t i = 0; i < table.size(); ++i) {
        const float sum = memory.pixels[i] + table[i];
        ASSERT_TRUE(sum >= 0.0f && sum <= 1.0f) << i << ": " << memory.pixels[i] << " + " << table[i];
      }
    if (first.empty()) first = table;
    EXPECT_EQ(table, first) << "every backend takes the same steps";
  }
}
INSTANTIATE_TEST_SUITE_P(Layouts, SignStep,
                         testing::Values(Layout{{5, 5, 3}, 4, {}, 0, 0.3f * noise_limit},
                                         Layout{{5, 5, 3}, 4, {}, 1, -0.3f * noise_limit},
                                         Layout{{400}, 3, {}, 2, 0.9f * noise_limit},
                                         Layout{{5, 5, 3}, 6, {3, 0, 5, -1}, 1, 0.1f * noise_limit},
                                         Layout{{300}, 3, {2, 0, 2, 2, -1, 0}, 0, -0.2f * noise_limit},
                                         Layout{{3}, 2, {1, 1, 1}, 1, 0.2f * noise_limit}));

class GatherRows : public testing::TestWithParam<Layout> {};
TEST_P(GatherRows, CopiesRowsAndZerosWhatIsPadding) {
  const Layout& layout = GetParam();
  for (const Target& target : fp32_targets()) {
    SCOPED_TRACE(target.name);
    const Memory memory(layout, target.device);
    const Tensor y(memory.grad.shape(), DType::f32, target.device);
    poison(y);
    target.backend->kernels.gather_rows({memory.table.view(), memory.rows.view(), y.view()}, target.stream());
    const std::vector<float> table = memory.table.to_vector<float>(), result = y.to_vector<float>();
    const size_t size = at(layout.item.elements());
    for (size_t b = 0; b < layout.places.size(); ++b)
      for (size_t i = 0; i < size; ++i) {
        const int32_t row = layout.places[b];
        ASSERT_EQ(result[b * size + i], row < 0 ? 0.0f : table[at(row) * size + i]) << b << ' ' << i;
      }
  }
}
INSTANTIATE_TEST_SUITE_P(Layouts, GatherRows,
                         testing::Values(Layout{{5, 5, 3}, 6, {3, 0, 5, -1, 3}, 0, 0},
                                         Layout{{1000}, 2, {1, 0}, 0, 0}, Layout{{1}, 1, {-1, 0}, 0, 0}));

TEST(NoiseRows, AGraphMovesItsInputsNoise) {
  // d/dx of sum(w*x) is w: the noise of rows 2 and 0 goes down along the signs of w, row 1 stays.
  const Tensor table = Tensor::zeros({3, 4}), rows = Tensor::of(std::vector<int32_t>{2, 0}, {2}),
               x({2, 4}, DType::f32), w = Tensor::of(random_values(8, 4), {1, 8});
  for (const Execution execution : {Execution::planned, Execution::eager}) {
    Step step(
        [&](Graph& g) {
          const Var noise = g.input(x, true), all = g.input(table);
          gather_rows_into(all, g.input(rows), noise);
          g.backward(linear(noise.reshape({1, 8}), g.input(w)).reshape({1}));
          sign_step(all, g.input(rows), g.input(g.gradient(noise)), {}, -0.25f, 0.5f);
        },
        {.execution = execution});
    step.run();
  }
  const std::vector<float> noise = table.to_vector<float>(), weights = w.to_vector<float>();
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(noise[8 + i], weights[i] > 0 ? -0.5f : 0.5f);
    EXPECT_EQ(noise[4 + i], 0.0f);
    EXPECT_EQ(noise[i], weights[4 + i] > 0 ? -0.5f : 0.5f);
  }
}

TEST(NoiseRows, WhatDoesNotFitIsRefused) {
  Graph g(cpu_reference_backend());
  const Var table = g.input(Tensor::zeros({3, 4})), rows = g.input(Tensor::zeros({2}, DType::i32)),
            batch = g.input(Tensor::zeros({2, 4})), wide = g.input(Tensor::zeros({2, 5}));
  expect_error([&] { gather_rows(table, {}); }, {"rows"});
  expect_error([&] { gather_rows_into(table, rows, wide); }, {"gather_rows", "[2,5]"});
  expect_error([&] { sign_step(table, rows, wide, {}, 0.1f, 0.1f); }, {"sign_step", "[2,5]"});
  expect_error([&] { sign_step(table, {}, batch, {}, 0.1f, 0.1f); }, {"[3,4]", "[2,4]"});
  expect_error([&] { sign_step(table, rows, batch, wide, 0.1f, 0.1f); }, {"picture", "[2,5]"});
  expect_error([&] { sign_step(table, rows, batch, {}, 0.1f, 8.0f); }, {"pixel units", "8"});
}

}  // namespace
