// Captured steps: when a plan is captured, what replays give, and what errors say.
#include <emulation/launch.hpp>

#include "ops/op_test.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct Counts {
  int captures = 0, replays = 0, destroyed = 0, launches = 0;
};
Counts counts;

/// The emulated backend, counting.
Device counting_device() {
  static const Device device = [] {
    Backend backend = backend_of(emulation::device());
    backend.capture = [](Device, const std::function<void()>& record) {
      ++counts.captures;
      return backend_of(emulation::device()).capture({}, record);
    };
    backend.replay = [](Device, void* captured) {
      ++counts.replays;
      backend_of(emulation::device()).replay({}, captured);
    };
    backend.destroy = [](Device, void* captured) {
      ++counts.destroyed;
      backend_of(emulation::device()).destroy({}, captured);
    };
    backend.kernels.add = [](const AddArgs& args, Stream stream) {
      ++counts.launches;
      backend_of(emulation::device()).kernels.add(args, stream);
    };
    return add_backend(backend);
  }();
  counts = {};
  return device;
}

TEST(Capture, HappensAtTheThirdRunAndIsReplayedFromThenOn) {
  const Device device = counting_device();
  Tensor x = Tensor::of(std::vector<float>{1}, {1}, device), y;
  {
    Step step([&](Graph& g) { y = g.output(add(g.input(x), g.input(x))); }, {device});
    for (int run = 1; run <= 5; ++run) {
      x.assign(std::vector<float>{static_cast<float>(run)});
      step.run();
      EXPECT_EQ(y.item(), 2.0f * static_cast<float>(run)) << "what a step reads is read anew";
      EXPECT_EQ(counts.captures, run >= 3 ? 1 : 0);
      EXPECT_EQ(counts.replays, std::max(0, run - 2));
      EXPECT_EQ(counts.launches, std::min(run, 3)) << "replays call no launcher";
    }
    EXPECT_EQ(counts.destroyed, 0);
  }
  EXPECT_EQ(counts.destroyed, 1);
}

TEST(Capture, DoesNotHappenOpByOp) {
  const Device device = counting_device();
  const Tensor x = Tensor::of(std::vector<float>{1}, {1}, {device});
  Step step([&](Graph& g) { g.output(add(g.input(x), g.input(x))); }, {device, Execution::eager});
  for (int run = 0; run < 5; ++run) step.run();
  EXPECT_EQ(counts.captures, 0);
  EXPECT_EQ(counts.launches, 5);
}

TEST(Capture, ErrorsNameTheOp) {
  Backend backend = backend_of(emulation::device());
  backend.kernels.add = [](const AddArgs& args, Stream) {
    // As a kernel that copies something from the host: fine until it is captured.
    backend_of(emulation::device()).copy({}, args.y.data, args.a.data, sizeof(float));
  };
  const Device device = add_backend(backend);
  const Tensor x = Tensor::of(std::vector<float>{1}, {1}, {device});
  Step step([&](Graph& g) { g.output(add(g.input(x), g.input(x))); }, {device});
  step.run();
  step.run();
  expect_error([&] { step.run(); }, {"[add]", "while the step was captured", "copies to or from the host"});
  EXPECT_FALSE(emulation::capturing());
}

}  // namespace
