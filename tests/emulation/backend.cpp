#include <emulation/backend.hpp>

#include <cstring>

#include <emulation/launch.hpp>
#include <emulation/memory.hpp>
#include <t2ue/cuda/launchers.hpp>

namespace t2ue::emulation {

namespace {

using Captured = std::shared_ptr<Capture>;

void* capture(Device, const std::function<void()>& record) {
  begin_capture();
  try {
    record();
  } catch (...) {
    end_capture();
    throw;
  }
  return new Captured(end_capture());
}

void replay(Device, void* captured) {
  for (const Capture::Call& call : (*static_cast<Captured*>(captured))->calls) call.work();
}

Backend make_backend() {
  Backend backend;
  backend.kernels = emulated::kernel_table("emulated");
  backend.allocate = [](Device, size_t bytes) { return allocate(bytes); };
  backend.release = [](Device, void* memory) { release(memory); };
  backend.copy = [](Device, void* to, const void* from, size_t bytes) {
    check(!capturing(), "copy", "copies to or from the host cannot be part of a captured step");
    std::memcpy(to, from, bytes);
  };
  backend.synchronise = [](Device) {};
  backend.stream = [](Device) -> Stream { return nullptr; };
  backend.bf16 = true;
  backend.set_tf32 = [](bool) {};
  backend.capture = capture;
  backend.replay = replay;
  backend.destroy = [](Device, void* captured) { delete static_cast<Captured*>(captured); };
  return backend;
}

}  // namespace

Device device() {
  static const Device device = add_backend(make_backend());
  return device;
}

}  // namespace t2ue::emulation
