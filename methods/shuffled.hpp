// A control: another method's noise, each on another item than the one it was made for.
#pragma once

#include <memory>
#include <unordered_map>
#include <utility>

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

/// A random order of 0..count-1 in which no number is in its own place: one cycle through all of them
/// (Sattolo, 1986), uniform among such cycles. Throws Error for a count below 2, which has none.
inline std::vector<size_t> derangement(size_t count, uint64_t seed) {
  check(count >= 2 && count <= UINT32_MAX, "noise", "noise cannot be shuffled over ", count, " item(s)");
  std::vector<size_t> order(count);
  for (size_t i = 0; i < count; ++i) order[i] = i;
  Random random(seed, Purpose::shuffle);
  for (size_t i = count - 1; i > 0; --i) std::swap(order[i], order[random.below(static_cast<uint32_t>(i))]);
  return order;
}

/// Gives item i of a fixed list the noise that `inner` makes for item derangement(count, seed)[i] of that
/// list. Every noise is used exactly once, so the set of noises stays what it was. Where the inner noise is
/// class-wise, an item gets another item's pattern, which can by chance be that of its own class.
class Shuffled : public NoiseSource {
 public:
  /// `items` is the whole list to shuffle over; what its `picture`s point to must live as long as this source
  /// if `inner` needs pictures. Throws Error for fewer than two items or a key that comes twice.
  Shuffled(std::shared_ptr<NoiseSource> inner, std::vector<NoiseItem> items, uint64_t seed)
      : inner_(std::move(inner)), items_(std::move(items)), donors_(derangement(items_.size(), seed)) {
    check(inner_ != nullptr, "noise", "there is no method to shuffle");
    for (size_t i = 0; i < items_.size(); ++i)
      check(places_.emplace(items_[i].key, i).second, "noise", "the key \"", items_[i].key, "\" comes twice");
    card_ = inner_->card();
    card_.name = "shuffled_" + card_.name;
    card_.summary = "control: the noises of " + inner_->card().name + ", each on another item";
  }

  const MethodCard& card() const override { return card_; }

  /// Throws Error for an item whose key was not in the list.
  std::vector<Noise> make(std::span<const NoiseItem> items) override {
    std::vector<NoiseItem> donors;
    for (const NoiseItem& item : items) {
      const auto place = places_.find(item.key);
      check(place != places_.end(), "noise", card_.name, ": the item \"", item.key,
            "\" is not in the shuffled list");
      donors.push_back(items_[donors_[place->second]]);
    }
    return inner_->make(donors);
  }

 private:
  std::shared_ptr<NoiseSource> inner_;
  std::vector<NoiseItem> items_;
  std::vector<size_t> donors_;
  std::unordered_map<std::string, size_t> places_;
  MethodCard card_;
};

}  // namespace t2ue
