// The method in a benchmark, by the API: pictures that are made up, one small classifier as the victim, and
// the method beside clean pictures and a control. Takes seconds; shows how it is done, measures nothing.
//
//   try_out FOLDER
#include <filesystem>
#include <iostream>

#include <t2ue/t2ue.hpp>

#include "first_letter.hpp"

// 48 pictures of 16 x 16 in two classes, of which the second is brighter.
void write_pictures(const std::filesystem::path& folder, uint64_t seed) {
  t2ue::PairsFolderWriter writer(folder);
  t2ue::Random random(seed, t2ue::Purpose::test);
  for (int i = 0; i < 48; ++i) {
    const std::string word = i % 2 == 0 ? "dog" : "cat", key = folder.filename().string() + std::to_string(i);
    t2ue::Image picture;
    picture.height = picture.width = 16;
    for (int p = 0; p < 16 * 16 * 3; ++p)
      picture.pixels.push_back(static_cast<uint8_t>(80 + 30 * (i % 2) + random.below(60)));
    writer.add({key, key + ".png", {word + " in the rain"}, word}, t2ue::encode_png(picture));
  }
  writer.commit();
}

int main(int argc, char** argv) try {
  t2ue::check(argc == 2, "try_out", "usage: try_out FOLDER");
  t2ue::register_method(first_letter_method());
  const std::filesystem::path folder = argv[1];
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  write_pictures(folder / "train", 1);
  write_pictures(folder / "test", 2);

  // What a plan file in TOML says, as JSON. A class's caption is "a photo of a cat".
  const auto json = nlohmann::json::parse(R"({
    "title": "first_letter, tried out",
    "task": "classes",
    "data": {"train": "train", "test": "test", "validation_share": 0.25, "size": 16},
    "victims": [{"name": "tiny resnet", "model": {"widths": [8], "blocks": [1]},
                 "recipe": {"epochs": 2, "batch": 8}}],
    "methods": [{"method": "clean"},
                {"method": "random_sign", "eps": 8},
                {"method": "first_letter", "eps": [4, 8], "options": {"grid": 2}}]})");
  t2ue::BenchRunner runner(t2ue::bench_plan_from_json(json, t2ue::check_plan_method), folder,
                           folder / "store", {});
  const std::vector<t2ue::CellResult> results = runner.run();
  std::cout << t2ue::write_summary(runner, results, folder);

  for (const t2ue::CellResult& cell : results)
    t2ue::check(cell.done(), "try_out", "a cell failed: ", cell.result.dump());
  t2ue::check(results.size() == 4 && results.back().result.at("measured").at("linf") == 8, "try_out",
              "the last cell's noise is not of 8 steps");
} catch (const t2ue::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
