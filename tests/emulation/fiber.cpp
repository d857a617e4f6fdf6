#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <emulation/fiber.hpp>
#include <emulation/sanitizer.hpp>
#include <t2ue/core/error.hpp>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace t2ue::emulation {

namespace {
constexpr size_t stack_bytes = 256 * 1024;  // reserved, not used: pages are given when touched
size_t page_bytes() {
  static const auto bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}
}  // namespace

#if defined(__x86_64__)

/// Saves what a call must keep on the stack it leaves, and takes it back from the stack it enters.
extern "C" void t2ue_emulation_switch(void** left, void* entered);
asm(R"(
.text
.globl t2ue_emulation_switch
.type t2ue_emulation_switch,@function
t2ue_emulation_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size t2ue_emulation_switch,.-t2ue_emulation_switch
)");

namespace {
void free_place(void*) {}
void* place_at(void* stack, size_t bytes, void (*entry)()) {
  // As if `entry` had been called: a return address below an aligned frame, then six kept registers.
  auto* top = reinterpret_cast<void**>(static_cast<char*>(stack) + bytes - 16);
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(entry);
  for (int kept = 0; kept < 6; ++kept) *--top = nullptr;
  return top;
}
void jump(Context& from, Context& to) {
  t2ue_emulation_switch(&from.place, to.place);
}
}  // namespace

#else

namespace {
void free_place(void* place) {
  delete static_cast<ucontext_t*>(place);
}
void* place_at(void* stack, size_t bytes, void (*entry)()) {
  auto* place = new ucontext_t;
  getcontext(place);
  place->uc_stack.ss_sp = stack;
  place->uc_stack.ss_size = bytes;
  place->uc_link = nullptr;
  makecontext(place, entry, 0);
  return place;
}
void jump(Context& from, Context& to) {
  if (!from.place) from.place = new ucontext_t;
  swapcontext(static_cast<ucontext_t*>(from.place), static_cast<ucontext_t*>(to.place));
}
}  // namespace

#endif

Fiber::Fiber() {
  memory_ = mmap(nullptr, stack_bytes + page_bytes(), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  check(memory_ != MAP_FAILED, "emulation", "no memory for the stack of a thread");
  check(mprotect(memory_, page_bytes(), PROT_NONE) == 0, "emulation", "cannot protect the stack of a thread");
  context_.bottom = static_cast<char*>(memory_) + page_bytes();
  context_.size = stack_bytes;
}

Fiber::~Fiber() {
  free_place(context_.place);
  munmap(memory_, stack_bytes + page_bytes());
}

void Fiber::prepare(void (*entry)()) {
  free_place(context_.place);
  context_.fake_stack = nullptr;
  context_.place = place_at(static_cast<char*>(memory_) + page_bytes(), stack_bytes, entry);
}

void Fiber::abandon() {
  unpoison(context_.bottom, context_.size);
}

void switch_to(Context& from, Context& to) {
  start_switch(&from.fake_stack, to.bottom, to.size);
  jump(from, to);
  finish_switch(from.fake_stack, nullptr, nullptr);
}

void arrived(Context* from) {
  finish_switch(nullptr, from ? &from->bottom : nullptr, from ? &from->size : nullptr);
}

}  // namespace t2ue::emulation
