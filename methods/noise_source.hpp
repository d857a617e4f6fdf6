// What every method is to the rest of the library: something that makes noise for items.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/sha256.hpp>
#include <t2ue/data/image.hpp>
#include <t2ue/methods/noise.hpp>

namespace t2ue {

/// One thing to protect. `key` names it for good: its noise depends on the key, never on its place in a list.
struct NoiseItem {
  std::string key;
  std::string caption;             ///< UTF-8; empty if there is none
  std::optional<int> label;        ///< class or caption cluster
  const Image* picture = nullptr;  ///< only read by methods whose card says so; not owned
};

/// What a method needs and promises.
struct MethodCard {
  std::string name;
  bool needs_image = false;
  bool needs_label = false;
  bool needs_text = false;
  std::string norm;       ///< "linf": the norm that `eps` bounds
  float eps = 0;          ///< in pixel units: 8/255 for 8 steps
  std::string surrogate;  ///< what was trained for it and at which cost; "none" if nothing
  std::string summary;    ///< one sentence
};

/// A method. `make` is deterministic: an item's noise depends on the item and on how the source was made, not
/// on the other items of the call.
class NoiseSource {
 public:
  virtual ~NoiseSource() = default;
  virtual const MethodCard& card() const = 0;
  /// One noise an item, in order, each within card().eps. Throws Error naming the key of an item that lacks
  /// what the card needs.
  virtual std::vector<Noise> make(std::span<const NoiseItem> items) = 0;
};

/// A key's number for Random: the first 8 bytes of its SHA-256, big-endian.
inline uint64_t item_number(std::string_view key) {
  return std::stoull(sha256_hex(key).substr(0, 16), nullptr, 16);
}

}  // namespace t2ue
