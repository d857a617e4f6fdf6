#pragma once

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/eval/retrieval_protocol.hpp>

namespace t2ue {

T2UE_INLINE ProtocolCaptions captions_of_protocol(std::span<const int64_t> caption_begin,
                                                  RetrievalProtocol protocol, CaptionChoice choice,
                                                  uint64_t seed) {
  ProtocolCaptions captions;
  for (size_t i = 0; i + 1 < caption_begin.size(); ++i) {
    int64_t first = caption_begin[i], after = caption_begin[i + 1];
    check(after > first, "retrieval", "picture ", i, " has no caption");
    if (protocol == RetrievalProtocol::one_to_one) {
      if (choice == CaptionChoice::drawn)
        first += Random(seed, Purpose::subset, i).below(static_cast<uint32_t>(after - first));
      after = first + 1;
    }
    for (int64_t row = first; row < after; ++row) {
      captions.rows.push_back(row);
      captions.owner.push_back(static_cast<int64_t>(i));
    }
  }
  return captions;
}

}  // namespace t2ue
