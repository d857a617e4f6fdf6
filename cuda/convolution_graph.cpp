#include <t2ue/cuda/convolution_graph.hpp>

namespace t2ue::cuda {

cudnn::Graph convolution_graph(const ConvolutionProblem& problem) {
  using Ids = ConvolutionIds;
  const ConvolutionProblem& p = problem;
  const bool data = p.kind == ConvolutionKind::data_gradient;
  const bool weight = p.kind == ConvolutionKind::weight_gradient;
  const cudnn::TensorFacts x{Ids::x, data ? p.out : p.in, {p.n, p.c, p.h, p.w}, p.x_alignment, false};
  const cudnn::TensorFacts w{
      Ids::weights, weight ? p.out : p.in, {p.k, p.c, p.r, p.s}, p.weight_alignment, false};
  cudnn::TensorFacts y{Ids::y, data || weight ? p.in : p.out, {p.n, p.k, p.p, p.q}, p.y_alignment, false};
  const cudnn::Window window{p.stride, p.pad};
  cudnn::Graph graph;
  switch (p.kind) {
    case ConvolutionKind::forward:
      graph.convolution(x, w, y, window);
      break;
    case ConvolutionKind::forward_bias: {
      cudnn::TensorFacts before = y;
      before.id = Ids::without_bias, before.type = DType::f32, before.alignment = 16;
      before.intermediate = true;
      graph.convolution(x, w, before, window);
      graph.add(before, {Ids::bias, DType::f32, {1, p.k, 1, 1}, p.bias_alignment, false}, y);
      break;
    }
    case ConvolutionKind::data_gradient:
      graph.data_gradient(y, w, x, window);
      break;
    case ConvolutionKind::weight_gradient:
      graph.weight_gradient(x, y, w, window);
      break;
  }
  return graph;
}

std::string text_of(const ConvolutionProblem& p) {
  constexpr const char* names[] = {"conv2d", "conv2d with bias", "conv2d data gradient",
                                   "conv2d weight gradient"};
  return concat(names[static_cast<size_t>(p.kind)], " ", name_of(p.in), " to ", name_of(p.out), ", x [", p.n,
                ",", p.h, ",", p.w, ",", p.c, "], w [", p.k, ",", p.r, ",", p.s, ",", p.c, "], stride ",
                p.stride, ", pad ", p.pad);
}

}  // namespace t2ue::cuda
