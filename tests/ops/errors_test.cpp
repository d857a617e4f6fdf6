// Wrong shapes are refused where the op is called, and an op without a kernel says so when it is run.
#include "ops/op_test.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct WrongCall {
  const char* name;
  std::function<void(Graph&)> call;
  std::vector<std::string> parts;  ///< what the message must hold
};
void PrintTo(const WrongCall& wrong, std::ostream* out) {
  *out << wrong.name;
}

Var of(Graph& g, const Shape& shape, DType dtype = DType::f32) {
  return g.input(Tensor::zeros(shape, dtype));
}

const std::vector<WrongCall>& wrong_calls() {
  static const std::vector<WrongCall> calls{
      {"linear_inner",
       [](Graph& g) {
         linear(of(g, {2, 3}), of(g, {4, 5}));
       },
       {"[linear]", "[2,3]", "[4,5]"}},
      {"linear_bias",
       [](Graph& g) {
         linear(of(g, {2, 3}), of(g, {4, 3}), of(g, {5}));
       },
       {"[linear]", "[4]", "[5]"}},
      {"concat_channels_none", [](Graph&) { concat_channels({}); }, {"[concat_channels]", "1..4", "got 0"}},
      {"concat_channels_shapes",
       [](Graph& g) {
         concat_channels({of(g, {1, 5, 3}), of(g, {1, 4, 3})});
       },
       {"[concat_channels]", "[1,5,3]", "[1,4,3]"}},
      {"conv2d_channels",
       [](Graph& g) {
         conv2d(of(g, {1, 5, 5, 3}), of(g, {4, 3, 3, 2}));
       },
       {"[conv2d]", "[1,5,5,3]", "[4,3,3,2]"}},
      {"conv2d_bias",
       [](Graph& g) {
         conv2d(of(g, {1, 5, 5, 3}), of(g, {4, 3, 3, 3}), of(g, {3}));
       },
       {"[conv2d]", "[4]", "[3]"}},
      {"conv2d_window",
       [](Graph& g) {
         conv2d(of(g, {1, 2, 2, 3}), of(g, {4, 3, 3, 3}));
       },
       {"[conv2d]", "[4,3,3,3]", "[1,2,2,3]"}},
      {"conv2d_stride",
       [](Graph& g) {
         conv2d(of(g, {1, 5, 5, 3}), of(g, {4, 3, 3, 3}), {}, 0);
       },
       {"[conv2d]", "0"}},
      {"batch_norm_scale",
       [](Graph& g) {
         const Var c = of(g, {3});
         batch_norm(of(g, {4, 3}), of(g, {2}), c, c, c);
       },
       {"[batch_norm]", "[3]", "[2]"}},
      {"batch_norm_residual",
       [](Graph& g) {
         const Var c = of(g, {3});
         batch_norm(of(g, {4, 3}), c, c, c, c, Activation::none, of(g, {2, 3}));
       },
       {"[batch_norm]", "[2,3]", "[4,3]"}},
      {"batch_norm_activation",
       [](Graph& g) {
         const Var c = of(g, {3});
         batch_norm(of(g, {4, 3}), c, c, c, c, Activation::gelu);
       },
       {"[batch_norm]", "gelu", "relu"}},
      {"layer_norm",
       [](Graph& g) {
         layer_norm(of(g, {2, 3}), of(g, {3}), of(g, {4}));
       },
       {"[layer_norm]", "[3]", "[4]"}},
      {"add_layer_norm",
       [](Graph& g) {
         add_layer_norm(of(g, {2, 3}), of(g, {3, 2}), of(g, {3}), of(g, {3}));
       },
       {"[add_layer_norm]", "[2,3]", "[3,2]"}},
      {"attention_heads",
       [](Graph& g) {
         attention(of(g, {2, 4, 18}), 4, false);
       },
       {"[attention]", "4 heads", "[2,4,18]"}},
      {"embedding_position",
       [](Graph& g) {
         embedding(of(g, {2, 4}, DType::i32), of(g, {9, 3}), of(g, {5, 3}));
       },
       {"[embedding]", "[2,4]", "[9,3]", "[5,3]"}},
      {"embedding_dtype",
       [](Graph& g) {
         embedding(of(g, {2, 4}), of(g, {9, 3}), of(g, {4, 3}));
       },
       {"[embedding]", "i32"}},
      {"prepend_token",
       [](Graph& g) {
         prepend_token(of(g, {2, 4, 3}), of(g, {2}), of(g, {5, 3}));
       },
       {"[prepend_token]", "[2,4,3]", "[2]", "[5,3]"}},
      {"gather_token",
       [](Graph& g) {
         gather_token(of(g, {2, 4, 3}), of(g, {3}, DType::i32));
       },
       {"[gather_token]", "[2,4,3]", "[3]"}},
      {"pool2d_pad",
       [](Graph& g) {
         pool2d(of(g, {1, 4, 4, 1}), Pooling::max, 2, 2, 2);
       },
       {"[pool2d]", "pad 2", "[1,4,4,1]"}},
      {"pool2d_window",
       [](Graph& g) {
         pool2d(of(g, {1, 2, 4, 1}), Pooling::max, 3, 1);
       },
       {"[pool2d]", "3", "[1,2,4,1]"}},
      {"mean_pool",
       [](Graph& g) {
         mean_pool(of(g, {2, 3}));
       },
       {"[mean_pool]", "[2,3]"}},
      {"add",
       [](Graph& g) {
         add(of(g, {2, 3}), of(g, {3, 2}));
       },
       {"[add]", "[2,3]", "[3,2]"}},
      {"residual_scale",
       [](Graph& g) {
         residual_scale(of(g, {1, 2, 2, 3}), of(g, {1, 4, 3, 3}), of(g, {1}), 2);
       },
       {"[residual_scale]", "[1,2,2,3]", "[1,4,3,3]"}},
      {"upsample_sscbn_relu",
       [](Graph& g) {
         upsample_sscbn_relu(of(g, {1, 2, 2, 3}), of(g, {1, 3}), of(g, {1, 3}), of(g, {1, 2, 2, 1}),
                             of(g, {3}), of(g, {3}), 2);
       },
       {"[upsample_sscbn_relu]", "[1,2,2,3]", "[1,2,2,1]", "up 2"}},
      {"mask_sigmoid",
       [](Graph& g) {
         mask_sigmoid(of(g, {1, 2, 2, 3}), 4, 4);
       },
       {"[mask_sigmoid]", "[1,2,2,3]", "4x4"}},
      {"resize",
       [](Graph& g) {
         resize(of(g, {1, 2, 2, 3}), 0, 4, Resampler::area);
       },
       {"[resize]", "0x4"}},
      {"l2_normalize",
       [](Graph& g) {
         l2_normalize(of(g, {2, 3, 4}));
       },
       {"[l2_normalize]", "[2,3,4]"}},
      {"info_nce",
       [](Graph& g) {
         info_nce(of(g, {2, 3}), of(g, {3, 3}), of(g, {1}));
       },
       {"[info_nce]", "[2,3]", "[3,3]"}},
      {"info_nce_empty",
       [](Graph& g) {
         info_nce(of(g, {0, 3}), of(g, {0, 3}), of(g, {1}));
       },
       {"[info_nce]", "[0,3]"}},
      {"cross_entropy",
       [](Graph& g) {
         cross_entropy(of(g, {2, 3}), of(g, {3}, DType::i32));
       },
       {"[cross_entropy]", "[2,3]", "[3]"}},
      {"perturb_shapes",
       [](Graph& g) {
         perturb(of(g, {1, 2, 2, 3}), of(g, {1, 2, 4, 3}));
       },
       {"[perturb]", "[1,2,2,3]", "[1,2,4,3]"}},
      {"perturb_nothing", [](Graph&) { perturb({}, {}); }, {"[perturb]"}},
      {"perturb_eps",
       [](Graph& g) {
         perturb({}, of(g, {1, 2, 2, 3}), {.eps = 8, .norm = {}});
       },
       {"[perturb]", "eps", "8"}},
      {"augment",
       [](Graph& g) {
         augment(of(g, {1, 2, 2, 1}), of(g, {1}, DType::i32), {});
       },
       {"[augment]", "[1,2,2,1]"}},
      {"augment_area",
       [](Graph& g) {
         augment(of(g, {1, 2, 2, 3}), of(g, {1}, DType::i32), {.min_area = 0, .norm = {}});
       },
       {"[augment]", "min_area", "0"}},
      {"augment_contrast",
       [](Graph& g) {
         augment(of(g, {1, 2, 2, 3}), of(g, {1}, DType::i32), {.contrast = -0.5f, .norm = {}});
       },
       {"[augment]", "contrast", "-0.5"}},
      {"augment_grayscale",
       [](Graph& g) {
         augment(of(g, {1, 2, 2, 3}), of(g, {1}, DType::i32), {.grayscale = 1.5f, .norm = {}});
       },
       {"[augment]", "grayscale", "1.5"}},
      {"augment_cutout",
       [](Graph& g) {
         augment(of(g, {1, 2, 2, 3}), of(g, {1}, DType::i32), {.cutout = -4, .norm = {}});
       },
       {"[augment]", "cutout", "-4"}},
      {"mixup_share",
       [](Graph& g) {
         mixup(of(g, {2, 3}), {of(g, {2}), of(g, {1}, DType::i32)});
       },
       {"[mixup]", "share", "[2]"}},
      {"mixup_half",
       [](Graph& g) {
         mixup(of(g, {2, 3}), {of(g, {1}), {}});
       },
       {"[mixup]", "shift"}},
      {"mixup_trained",
       [](Graph& g) {
         mixup(of(g, {2, 3}), {g.input(Tensor::zeros({1}), true), of(g, {1}, DType::i32)});
       },
       {"[mixup]", "gradient"}},
      {"mixup_box",
       [](Graph& g) {
         mixup(of(g, {2, 4, 4, 3}), {of(g, {1}), of(g, {1}, DType::i32), of(g, {3}, DType::i32)});
       },
       {"[mixup]", "box", "[3]"}},
      {"mixup_box_without_pixels",
       [](Graph& g) {
         mixup(of(g, {2, 3}), {of(g, {1}), of(g, {1}, DType::i32), of(g, {4}, DType::i32)});
       },
       {"[mixup]", "[N,H,W,C]"}},
      {"cross_entropy_mixture",
       [](Graph& g) {
         cross_entropy(of(g, {2, 3}), of(g, {2}, DType::i32), {of(g, {1}), of(g, {1})});
       },
       {"[cross_entropy]", "shift i32"}},
      {"reshape",
       [](Graph& g) {
         of(g, {2, 3}).reshape({7});
       },
       {"[reshape]", "[2,3]", "[7]"}},
      {"backward_of_many", [](Graph& g) { g.backward(of(g, {2})); }, {"[backward]", "one element"}},
      {"backward_of_nothing", [](Graph& g) { g.backward(of(g, {1})); }, {"[backward]", "trained"}},
      {"input_without_memory", [](Graph& g) { g.input(Tensor{}); }, {"[input]", "memory"}},
      {"output_of_nothing", [](Graph& g) { g.output(Var{}); }, {"[output]", "absent"}},
  };
  return calls;
}

class WrongShapes : public testing::TestWithParam<WrongCall> {};
TEST_P(WrongShapes, AreNamed) {
  Graph g(cpu_reference_backend());
  expect_error([&] { GetParam().call(g); }, GetParam().parts);
}
INSTANTIATE_TEST_SUITE_P(Ops, WrongShapes, testing::ValuesIn(wrong_calls()),
                         testing::PrintToStringParamName());

TEST(EmptySlot, IsNamedWithTypesAndShapes) {
  Backend backend = cpu_reference_backend();
  backend.kernels.name = "half-filled";
  backend.kernels.embedding = nullptr;
  const auto record = [](Graph& g) {
    g.output(embedding(of(g, {2, 4}, DType::i32), of(g, {9, 3}), of(g, {4, 3})));
  };
  const std::vector<std::string> parts{"[embedding]", "half-filled", "i32[2,4]",
                                       "f32[9,3]",    "f32[4,3]",    "f32[2,4,3]"};
  expect_error([&] { Step(record, backend).run(); }, parts);
  expect_error([&] { Step(record, backend, {.execution = Execution::eager}).run(); }, parts);
}

TEST(EmptySlot, OfAGradientIsNamed) {
  Backend backend = cpu_reference_backend();
  backend.kernels.linear_grad = nullptr;
  const auto record = [](Graph& g) {
    const Var x = g.input(Tensor::zeros({1, 3}), true);
    g.backward(linear(x, of(g, {1, 3})));
    g.gradient(x);
  };
  expect_error([&] { Step(record, backend).run(); }, {"[linear_grad]", "cpu reference", "f32[1,3]"});
}

TEST(Backward, OnceAGraph) {
  Graph g(cpu_reference_backend());
  const Var x = g.input(Tensor::zeros({1}), true);
  const Var loss = activate(x, Activation::tanh);
  g.backward(loss);
  expect_error([&] { g.backward(loss); }, {"[backward]", "once"});
}

TEST(Devices, ThatThisBuildLacksAreNamed) {
  expect_error(
      [] {
        Tensor(Shape{1}, DType::f32, Device{DeviceKind::cuda, 1});
      },
      {"[device]", "cuda:1", "cpu"});
  expect_error([] { parse_device("tpu"); }, {"[device]", "'tpu'", "cuda:N"});
  EXPECT_EQ(parse_device("cuda:3"), (Device{DeviceKind::cuda, 3}));
  EXPECT_EQ(parse_device("cpu"), Device{});
}

}  // namespace
