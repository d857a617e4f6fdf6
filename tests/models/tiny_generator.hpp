// A second architecture, as small as one can be: a linear map from a caption's features, and one from its
// latents, to a small tile. All that it needs is this header and one line where a program starts.
#pragma once

#include <t2ue/models/generators/generator.hpp>
#include <t2ue/models/layers.hpp>

namespace t2ue::testing_generators {

struct LinearTile;

struct LinearTileConfig {
  using Network = LinearTile;
  static constexpr std::string_view architecture = "linear_tile";

  int64_t condition = 6;
  int64_t size = 4;

  Shape latent_shape() const { return {2, 3}; }
  int64_t output_size() const { return size; }
  void fields(FieldList& f) {
    f("condition", condition, in_range(1, 65536), "Width of a caption's text features");
    f("size", size, in_range(1, 64), "Side of the tile");
  }
};

struct LinearTile {
  LinearTileConfig config;
  Linear of_text, of_latents;

  explicit LinearTile(const LinearTileConfig& c)
      : config(c), of_text(c.condition, c.size * c.size * 3), of_latents(6, c.size * c.size * 3) {}

  Var operator()(const Var& text_features, const Var& latents) {
    const DType type = text_features.graph().activation_type();
    const int64_t batch = text_features.shape()[0];
    const Var sum =
        add(of_text(cast(text_features, type)), of_latents(cast(latents, type).reshape({batch, 6})));
    return sum.reshape({batch, config.size, config.size, 3});
  }
  std::vector<Parameter*> output_parameters() {
    return {&of_text.weight, &of_text.bias, &of_latents.weight, &of_latents.bias};
  }
  void visit(auto&& f) { f("of_text", of_text), f("of_latents", of_latents); }
};

}  // namespace t2ue::testing_generators
