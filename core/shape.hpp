// Shapes: up to five sizes, outermost first.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include <t2ue/core/error.hpp>

namespace t2ue {

/// The sizes of a contiguous tensor. Pictures and feature maps are [N,H,W,C], token sequences [N,T,C].
class Shape {
 public:
  static constexpr int max_rank = 5;

  Shape() = default;
  Shape(std::initializer_list<int64_t> sizes) {
    check(sizes.size() <= max_rank, "shape", "at most ", max_rank, " dimensions, got ", sizes.size());
    for (int64_t size : sizes) push_back(size);
  }

  void push_back(int64_t size) {
    check(size >= 0, "shape", "sizes must not be negative, got ", size);
    check(rank_ < max_rank, "shape", "at most ", max_rank, " dimensions");
    sizes_[static_cast<size_t>(rank_++)] = size;
  }
  int rank() const { return rank_; }
  int64_t operator[](int i) const { return sizes_[static_cast<size_t>(i)]; }
  /// Counted from the end: back(0) is the innermost size.
  int64_t back(int i = 0) const { return sizes_[static_cast<size_t>(rank_ - 1 - i)]; }
  int64_t elements() const {
    int64_t product = 1;
    for (int i = 0; i < rank_; ++i) product *= sizes_[static_cast<size_t>(i)];
    return product;
  }
  /// All elements but the innermost dimension: the number of rows of a matrix [rows, back()].
  int64_t rows() const { return back() == 0 ? 0 : elements() / back(); }
  bool operator==(const Shape& other) const = default;

  std::string text() const {
    std::string out = "[";
    for (int i = 0; i < rank_; ++i) {
      if (i > 0) out += ',';
      out += std::to_string(sizes_[static_cast<size_t>(i)]);
    }
    return out + "]";
  }
  /// On any std::ostream, whose header is not needed here.
  template <class Stream>
  friend Stream& operator<<(Stream& out, const Shape& shape) {
    out << shape.text();
    return out;
  }

 private:
  std::array<int64_t, max_rank> sizes_{};
  int rank_ = 0;
};

}  // namespace t2ue
