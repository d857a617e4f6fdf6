// A method of your own: one header. This one marks pictures by the first letter of their caption: signs on a
// coarse grid, one pattern a letter.
#pragma once

#include <t2ue/core/rng.hpp>
#include <t2ue/methods/block_pattern.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/noise/budget.hpp>

class FirstLetter final : public t2ue::ItemwiseSource {
 public:
  // What can be set: by `--options` of `t2ue noise`, and by a plan of `t2ue bench`. Of a method that has
  // `eps_steps` and `seed`, a plan's budgets and seeds become these two.
  struct Options {
    int eps_steps = 8, grid = 4;
    uint64_t seed = 0;
    void fields(t2ue::FieldList& f) {
      f("eps_steps", eps_steps, t2ue::in_range(1, t2ue::max_eps_steps), "largest change in steps of 1/255");
      f("grid", grid, t2ue::in_range(1, t2ue::max_grid), "blocks a side");
      f("seed", seed, "another seed, other patterns");
    }
  };

  // What the method needs and promises; it stands beside every result.
  static t2ue::MethodCard describe(int eps_steps) {
    t2ue::MethodCard card = t2ue::training_free_card("first_letter", "one pattern a first letter", false,
                                                     t2ue::linf_budget("first_letter", eps_steps));
    card.needs_text = true;
    return card;
  }

  FirstLetter(int height, int width, const Options& options)
      : ItemwiseSource(describe(options.eps_steps), height, width), options_(options) {}

 private:
  // The noise of one item: a function of the item alone.
  t2ue::Noise noise_of(const t2ue::NoiseItem& item) const override {
    t2ue::check(!item.caption.empty(), "first_letter", "the item \"", item.key, "\" has no caption");
    const int grid = options_.grid;
    t2ue::Random random(options_.seed, t2ue::Purpose::sign_noise,
                        static_cast<unsigned char>(item.caption.front()));
    std::vector<double> cells(static_cast<size_t>(grid * grid * 3));
    for (double& cell : cells) cell = random.below(2) != 0 ? 1.0 : -1.0;
    return t2ue::quantise_to({card().norm, card().eps}, t2ue::block_pattern(cells, grid, height(), width()),
                             height(), width());
  }

  Options options_;
};

// The entry: by it the library, the commands and the benchmark know the method.
inline t2ue::MethodEntry first_letter_method() {
  return t2ue::method_entry<FirstLetter::Options>(
      FirstLetter::describe(8), {},
      [](const FirstLetter::Options& options, const t2ue::MethodRequest& request) {
        return t2ue::noise_method<FirstLetter>(request.facts.height, request.facts.width, options);
      });
}
