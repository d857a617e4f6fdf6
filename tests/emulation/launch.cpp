#include <cstring>
#include <map>
#include <utility>

#include <emulation/device.hpp>
#include <emulation/memory.hpp>

namespace t2ue::emulation {

namespace {
std::shared_ptr<Capture>& being_captured() {
  static std::shared_ptr<Capture> capture;
  return capture;
}
}  // namespace

Settings& settings() {
  static Settings settings;
  return settings;
}

void enqueue(const std::string& name, std::function<void()> work) {
  if (being_captured())
    being_captured()->calls.push_back({name, std::move(work)});
  else
    work();
}

bool capturing() {
  return being_captured() != nullptr;
}

void begin_capture() {
  check(!capturing(), "emulation", "a step is being captured already");
  being_captured() = std::make_shared<Capture>();
}

std::shared_ptr<Capture> end_capture() {
  check(capturing(), "emulation", "no step is being captured");
  return std::exchange(being_captured(), nullptr);
}

void run_launch(const Work& work) {
  static bool turn = false;
  if (live_bytes() > settings().race_check_bytes) {
    turn = !turn;
    run_blocks(work, turn ? Order::ascending : Order::descending);
    check_memory(work.name);
    return;
  }
  static Snapshot before, after;  // kept for their memory
  before.take();
  run_blocks(work, Order::ascending);
  check_memory(work.name);
  after.take();
  before.restore();
  run_blocks(work, Order::descending);
  check_memory(work.name);
  const std::string difference = after.difference();
  check(difference.empty(), work.name, "the order in which threads run decides about ", difference,
        ": a barrier is missing, threads or blocks race, or shared memory is read before it is written");
}

}  // namespace t2ue::emulation

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// Exactly as many bytes as asked for, so that its guard zones are close, and full of NaN at every call.
void* scratch(size_t bytes, Stream, int slot) {
  using emulation::allocate, emulation::release;
  struct Piece {
    std::shared_ptr<void> memory;
    size_t bytes = 0;
  };
  static auto& pieces = *new std::map<int, Piece>;  // never destroyed: the allocator may go before it
  check(slot >= 0 && slot < 4, "scratch", "slots are 0 to 3, got ", slot);
  Piece& piece = pieces[slot];
  if (!piece.memory || piece.bytes != bytes) piece = {std::shared_ptr<void>(allocate(bytes), release), bytes};
  void* memory = piece.memory.get();
  emulation::enqueue("scratch", [memory, bytes] { std::memset(memory, emulation::fresh_byte, bytes); });
  if (emulation::capturing()) emulation::being_captured()->memory.push_back(piece.memory);
  return memory;
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
