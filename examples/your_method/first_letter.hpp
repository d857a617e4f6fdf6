// A method of your own: one header. This one marks pictures by the first letter of their caption: signs on a
// coarse grid, one pattern a letter.
#pragma once

#include <t2ue/core/rng.hpp>
#include <t2ue/methods/block_pattern.hpp>
#include <t2ue/noise/budget.hpp>
#include <t2ue/noise/noise_source.hpp>

class FirstLetter final : public t2ue::ItemwiseSource {
 public:
  FirstLetter(int height, int width, int eps_steps) : ItemwiseSource(describe(eps_steps), height, width) {}

 private:
  // What the method needs and promises; it stands beside every result.
  static t2ue::MethodCard describe(int eps_steps) {
    t2ue::MethodCard card = t2ue::training_free_card("first_letter", "one pattern a first letter", false,
                                                     t2ue::linf_budget("first_letter", eps_steps));
    card.needs_text = true;
    return card;
  }

  // The noise of one item: a function of the item alone.
  t2ue::Noise noise_of(const t2ue::NoiseItem& item) const override {
    t2ue::check(!item.caption.empty(), "first_letter", "the item \"", item.key, "\" has no caption");
    constexpr int grid = 4;
    t2ue::Random random(0, t2ue::Purpose::sign_noise, static_cast<unsigned char>(item.caption.front()));
    std::vector<double> cells(grid * grid * 3);
    for (double& cell : cells) cell = random.below(2) != 0 ? 1.0 : -1.0;
    return t2ue::quantise_to({card().norm, card().eps}, t2ue::block_pattern(cells, grid, height(), width()),
                             height(), width());
  }
};
