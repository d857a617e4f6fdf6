// What this library's errors are written by. A program that uses t2ue's headers alone need not define it, and
// a linker that has passed t2ue::compiled by does not look there again, so this library has a copy. The
// definitions are weak: where a program has others, which are the same, those are taken.
#include <t2ue/core/config.hpp>

#undef T2UE_INLINE
#define T2UE_INLINE [[gnu::weak]]
#include <t2ue/core/error.inl.hpp>
#include <t2ue/core/message.inl.hpp>
