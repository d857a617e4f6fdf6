#pragma once

#include <t2ue/core/staged_copy.hpp>

namespace t2ue {

T2UE_INLINE StagedCopy::StagedCopy(Tensor target) : target_(std::move(target)) {
  const Backend& backend = backend_of(device());
  if (device().kind == DeviceKind::cpu || bytes() == 0) return;
  if (!backend.allocate_host) {
    plain_.resize(bytes());
    return;
  }
  for (std::shared_ptr<void>& buffer : pinned_)
    buffer = {backend.allocate_host(device(), bytes()),
              [&backend, device = device()](void* memory) { backend.release_host(device, memory); }};
}

T2UE_INLINE void StagedCopy::commit() {
  const Backend& backend = backend_of(device());
  if (pinned_[0])
    backend.copy_later(device(), target_.data(), pinned_[next_].get(), bytes());
  else if (!plain_.empty())
    backend.copy(device(), target_.data(), plain_.data(), bytes());
}

}  // namespace t2ue
