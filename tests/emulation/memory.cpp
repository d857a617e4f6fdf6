#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include <emulation/memory.hpp>
#include <emulation/sanitizer.hpp>
#include <t2ue/core/error.hpp>

#if T2UE_ASAN
/// Fresh memory of the CPU's is NaN, as without the sanitizer (tests/ops/case.hpp); CUDA, where there is a
/// GPU, maps addresses in the gap that would be protected; leaks are looked for by `make test-sanitize`.
extern "C" const char* __asan_default_options() {
  return "malloc_fill_byte=255:max_malloc_fill_size=1073741824:protect_shadow_gap=0:detect_leaks=0";
}
#endif

namespace t2ue::emulation {

namespace {

constexpr size_t alignment = 256, guard_bytes = 512;

// Never destroyed: the last tensors are released while the process ends.
std::map<char*, size_t>& allocations() {
  static auto& all = *new std::map<char*, size_t>;
  return all;
}
std::string& found_at_release() {
  static auto& what = *new std::string;
  return what;
}
size_t& total() {
  static size_t bytes = 0;
  return bytes;
}

/// Under AddressSanitizer guard zones are poisoned: a write never gets this far.
std::string damage_of([[maybe_unused]] const char* memory, [[maybe_unused]] size_t bytes) {
#if !T2UE_ASAN
  const auto broken = [](const char* from, const char* to) {
    return std::find_if(from, to, [](char c) { return static_cast<uint8_t>(c) != fresh_byte; });
  };
  if (const char* end = memory; broken(end - guard_bytes, end) != end)
    return concat("byte ", broken(end - guard_bytes, end) - memory, " of an allocation of ", bytes, " bytes");
  if (const char* end = memory + bytes + guard_bytes; broken(memory + bytes, end) != end)
    return concat("byte ", broken(memory + bytes, end) - memory, " of an allocation of ", bytes, " bytes");
#endif
  return {};
}

}  // namespace

void* allocate(size_t bytes) {
  const size_t whole = (2 * guard_bytes + bytes + alignment - 1) / alignment * alignment;
  auto* start = static_cast<char*>(std::aligned_alloc(alignment, whole));
  check(start != nullptr, "memory", "the emulated device has no ", bytes, " bytes left");
  std::memset(start, fresh_byte, whole);
  char* memory = start + guard_bytes;
  poison(start, guard_bytes);
  poison(memory + bytes, whole - guard_bytes - bytes);
  allocations()[memory] = bytes;
  total() += bytes;
  return memory;
}

void release(void* memory) {
  if (!memory) return;
  const auto found = allocations().find(static_cast<char*>(memory));
  if (found == allocations().end()) {
    found_at_release() = "memory was released that is not allocated";
    return;
  }
  if (const std::string damage = damage_of(found->first, found->second); !damage.empty())
    found_at_release() = damage + " was written, outside of it";
  char* start = found->first - guard_bytes;
  unpoison(start, (2 * guard_bytes + found->second + alignment - 1) / alignment * alignment);
  total() -= found->second;
  allocations().erase(found);
  std::free(start);
}

void check_memory(const std::string& where) {
  if (!found_at_release().empty()) fail(where, std::exchange(found_at_release(), {}));
  for (const auto& [memory, bytes] : allocations()) {
    const std::string damage = damage_of(memory, bytes);
    if (damage.empty()) continue;
    std::memset(memory - guard_bytes, fresh_byte, guard_bytes);
    std::memset(memory + bytes, fresh_byte, guard_bytes);
    fail(where, damage, " was written, outside of it");
  }
}

size_t live_bytes() {
  return total();
}

void Snapshot::take() {
  parts_.clear();
  contents_.resize(std::max(contents_.size(), total()));
  size_t offset = 0;
  for (const auto& [memory, bytes] : allocations()) {
    if (bytes == 0) continue;
    std::memcpy(contents_.data() + offset, memory, bytes);
    parts_.push_back({memory, bytes, offset});
    offset += bytes;
  }
}

void Snapshot::restore() const {
  for (const Part& part : parts_) std::memcpy(part.memory, contents_.data() + part.offset, part.bytes);
}

std::string Snapshot::difference() const {
  for (const Part& part : parts_) {
    const uint8_t *then = contents_.data() + part.offset, *now = static_cast<const uint8_t*>(part.memory);
    if (std::memcmp(then, now, part.bytes) == 0) continue;
    return concat("byte ", std::mismatch(then, then + part.bytes, now).first - then, " of an allocation of ",
                  part.bytes, " bytes");
  }
  return {};
}

}  // namespace t2ue::emulation
