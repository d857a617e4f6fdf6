// Noise for a caption, put onto a picture in memory: protect GENERATOR CAPTION
#include <cstdlib>
#include <iostream>

#include <t2ue/noise.hpp>

int main(int argc, char** argv) try {
  t2ue::check(argc == 3, "protect", "usage: protect GENERATOR CAPTION");
  t2ue::T2ueSource source(argv[1]);
  t2ue::NoiseItem item;
  item.key = "picture-1";
  item.caption = argv[2];
  const t2ue::Noise noise = source.make({&item, 1}).front();

  t2ue::Image picture;
  picture.height = 48, picture.width = 64;
  picture.pixels.assign(size_t{48} * 64 * 3, 128);  // yours: rows of RGB bytes
  const t2ue::Image safe = t2ue::apply_noise(picture, noise, source.card().resampler, 32);

  int largest = 0;
  for (size_t i = 0; i < safe.pixels.size(); ++i)
    largest = std::max(largest, std::abs(safe.pixels[i] - picture.pixels[i]));
  std::cout << "no pixel moved by more than " << largest << "/255\n";
  t2ue::check(largest > 0 && largest <= 8, "protect", "the noise is not between 1 and 8 steps");
} catch (const t2ue::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
