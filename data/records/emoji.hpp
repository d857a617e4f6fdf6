// The demo's data set: two vendors' drawings of the same emoji, with captions, from three npm packages
// (emoji-datasource-google, emoji-datasource-twitter, emojibase-data).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/image/image.hpp>

namespace t2ue {

/// Emojibase's groups by number.
inline constexpr std::array<std::string_view, 10> emoji_groups = {
    "smileys & emotion", "people & body", "component", "animals & nature", "food & drink",
    "travel & places",   "activities",    "objects",   "symbols",          "flags"};
/// The groups that serve as classes: neither components (parts of other emoji) nor flags.
inline constexpr std::array<int, 8> emoji_classes = {0, 1, 3, 4, 5, 6, 7, 8};

/// One emoji that both vendors have drawn.
struct Emoji {
  std::string key;                        ///< its code points as in "1f44b-1f3fb": lower case, without fe0f
  int group = 0;                          ///< index into emoji_groups
  std::string name;                       ///< its English label
  std::string caption;                    ///< the name and the English tags, separated by spaces
  std::filesystem::path google, twitter;  ///< the drawings: PNG, 64 x 64, RGBA
  bool skin_tone = false;                 ///< a variant of another emoji with a skin tone
};

/// Every emoji in emojibase's order, variants with skin tones right behind their emoji, that both vendors
/// have. `node_modules` is the folder into which npm installed the packages. Throws Error if a package is not
/// there, or is not what it should be, or if no emoji matches.
std::vector<Emoji> read_emoji(const std::filesystem::path& node_modules);

/// How a drawing becomes a picture: what natural variation it gets. Colours and opacity are in [0, 1]; each
/// low..high is a uniform draw.
struct RenderRecipe {
  float scale_low = 0.6f, scale_high = 1.0f;  ///< the drawing's side as a share of the picture's, in (0, 1]
  float position = 1.0f;                      ///< 0 in the middle ... 1 anywhere inside
  float opacity_low = 0.35f, opacity_high = 0.75f;  ///< of the drawing: its contrast with the background
  float colour_low = 0.2f, colour_high = 0.8f;      ///< the background's two colours, each channel on its own
  float gradient = 0.0f;                            ///< how much of the second colour the far end gets
  float noise = 0.35f;                              ///< amplitude of the background's low-frequency noise
  int noise_cells = 3;                      ///< random colours a side, interpolated linearly; at least 2
  float saturation = 1.0f;                  ///< of the drawing: 1 its own colours, 0 grey
  float tint_low = 1.0f, tint_high = 1.0f;  ///< the drawing's channels are multiplied by one draw each
  float contrast_low = 1.0f, contrast_high = 1.0f;  ///< of the whole picture, about mid grey
  float brightness = 0.0f;                          ///< the mid grey moves by up to this much

  /// The demo's: grey drawings in a tint, fainter and darker, so that colour alone does not tell them.
  static RenderRecipe tinted() {
    RenderRecipe recipe;
    recipe.opacity_low = 0.7f, recipe.opacity_high = 1.0f;
    recipe.noise = 0.2f;
    recipe.saturation = 0.0f, recipe.tint_low = 0.3f;
    recipe.contrast_low = 0.8f;
    recipe.brightness = 0.15f;
    return recipe;
  }
  /// The drawing filling the picture, on white: no variation.
  static RenderRecipe plain() {
    return {1.0f, 1.0f, 0.0f, 1.0f, 1.0f, 1.0f, 1.0f, 0.0f, 0.0f, 2, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 0.0f};
  }
};

/// A `size` x `size` RGB picture of `drawing` (RGBA or RGB) over a background of two colours in a linear
/// gradient of random direction plus low-frequency noise, by the random numbers of (seed, Purpose::render,
/// item). Throws Error for a recipe out of range.
Image render_drawing(const Image& drawing, int size, uint64_t seed, uint64_t item,
                     const RenderRecipe& recipe = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/emoji.inl.hpp>
#endif
