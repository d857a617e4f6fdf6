// Retrieval protocols: which captions of a data set take part. Papers often leave this out.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/kinds.hpp>

namespace t2ue {

/// any_hit: every caption of every picture; a picture's rank is that of its best-placed caption, and every
/// caption is a query of its own. one_to_one: one caption a picture.
enum class RetrievalProtocol : uint8_t { any_hit, one_to_one };

/// Which caption stands for a picture in one_to_one: its first, or one drawn by (seed, the picture's place).
enum class CaptionChoice : uint8_t { first, drawn };

namespace detail {
template <>
struct KindNames<RetrievalProtocol> {
  static constexpr std::string_view what = "protocol";
  static constexpr std::array<std::string_view, 2> names = {"any-hit", "one-to-one"};
};
template <>
struct KindNames<CaptionChoice> {
  static constexpr std::string_view what = "caption";
  static constexpr std::array<std::string_view, 2> names = {"first", "drawn"};
};
}  // namespace detail

/// The captions that take part: their rows, ascending, and the picture of each.
struct ProtocolCaptions {
  std::vector<int64_t> rows;
  std::vector<int64_t> owner;
};

/// Chooses among the rows of a data set whose picture i has the captions `caption_begin[i]` to
/// `caption_begin[i + 1]` - 1, as PairDataset keeps them. `choice` and `seed` matter to one_to_one only.
/// Throws Error where a picture has no caption.
ProtocolCaptions captions_of_protocol(std::span<const int64_t> caption_begin, RetrievalProtocol protocol,
                                      CaptionChoice choice = CaptionChoice::first, uint64_t seed = 0);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/retrieval_protocol.inl.hpp>
#endif
