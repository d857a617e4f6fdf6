// Filling tensors from the host, on a device whose copies out of page-locked memory run late.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <errors.hpp>

#include <t2ue/core/staged_copy.hpp>
#include <t2ue/training/batch.hpp>

namespace {

using namespace t2ue;
using testing_errors::expect_error;

/// A backend on the CPU that keeps queued copies until somebody waits for their block, or for all.
struct Late {
  struct Copy {
    void* to;
    const void* block;
    size_t bytes;
  };
  static inline std::vector<Copy> queued;
  static inline int blocks = 0, waits = 0;

  static void run(const void* block) {
    // A queue: what was queued before has run as well.
    size_t last = queued.size();
    while (last > 0 && block && queued[last - 1].block != block) --last;
    for (size_t i = 0; i < last; ++i) std::memcpy(queued[i].to, queued[i].block, queued[i].bytes);
    queued.erase(queued.begin(), queued.begin() + static_cast<ptrdiff_t>(last));
  }

  static Device device() {
    static const Device late = [] {
      Backend backend = cpu_reference_backend();
      backend.allocate_host = [](Device, size_t bytes) {
        ++blocks;
        return std::malloc(bytes);
      };
      backend.release_host = [](Device, void* block) {
        run(block);
        --blocks;
        std::free(block);
      };
      backend.copy_later = [](Device, void* to, const void* block, size_t bytes) {
        queued.push_back({to, block, bytes});
      };
      backend.wait_host = [](Device, const void* block) {
        ++waits;
        run(block);
      };
      backend.copy = [](Device, void* to, const void* from, size_t bytes) {
        run(nullptr);
        std::memcpy(to, from, bytes);
      };
      return add_backend(backend);
    }();
    return late;
  }
};

std::vector<int32_t> filled(int32_t value) {
  return std::vector<int32_t>(8, value);
}

TEST(StagedCopy, OneCopyMayBeUnderWayWhileTheNextIsPrepared) {
  const Tensor tensor = Tensor::zeros({8}, DType::i32, Late::device());
  {
    StagedCopy staged(tensor);
    EXPECT_EQ(Late::blocks, 2);
    staged.assign(std::span<const int32_t>(filled(1)));
    const std::span<int32_t> second = staged.begin<int32_t>();
    EXPECT_EQ(Late::queued.size(), 1u) << "the first copy need not have run";
    std::fill(second.begin(), second.end(), 2);
    Late::run(nullptr);
    EXPECT_EQ(tensor.to_vector<int32_t>(), filled(1)) << "preparing the second touched the first";
    staged.commit();
    const std::span<int32_t> third = staged.begin<int32_t>();  // the block of the first copy, which is done
    EXPECT_EQ(Late::queued.size(), 1u);
    std::fill(third.begin(), third.end(), 3);
    EXPECT_EQ(tensor.to_vector<int32_t>(), filled(2));
    staged.commit();
  }
  EXPECT_EQ(Late::blocks, 0);
  EXPECT_EQ(tensor.to_vector<int32_t>(), filled(3)) << "a block was released before its copy had run";
}

TEST(StagedCopy, ABlockIsNotWrittenBeforeItsCopyHasRun) {
  const Tensor tensor = Tensor::zeros({8}, DType::i32, Late::device());
  StagedCopy staged(tensor);
  staged.assign(std::span<const int32_t>(filled(1)));
  staged.assign(std::span<const int32_t>(filled(2)));
  EXPECT_EQ(Late::queued.size(), 2u);
  const int before = Late::waits;
  const std::span<int32_t> third = staged.begin<int32_t>();
  EXPECT_EQ(Late::waits, before + 1);
  EXPECT_EQ(Late::queued.size(), 1u);
  std::fill(third.begin(), third.end(), 3);
  EXPECT_EQ(tensor.to_vector<int32_t>(), filled(2));
}

TEST(StagedCopy, OnTheCpuTheTensorItselfIsFilled) {
  const Tensor tensor = Tensor::zeros({8}, DType::i32);
  StagedCopy staged(tensor);
  EXPECT_EQ(static_cast<void*>(staged.begin<int32_t>().data()), tensor.data());
  staged.assign(std::span<const int32_t>(filled(4)));
  EXPECT_EQ(tensor.to_vector<int32_t>(), filled(4));
}

TEST(StagedCopy, WithoutPageLockedMemoryItIsAnOrdinaryCopy) {
  const Device plain = add_backend(cpu_reference_backend());
  const Tensor tensor = Tensor::zeros({8}, DType::i32, plain);
  StagedCopy staged(tensor);
  const std::span<int32_t> values = staged.begin<int32_t>();
  EXPECT_NE(static_cast<void*>(values.data()), tensor.data());
  std::fill(values.begin(), values.end(), 5);
  EXPECT_EQ(tensor.to_vector<int32_t>(), filled(0));
  staged.commit();
  EXPECT_EQ(tensor.to_vector<int32_t>(), filled(5));
}

TEST(StagedCopy, WrongTypesAndCountsAreErrors) {
  StagedCopy staged(Tensor::zeros({8}, DType::i32));
  expect_error([&] { staged.begin<float>(); }, {"i32", "f32"});
  const std::vector<int32_t> few(7);
  expect_error([&] { staged.assign(std::span<const int32_t>(few)); }, {"expected 8", "got 7"});
}

TEST(StagedCopy, BatchesAreTheSameThroughEveryDevice) {
  PairDataset data;
  data.size = 2;
  data.context_length = 3;
  for (int i = 0; i < 5; ++i) {
    data.keys.push_back(concat("k", i));
    data.labels.push_back(i);
    data.captions.push_back("x");
    data.caption_begin.push_back(i + 1);
    data.end.push_back(i % 3);
    for (int token = 0; token < 3; ++token) data.ids.push_back(10 * i + token);
    for (int byte = 0; byte < 12; ++byte) data.pixels.push_back(static_cast<uint8_t>(20 * i + byte));
  }
  Batch here(4, 2, 3, {}), late(4, 2, 3, Late::device());
  const std::vector<std::vector<int64_t>> batches = {{4, 0, 2, 1}, {3}, {1, 2}};
  for (size_t step = 0; step < batches.size(); ++step) {
    for (Batch* batch : {&here, &late}) {
      batch->fill(data, batches[step], 0, static_cast<int64_t>(step));
      batch->draw_mixture(1.0f, 7, static_cast<int64_t>(step));
    }
    EXPECT_EQ(late.images.to_vector<uint8_t>(), here.images.to_vector<uint8_t>());
    EXPECT_EQ(late.ids.to_vector<int32_t>(), here.ids.to_vector<int32_t>());
    EXPECT_EQ(late.end.to_vector<int32_t>(), here.end.to_vector<int32_t>());
    EXPECT_EQ(late.labels.to_vector<int32_t>(), here.labels.to_vector<int32_t>());
    EXPECT_EQ(late.counter.to_vector<int32_t>(), here.counter.to_vector<int32_t>());
    EXPECT_EQ(late.share.to_vector<float>(), here.share.to_vector<float>());
    EXPECT_EQ(late.shift.to_vector<int32_t>(), here.shift.to_vector<int32_t>());
  }
  // Short lists are filled up with the last item.
  EXPECT_EQ(here.labels.to_vector<int32_t>(), (std::vector<int32_t>{1, 2, 2, 2}));
  EXPECT_EQ(here.ids.to_vector<int32_t>(),
            (std::vector<int32_t>{10, 11, 12, 20, 21, 22, 20, 21, 22, 20, 21, 22}));
}

}  // namespace
