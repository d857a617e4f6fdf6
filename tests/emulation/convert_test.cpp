// The element-wise helpers of cuda/convert.hpp, in widths that fill whole vectors and in widths that do not.
#include <gtest/gtest.h>

#include <memory>

#include <emulation/device.hpp>
#include <emulation/memory.hpp>
#include <t2ue/core/bf16.hpp>
#include <t2ue/cuda/convert.hpp>

namespace {

using namespace t2ue;
using namespace t2ue::T2UE_CUDA_NAMESPACE;

/// `count` numbers of T in emulated device memory, `skip` elements into an aligned block.
template <class T>
std::shared_ptr<T> on_device(int64_t count, int64_t skip, float first) {
  const std::shared_ptr<void> block(emulation::allocate(static_cast<size_t>(count + skip) * sizeof(T)),
                                    emulation::release);
  T* begin = static_cast<T*>(block.get()) + skip;
  for (int64_t i = 0; i < count; ++i) begin[i] = T(first + static_cast<float>(i % 23) * 1.01f);
  return std::shared_ptr<T>(block, begin);
}

template <class From, class To>
void check_convert(int64_t count, int64_t skip, bool accumulate) {
  SCOPED_TRACE(concat(count, " elements from ", skip, accumulate ? ", accumulating" : ""));
  const auto from = on_device<From>(count, skip, -7.0f);
  const auto to = on_device<To>(count, 0, 3.0f), before = on_device<To>(count, 0, 3.0f);
  convert(from.get(), dtype_of<From>::value, to.get(), dtype_of<To>::value, count, accumulate, nullptr);
  emulation::check_memory("convert");
  for (int64_t i = 0; i < count; ++i) {
    const auto value = static_cast<float>(from.get()[i]), old = static_cast<float>(before.get()[i]);
    ASSERT_EQ(static_cast<float>(to.get()[i]), static_cast<float>(To(accumulate ? old + value : value))) << i;
  }
}

TEST(Convert, RoundsAndAccumulates) {
  for (const int64_t count : {0, 1, 7, 8, 1000, 2051})
    for (const int64_t skip : {0, 1})
      for (const bool accumulate : {false, true}) {
        check_convert<float, bf16>(count, skip, accumulate);
        check_convert<bf16, float>(count, skip, accumulate);
        check_convert<float, float>(count, skip, accumulate);
        check_convert<bf16, bf16>(count, skip, accumulate);
      }
}

template <class T>
void check_add_to_rows(int64_t rows, int64_t columns) {
  SCOPED_TRACE(concat(rows, " x ", columns));
  const auto y = on_device<T>(rows * columns, 0, -4.0f), before = on_device<T>(rows * columns, 0, -4.0f);
  const auto b = on_device<float>(columns, 0, 0.3f);
  add_to_rows(y.get(), dtype_of<T>::value, b.get(), rows, columns, nullptr);
  emulation::check_memory("add_to_rows");
  for (int64_t i = 0; i < rows * columns; ++i)
    ASSERT_EQ(static_cast<float>(y.get()[i]),
              static_cast<float>(T(static_cast<float>(before.get()[i]) + b.get()[i % columns])))
        << i;
}

TEST(AddToRows, AddsTheSameToEveryRow) {
  for (const int64_t rows : {0, 1, 5, 67})
    for (const int64_t columns : {1, 3, 8, 100, 64}) {
      check_add_to_rows<float>(rows, columns);
      check_add_to_rows<bf16>(rows, columns);
    }
}

}  // namespace
