#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <emulation/block.hpp>
#include <emulation/device.hpp>
#include <emulation/fiber.hpp>
#include <emulation/sanitizer.hpp>
#include <t2ue/core/error.hpp>

namespace t2ue::emulation {

namespace {

constexpr int warp_size = 32;
/// An H100's limits: of one block in all, and of arrays of fixed size.
constexpr size_t shared_limit = 227 * 1024, static_limit = 48 * 1024;
constexpr size_t shared_guard = 128;
constexpr uint8_t guard_byte = 0xa5;

/// Where the threads of a block or of a warp meet.
struct Barrier {
  int begin = 0, members = 0, arrived = 0, ended = 0, first = 0;
  Site site = {};
};

struct Copy {
  void* to;
  const void* from;
};

struct Thread {
  Fiber fiber;
  Index3 index;
  const Barrier* waits = nullptr;
  bool ended = false;
  void* argument = nullptr;  // of the collective it waits in
  std::vector<Copy> copies;
};

struct SharedArray {
  const void* key;
  char* memory;
  size_t bytes;
  Site site = {};
};

std::string text(const Index3& i) {
  return concat("(", i.x, ",", i.y, ",", i.z, ")");
}
std::string text(const Site& site) {
  const std::string file = site.file;
  return concat(file.substr(file.rfind('/') + 1), ":", site.line);
}
bool same(const Site& a, const Site& b) {
  return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

class Block {
 public:
  void run(const Work& work, const Index3& block, Order order);
  void wait(Barrier& barrier, Site site, void* argument, void (*together)(void* const*));
  Barrier& whole() { return whole_; }
  Barrier& warp() { return warps_[static_cast<size_t>(current_ / warp_size)]; }
  Thread& thread() { return *threads_[static_cast<size_t>(current_)]; }
  void* shared(const void* key, size_t bytes, Site site);
  void check_row(const void* address, Site site) const;

  /// Not inlined: the parts of its message would lie in the frames of those that call it, and
  /// AddressSanitizer clears a frame at every call.
  template <class... Parts>
  [[noreturn, gnu::noinline, gnu::cold]] void stop(const Parts&... parts) const {
    fail(work_->name, "block ", text(blockIdx), ", thread ", text(threadIdx), ": ", parts...);
  }

 private:
  static void thread_entry();
  void run_thread();
  void bring_together(const Barrier& barrier, void (*together)(void* const*));
  void end_thread();
  int next() const;
  void go_on_with(int thread);
  void check_guards() const;
  std::string where_threads_wait() const;

  const Work* work_ = nullptr;
  std::vector<std::unique_ptr<Thread>> threads_;
  int count_ = 0, running_ = 0, current_ = 0, step_ = 1;
  Barrier whole_;
  std::vector<Barrier> warps_;
  Context outside_;
  bool entered_ = false;
  std::exception_ptr error_;
  std::vector<char> memory_ = std::vector<char>(2 * shared_limit);
  std::vector<SharedArray> arrays_;
  size_t used_ = 0, static_bytes_ = 0;
  uint8_t fill_ = 0xff;
};

Block& the_block() {
  static Block block;
  return block;
}

void Block::run(const Work& work, const Index3& block, Order order) {
  work_ = &work;
  count_ = running_ = static_cast<int>(work.block.x * work.block.y * work.block.z);
  step_ = static_cast<int>(order);
  while (threads_.size() < static_cast<size_t>(count_)) threads_.push_back(std::make_unique<Thread>());
  whole_ = {.members = count_};
  warps_.clear();
  for (int begin = 0; begin < count_; begin += warp_size)
    warps_.push_back({.begin = begin, .members = std::min(warp_size, count_ - begin)});
  for (int i = 0; i < count_; ++i) {
    Thread& thread = *threads_[static_cast<size_t>(i)];
    const auto place = static_cast<unsigned>(i);
    thread.index = {place % work.block.x, place / work.block.x % work.block.y,
                    place / (work.block.x * work.block.y)};
    thread.waits = nullptr;
    thread.ended = false;
    thread.copies.clear();
    thread.fiber.prepare(&Block::thread_entry);
  }
  blockIdx = block;
  blockDim = work.block;
  gridDim = work.grid;
  arrays_.clear();
  used_ = static_bytes_ = 0;
  // Two runs in opposite orders find other things in fresh shared memory: a result that depends on it
  // differs.
  fill_ = order == Order::ascending ? 0xff : 0x7f;
  poison(memory_.data(), memory_.size());
  if (work.shared_bytes > 0) shared(nullptr, work.shared_bytes, {"launch", 0});

  current_ = order == Order::ascending ? 0 : count_ - 1;
  threadIdx = thread().index;
  entered_ = false;
  switch_to(outside_, thread().fiber.context());
  unpoison(memory_.data(), memory_.size());
  if (error_) {
    for (int i = 0; i < count_; ++i) threads_[static_cast<size_t>(i)]->fiber.abandon();
    std::rethrow_exception(std::exchange(error_, nullptr));
  }
  check_guards();
}

/// No frame of its own in AddressSanitizer's books: it is never left in the ordinary way.
T2UE_NO_ASAN void Block::thread_entry() {
  Block& block = the_block();
  arrived(std::exchange(block.entered_, true) ? nullptr : &block.outside_);
  block.run_thread();
  Context gone;
  switch_to(gone, block.running_ == 0 || block.error_ ? block.outside_ : block.thread().fiber.context());
}

void Block::run_thread() {
  try {
    work_->body(work_->argument);
    end_thread();
  } catch (...) {
    error_ = std::current_exception();
  }
}

void Block::end_thread() {
  Thread& me = thread();
  if (!me.copies.empty()) stop("ended with a copy_async that no copies_done waited for");
  me.ended = true;
  for (Barrier* barrier : {&whole_, &warp()}) {
    ++barrier->ended;
    if (barrier->arrived > 0)
      stop("ended while thread ", text(threads_[static_cast<size_t>(barrier->first)]->index), " waits at ",
           text(barrier->site), ": a barrier that only some threads reach");
  }
  if (--running_ == 0) return;
  const int following = next();
  if (following < 0) stop("ended, and no other thread can go on: ", where_threads_wait());
  current_ = following;
  threadIdx = thread().index;
}

int Block::next() const {
  for (int i = current_ + step_, seen = 0; seen < count_; ++seen, i += step_) {
    i = i < 0 ? count_ - 1 : i == count_ ? 0 : i;
    const Thread& candidate = *threads_[static_cast<size_t>(i)];
    if (!candidate.ended && !candidate.waits) return i;
  }
  return -1;
}

void Block::go_on_with(int following) {
  Thread& me = thread();
  const int mine = current_;
  if (following == mine) return;
  current_ = following;
  threadIdx = thread().index;
  switch_to(me.fiber.context(), thread().fiber.context());
}

std::string Block::where_threads_wait() const {
  std::string all;
  const Barrier* last = nullptr;
  for (int i = 0; i < count_; ++i) {
    const Thread& thread = *threads_[static_cast<size_t>(i)];
    if (!thread.waits || thread.waits == last) continue;
    last = thread.waits;
    all += concat(all.empty() ? "" : ", ", "thread ", text(thread.index), " waits at ", text(last->site));
  }
  return all;
}

/// Calls `together` with the arguments of all that met. Apart from wait() for the sake of its frame, as
/// stop() is.
[[gnu::noinline]] void Block::bring_together(const Barrier& barrier, void (*together)(void* const*)) {
  void* arguments[warp_size] = {};
  for (int i = 0; i < barrier.members; ++i)
    arguments[i] = threads_[static_cast<size_t>(barrier.begin + i)]->argument;
  together(arguments);
}

void Block::wait(Barrier& barrier, Site site, void* argument, void (*together)(void* const*)) {
  if (barrier.ended > 0)
    stop("came to ", text(site), ", but ", barrier.ended, " of the ", barrier.members,
         " threads that should meet there have ended");
  if (barrier.arrived == 0) {
    barrier.site = site;
    barrier.first = current_;
  } else if (!same(barrier.site, site)) {
    stop("came to ", text(site), " while thread ", text(threads_[static_cast<size_t>(barrier.first)]->index),
         " waits at ", text(barrier.site), ": a barrier that only some threads reach");
  }
  thread().argument = argument;
  if (++barrier.arrived < barrier.members) {
    thread().waits = &barrier;
  } else {
    barrier.arrived = 0;
    if (together) bring_together(barrier, together);
    for (int i = 0; i < barrier.members; ++i)
      threads_[static_cast<size_t>(barrier.begin + i)]->waits = nullptr;
  }
  const int following = next();
  if (following < 0) stop("no thread can go on: ", where_threads_wait());
  go_on_with(following);
}

void* Block::shared(const void* key, size_t bytes, Site site) {
  for (const SharedArray& array : arrays_)
    if (array.key == key) return array.memory;
  if (key) static_bytes_ += bytes;
  const size_t asked = static_bytes_ + work_->shared_bytes;
  if (static_bytes_ > static_limit || asked > shared_limit)
    stop("asks for ", static_bytes_, " bytes of shared arrays and ", work_->shared_bytes,
         " of dynamic shared memory; a block has ", static_limit, " and, together, ", shared_limit);
  // 16 bytes off a multiple of 32: nothing may count on more than the alignment of 16 that is promised.
  char* start = memory_.data() + used_;
  char* memory =
      reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(start + shared_guard) + 31) / 32 * 32 + 16);
  char* end = memory + bytes + shared_guard;
  used_ = static_cast<size_t>(end - memory_.data());
  if (used_ > memory_.size()) stop("has more shared arrays than the emulation can hold");
  unpoison(start, static_cast<size_t>(end - start));
  std::memset(start, guard_byte, static_cast<size_t>(end - start));
  std::memset(memory, fill_, bytes);
  poison(start, static_cast<size_t>(memory - start));
  poison(memory + bytes, shared_guard);
  arrays_.push_back({key, memory, bytes, site});
  return memory;
}

void Block::check_guards() const {
  // The zone before an array begins where the zone behind the one before it ends.
  const char* zone = memory_.data();
  for (size_t i = 0; i <= arrays_.size(); ++i) {
    const char* end = i < arrays_.size() ? arrays_[i].memory : memory_.data() + used_;
    const char* broken =
        std::find_if(zone, end, [](char c) { return static_cast<uint8_t>(c) != guard_byte; });
    if (broken != end) {
      const SharedArray& array = arrays_[i > 0 ? i - 1 : i];
      fail(work_->name, "block ", text(blockIdx), ": byte ", broken - array.memory, " of ",
           array.key ? "the shared array of " + text(array.site) : "the dynamic shared memory",
           ", which has ", array.bytes, " bytes, was written");
    }
    if (i < arrays_.size()) zone = arrays_[i].memory + arrays_[i].bytes;
  }
}

void Block::check_row(const void* address, Site site) const {
  const auto* row = static_cast<const char*>(address);
  if (reinterpret_cast<uintptr_t>(address) % 16 != 0)
    stop(text(site), " needs an address aligned to 16 bytes");
  for (const SharedArray& array : arrays_)
    if (row >= array.memory && row + 16 <= array.memory + array.bytes) return;
  stop(text(site), " needs 16 bytes within shared memory");
}

}  // namespace

void run_blocks(const Work& work, Order order) {
  const auto& [x, y, z] = work.grid;
  const uint64_t threads = uint64_t{work.block.x} * work.block.y * work.block.z;
  check(threads >= 1 && threads <= 1024 && work.block.z <= 64, work.name,
        "a block has 1 to 1024 threads, got ", work.block.x, "x", work.block.y, "x", work.block.z);
  check(x < (1u << 31) && y < (1u << 16) && z < (1u << 16), work.name, "the grid ", x, "x", y, "x", z,
        " passes CUDA's limit of 2147483647x65535x65535");
  const uint64_t count = uint64_t{x} * y * z;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t place = order == Order::ascending ? i : count - 1 - i;
    the_block().run(work,
                    {static_cast<unsigned>(place % x), static_cast<unsigned>(place / x % y),
                     static_cast<unsigned>(place / x / y)},
                    order);
  }
}

void sync_block(Site site) {
  the_block().wait(the_block().whole(), site, nullptr, nullptr);
}

void sync_warp(Site site) {
  the_block().wait(the_block().warp(), site, nullptr, nullptr);
}

void warp_collective(Site site, const char* what, void* argument, void (*together)(void* const*)) {
  Barrier& warp = the_block().warp();
  if (warp.members != warp_size)
    the_block().stop(text(site), ": ", what, " needs a warp of 32 threads, this one has ", warp.members);
  the_block().wait(warp, site, argument, together);
}

void* shared_array(const void* key, size_t bytes, Site site) {
  return the_block().shared(key, bytes, site);
}

void* dynamic_shared() {
  return the_block().shared(nullptr, 0, {});
}

void start_copy(void* shared, const void* global, Site site) {
  the_block().check_row(shared, site);
  if (reinterpret_cast<uintptr_t>(global) % 16 != 0)
    the_block().stop(text(site), " needs an address aligned to 16 bytes");
  the_block().thread().copies.push_back({shared, global});
}

void finish_copies() {
  for (const Copy& copy : the_block().thread().copies) std::memcpy(copy.to, copy.from, 16);
  the_block().thread().copies.clear();
}

void check_shared_row(const void* address, Site site) {
  the_block().check_row(address, site);
}

}  // namespace t2ue::emulation
