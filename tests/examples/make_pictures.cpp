// Pictures for the examples to learn from: make_pictures CLASSES PAIRS
// CLASSES gets one folder a class, PAIRS the same pictures with captions. Each picture is one colour and
// noise.
#include <cstdio>
#include <filesystem>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/text/captions.hpp>

int main(int argc, char** argv) try {
  t2ue::check(argc == 3, "make_pictures", "needs two folders");
  const std::filesystem::path classes = argv[1], pairs = argv[2];
  std::filesystem::remove_all(classes);
  std::filesystem::remove_all(pairs);
  t2ue::PairsFolderWriter writer(pairs);
  const char* names[] = {"red", "green", "blue"};
  constexpr int size = 32, pictures_of_each = 16;
  t2ue::Random random(1, t2ue::Purpose::sign_noise, 0);
  for (int colour = 0; colour < 3; ++colour) {
    std::filesystem::create_directories(classes / names[colour]);
    for (int i = 0; i < pictures_of_each; ++i) {
      t2ue::Image image;
      image.height = image.width = size;
      image.pixels.resize(size_t{size} * size * 3);
      for (size_t p = 0; p < image.pixels.size(); ++p)
        image.pixels[p] =
            static_cast<uint8_t>((p % 3 == static_cast<size_t>(colour) ? 160u : 40u) + random.below(60));
      const std::vector<uint8_t> png = t2ue::encode_png(image);
      t2ue::write_file(classes / names[colour] / t2ue::concat(i, ".png"), png);
      t2ue::Pair pair;
      pair.key = t2ue::concat(names[colour], "-", i);
      pair.picture = pair.key + ".png";
      pair.captions = {t2ue::concat("a picture that is ", names[colour])};
      writer.add(pair, png);
    }
  }
  writer.commit();
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
