// Layers in float64 and plain loops, whose weights are a module's parameters by name: what torchvision's
// definitions of networks are written in, to compare ours with. Statistics are the running ones.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <t2ue/models/module.hpp>
#include <vector>

namespace t2ue::testing_models {

/// [n,h,w,c]; tokens are [n,1,t,c], rows [n,1,1,c].
struct Map {
  int64_t n = 0, h = 0, w = 0, c = 0;
  std::vector<double> values;

  Map(int64_t n_, int64_t h_, int64_t w_, int64_t c_)
      : n(n_), h(h_), w(w_), c(c_), values(static_cast<size_t>(n_ * h_ * w_ * c_), 0.0) {}
  double& at(int64_t i, int64_t y, int64_t x, int64_t k) {
    return values[static_cast<size_t>(((i * h + y) * w + x) * c + k)];
  }
  double at(int64_t i, int64_t y, int64_t x, int64_t k) const {
    return values[static_cast<size_t>(((i * h + y) * w + x) * c + k)];
  }
  /// A map of the same pixels and other channels, filled by f(i, y, x, k).
  template <class F>
  Map with(int64_t channels, F&& f) const {
    Map out(n, h, w, channels);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t y = 0; y < h; ++y)
        for (int64_t x = 0; x < w; ++x)
          for (int64_t k = 0; k < channels; ++k) out.at(i, y, x, k) = f(i, y, x, k);
    return out;
  }
};

inline Map relu(const Map& x) {
  Map out = x;
  for (double& value : out.values) value = std::max(value, 0.0);
  return out;
}
inline Map gelu(const Map& x) {
  Map out = x;
  for (double& value : out.values) value *= 0.5 * (1 + std::erf(value / std::sqrt(2.0)));
  return out;
}
inline Map sum(const Map& a, const Map& b) {
  Map out = a;
  for (size_t i = 0; i < out.values.size(); ++i) out.values[i] += b.values[i];
  return out;
}
inline Map beside(const Map& a, const Map& b) {
  return a.with(a.c + b.c, [&](int64_t i, int64_t y, int64_t x, int64_t k) {
    return k < a.c ? a.at(i, y, x, k) : b.at(i, y, x, k - a.c);
  });
}

/// Max pooling; `cut`: PyTorch's ceil_mode.
inline Map max_pool(const Map& in, int64_t size, int64_t stride, int64_t pad, bool cut = false) {
  const auto extent = [&](int64_t side) {
    const int64_t room = side + 2 * pad - size;
    int64_t windows = (cut ? (room + stride - 1) / stride : room / stride) + 1;
    if (cut && (windows - 1) * stride >= side + pad) --windows;
    return windows;
  };
  Map out(in.n, extent(in.h), extent(in.w), in.c);
  return out.with(in.c, [&](int64_t i, int64_t y, int64_t x, int64_t k) {
    double most = -std::numeric_limits<double>::infinity();
    for (int64_t r = y * stride - pad; r < y * stride - pad + size; ++r)
      for (int64_t s = x * stride - pad; s < x * stride - pad + size; ++s)
        if (r >= 0 && s >= 0 && r < in.h && s < in.w) most = std::max(most, in.at(i, r, s, k));
    return most;
  });
}
/// Means over windows of size x size, side by side.
inline Map average_pool(const Map& in, int64_t height, int64_t width) {
  const Map out(in.n, in.h / height, in.w / width, in.c);
  return out.with(in.c, [&](int64_t i, int64_t y, int64_t x, int64_t k) {
    double total = 0;
    for (int64_t r = 0; r < height; ++r)
      for (int64_t s = 0; s < width; ++s) total += in.at(i, y * height + r, x * width + s, k);
    return total / static_cast<double>(height * width);
  });
}
inline Map mean(const Map& in) {
  return average_pool(in, in.h, in.w);
}
inline Map flat(const Map& in) {
  Map out(in.n, 1, 1, in.h * in.w * in.c);
  out.values = in.values;
  return out;
}

/// The layers, by the names of their parameters.
class PlainLayers {
 public:
  explicit PlainLayers(const ParameterSet& parameters) {
    for (const Parameter* parameter : parameters.all()) {
      const std::vector<float> values = parameter->value.to_vector<float>();
      all_[parameter->name] = {parameter->shape, std::vector<double>(values.begin(), values.end())};
    }
  }

  const std::vector<double>& values(const std::string& name) const { return find(name).values; }

  Map conv(const Map& in, const std::string& name, int64_t stride, int64_t pad) const {
    const Entry& weight = find(name + ".weight");
    const int64_t out = weight.shape[0], size = weight.shape[1];
    EXPECT_EQ(weight.shape[3], in.c) << name;
    const std::vector<double>* bias = all_.contains(name + ".bias") ? &values(name + ".bias") : nullptr;
    const Map shape(in.n, (in.h + 2 * pad - size) / stride + 1, (in.w + 2 * pad - size) / stride + 1, out);
    return shape.with(out, [&](int64_t i, int64_t y, int64_t x, int64_t k) {
      double total = bias ? (*bias)[static_cast<size_t>(k)] : 0;
      for (int64_t r = 0; r < size; ++r)
        for (int64_t s = 0; s < size; ++s) {
          const int64_t row = y * stride + r - pad, column = x * stride + s - pad;
          if (row < 0 || column < 0 || row >= in.h || column >= in.w) continue;
          for (int64_t c = 0; c < in.c; ++c)
            total += in.at(i, row, column, c) *
                     weight.values[static_cast<size_t>(((k * size + r) * size + s) * in.c + c)];
        }
      return total;
    });
  }
  Map norm(const Map& in, const std::string& name, double eps = 1e-5) const {
    const auto of = [&](const char* what) -> const std::vector<double>& { return values(name + what); };
    return in.with(in.c, [&](int64_t i, int64_t y, int64_t x, int64_t k) {
      const auto c = static_cast<size_t>(k);
      return (in.at(i, y, x, k) - of(".running_mean")[c]) / std::sqrt(of(".running_var")[c] + eps) *
                 of(".weight")[c] +
             of(".bias")[c];
    });
  }
  /// `dot` joins name and member: PyTorch's packed attention has an underscore there.
  Map linear(const Map& in, const std::string& name, const std::string& dot = ".") const {
    const Entry& weight = find(name + dot + "weight");
    const std::vector<double>& bias = values(name + dot + "bias");
    EXPECT_EQ(weight.shape[1], in.c) << name;
    return in.with(weight.shape[0], [&](int64_t i, int64_t y, int64_t x, int64_t k) {
      double total = bias[static_cast<size_t>(k)];
      for (int64_t c = 0; c < in.c; ++c)
        total += in.at(i, y, x, c) * weight.values[static_cast<size_t>(k * in.c + c)];
      return total;
    });
  }
  Map layer_norm(const Map& in, const std::string& name, double eps) const {
    const std::vector<double>&scale = values(name + ".weight"), &shift = values(name + ".bias");
    return in.with(in.c, [&](int64_t i, int64_t y, int64_t x, int64_t k) {
      double total = 0, squares = 0;
      for (int64_t c = 0; c < in.c; ++c) total += in.at(i, y, x, c);
      const double middle = total / static_cast<double>(in.c);
      for (int64_t c = 0; c < in.c; ++c) squares += std::pow(in.at(i, y, x, c) - middle, 2);
      const auto at = static_cast<size_t>(k);
      return (in.at(i, y, x, k) - middle) / std::sqrt(squares / static_cast<double>(in.c) + eps) * scale[at] +
             shift[at];
    });
  }
  Map attention(const Map& in, const std::string& name, int64_t heads) const {
    const Map packed = linear(in, name + ".in_proj", "_");
    const int64_t width = in.c / heads;
    const Map mixed = in.with(in.c, [&](int64_t i, int64_t, int64_t token, int64_t k) {
      const int64_t head = k / width;
      double total = 0, weights = 0;
      for (int64_t other = 0; other < in.w; ++other) {
        double score = 0;
        for (int64_t c = head * width; c < (head + 1) * width; ++c)
          score += packed.at(i, 0, token, c) * packed.at(i, 0, other, in.c + c);
        const double weight = std::exp(score / std::sqrt(static_cast<double>(width)));
        weights += weight;
        total += weight * packed.at(i, 0, other, 2 * in.c + k);
      }
      return total / weights;
    });
    return linear(mixed, name + ".out_proj");
  }

 private:
  struct Entry {
    Shape shape;
    std::vector<double> values;
  };
  const Entry& find(const std::string& name) const {
    const auto found = all_.find(name);
    check(found != all_.end(), "plain", "there is no parameter '", name, "'");
    return found->second;
  }
  std::map<std::string, Entry> all_;
};

}  // namespace t2ue::testing_models
