// Fills a tensor from the host again and again, while the device still works on its previous contents.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/tensor.hpp>

namespace t2ue {

/// What a tensor is filled through. On a device with page-locked memory (Backend::allocate_host) there are
/// two buffers of it in turn: the copy out of one is queued and runs by itself while the other is filled. On
/// the CPU the tensor's own memory is filled. Elsewhere an ordinary buffer is, and copied.
class StagedCopy {
 public:
  explicit StagedCopy(Tensor target);
  StagedCopy(const StagedCopy&) = delete;
  StagedCopy& operator=(const StagedCopy&) = delete;

  /// Where to put the tensor's next contents, all of them. Waits only for the copy before last.
  template <class T>
  std::span<T> begin() {
    check(dtype_of<T>::value == target_.dtype(), "tensor", "holds ", name_of(target_.dtype()),
          ", filled with ", name_of(dtype_of<T>::value));
    const auto count = static_cast<size_t>(target_.shape().elements());
    if (pinned_[0]) {
      next_ = 1 - next_;
      backend_of(device()).wait_host(device(), pinned_[next_].get());
      return {static_cast<T*>(pinned_[next_].get()), count};
    }
    return {static_cast<T*>(plain_.empty() ? target_.data() : plain_.data()), count};
  }

  /// Hands over what begin() gave: launches from now on see it.
  void commit();

  /// begin() and commit() of values that are there already; their number must be that of the tensor.
  template <class T>
  void assign(std::span<const T> values) {
    const std::span<T> place = begin<T>();
    check(values.size() == place.size(), "tensor", "expected ", place.size(), " values, got ", values.size());
    std::copy(values.begin(), values.end(), place.begin());
    commit();
  }

 private:
  Device device() const { return target_.device(); }
  size_t bytes() const { return static_cast<size_t>(target_.shape().elements()) * size_of(target_.dtype()); }

  Tensor target_;
  std::array<std::shared_ptr<void>, 2> pinned_;
  std::vector<uint8_t> plain_;
  size_t next_ = 0;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/staged_copy.inl.hpp>
#endif
