// The method at work: a noise folder made with it, put onto a picture, and its budget checked.
#include <cstdlib>
#include <iostream>

#include <t2ue/t2ue.hpp>

#include "first_letter.hpp"

int main(int argc, char** argv) try {
  t2ue::check(argc == 2, "protect", "usage: protect FOLDER");
  constexpr int size = 48, eps_steps = 8;
  FirstLetter method(size, size, eps_steps);
  const std::vector<t2ue::NoiseItem> items = {{"picture-1", "a red apple", {}, nullptr},
                                              {"picture-2", "two dogs", {}, nullptr},
                                              {"picture-3", "an old tree", {}, nullptr}};
  // Whatever takes a NoiseSource takes yours: here a folder for `t2ue apply`.
  t2ue::NoiseRecipe recipe;
  recipe.method = method.card().name;
  recipe.eps_steps = method.card().max_steps();
  recipe.height = recipe.width = size;
  t2ue::NoiseFolderWriter::Options replace;
  replace.overwrite = true;
  t2ue::NoiseFolderWriter writer(argv[1], recipe, replace);
  const std::vector<t2ue::Noise> noises = method.make(items);
  for (size_t i = 0; i < items.size(); ++i) {
    t2ue::check_budget(method.card(), noises[i]);
    writer.add(items[i].key, items[i].caption, noises[i]);
  }
  writer.commit();

  t2ue::Image picture;
  picture.height = picture.width = size;
  picture.pixels.assign(size_t{size} * size * 3, 128);
  const t2ue::Image safe = t2ue::apply_noise(picture, noises[0], method.card().resampler);
  int largest = 0;
  for (size_t i = 0; i < safe.pixels.size(); ++i)
    largest = std::max(largest, std::abs(safe.pixels[i] - picture.pixels[i]));
  const size_t different = t2ue::distinct_deltas(t2ue::read_noise_manifest(argv[1]));
  std::cout << different << " different noises for " << items.size() << " items, no pixel moved by more than "
            << largest << "/255\n";
  t2ue::check(different == 2 && largest == eps_steps, "protect",
              "two first letters want two noises of 8 steps");
} catch (const t2ue::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
