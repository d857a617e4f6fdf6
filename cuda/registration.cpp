// Linking t2ue::cuda is all that a program does: this makes its backends those of cuda:0, cuda:1, ... before
// main.
#include <t2ue/core/register_backend.hpp>
#include <t2ue/cuda/backend.hpp>

extern "C" {
/// The build's T2UE_LINKED_BACKEND, which core/backend.inl.hpp refers to: nothing else refers to this file,
/// and of a static library only what is referred to is linked.
extern const bool t2ue_cuda_backend;
const bool t2ue_cuda_backend = [] {
  t2ue::register_backend(t2ue::DeviceKind::cuda, {t2ue::cuda::cuda_backend, t2ue::cuda::why_unusable});
  return true;
}();
}
