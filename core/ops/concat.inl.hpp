#pragma once

#include <t2ue/core/ops/concat.hpp>

namespace t2ue {

namespace detail {

T2UE_INLINE Shape with_channels(const Shape& map, int64_t channels) {
  Shape shape;
  for (int i = 0; i + 1 < map.rank(); ++i) shape.push_back(map[i]);
  shape.push_back(channels);
  return shape;
}

}  // namespace detail

T2UE_INLINE Var concat_channels(const std::vector<Var>& parts) {
  constexpr size_t most = ConcatChannelsArgs::most;
  check(!parts.empty() && parts.size() <= most, "concat_channels", "takes 1..", most, " parts, got ",
        parts.size());
  const Shape& first = parts[0].shape();
  check(first.rank() >= 2, "concat_channels", "expected maps [..,C], got ", first);
  int64_t channels = 0;
  for (const Var& part : parts) {
    check(part.shape().rank() == first.rank() && detail::with_channels(part.shape(), first.back()) == first,
          "concat_channels", "the parts must be alike but for their channels, got ", first, " and ",
          part.shape());
    check_types("concat_channels", parts[0], {part});
    channels += part.shape().back();
  }
  Graph& g = parts[0].graph();
  const Var y = g.value(detail::with_channels(first, channels), parts[0].dtype());
  ConcatChannelsArgs args{.parts = {}, .y = y};
  std::copy(parts.begin(), parts.end(), args.parts);
  g.launch(args);
  g.differentiate({y}, parts, [=, &g] {
    ConcatChannelsGradArgs grad{.dy = g.grad_of(y), .parts = {}, .begins = {}};
    int64_t begin = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      grad.parts[i] = g.grad(parts[i]);
      grad.begins[i] = begin;
      begin += parts[i].shape().back();
    }
    g.launch(grad);
  });
  return y;
}

}  // namespace t2ue
