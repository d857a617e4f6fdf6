// The interface of every method: something that makes noise for items.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <t2ue/core/sha256.hpp>
#include <t2ue/data/image/image.hpp>
#include <t2ue/noise/method_card.hpp>
#include <t2ue/noise/noise.hpp>

namespace t2ue {

/// One thing to protect. `key` names it for good: its noise depends on the key, never on its place in a list.
struct NoiseItem {
  std::string key;
  std::string caption;             ///< UTF-8; empty if there is none
  std::optional<int> label;        ///< class or caption cluster
  const Image* picture = nullptr;  ///< only read by methods whose card says so; not owned
};

struct NoiseRecipe;  // noise/manifest.hpp

/// A method. `make` is deterministic: an item's noise depends on the item and on how the source was made, not
/// on the other items of the call.
class NoiseSource {
 public:
  virtual ~NoiseSource() = default;
  virtual const MethodCard& card() const = 0;
  /// One noise an item, in order, each within card().eps. Throws Error naming the key of an item that lacks
  /// what the card needs.
  virtual std::vector<Noise> make(std::span<const NoiseItem> items) = 0;
  /// What the item's noise is a function of: items of one name have one noise. Without more knowledge, all
  /// that the item tells apart from its picture.
  virtual std::string noise_name(const NoiseItem& item) const {
    return concat(item.key.size(), ' ', item.key, item.label.value_or(-1), ' ', item.caption);
  }
  /// Tells the manifest of its noise what neither the card nor the caller knows (recipe_of()).
  virtual void complete(NoiseRecipe&) const {}
};

/// A method that makes each noise by itself: `noise_of` is all that there is to write.
class ItemwiseSource : public NoiseSource {
 public:
  const MethodCard& card() const final { return card_; }
  std::vector<Noise> make(std::span<const NoiseItem> items) final {
    std::vector<Noise> noises;
    noises.reserve(items.size());
    for (const NoiseItem& item : items) noises.push_back(noise_of(item));
    return noises;
  }

 protected:
  /// Noises will be height x width. Throws Error if that is not positive.
  ItemwiseSource(MethodCard card, int height, int width)
      : card_(std::move(card)), height_(height), width_(width) {
    check(height > 0 && width > 0, card_.name, "the size ", height, " x ", width, " is not positive");
  }

  virtual Noise noise_of(const NoiseItem& item) const = 0;

  int height() const { return height_; }
  int width() const { return width_; }
  size_t values() const { return static_cast<size_t>(height_) * static_cast<size_t>(width_) * 3; }

 private:
  MethodCard card_;
  int height_, width_;
};

/// The item's label for a method of this name. Throws Error naming the key if there is none, or if it is not
/// among 0..classes-1 (`classes` 0: any label of at least 0).
inline int class_of(const NoiseItem& item, const std::string& method, int classes = 0) {
  check(item.label.has_value() && *item.label >= 0, method, "the item \"", item.key,
        "\" has no class; give every item a label of at least 0");
  check(classes == 0 || *item.label < classes, method, "the item \"", item.key, "\" is of class ",
        item.label.value_or(0), ", but the method was made for ", classes, " classes");
  return *item.label;
}

/// A key's number for Random: the first 8 bytes of its SHA-256, big-endian.
inline uint64_t item_number(std::string_view key) {
  return std::stoull(sha256_hex(key).substr(0, 16), nullptr, 16);
}

}  // namespace t2ue
