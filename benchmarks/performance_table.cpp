// README's table of times beside PyTorch's, from what cpu_vs_pytorch.py or gpu_vs_pytorch.py wrote:
// performance_table RESULT.json. benchmarks/check_page.sh puts it there.
#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace {

using Json = nlohmann::json;

std::string title_of(const std::string& what) {
  static const std::map<std::string, std::string> titles{
      {"victim", "training step, CLIP with a small residual tower, 32 px"},
      {"classifier", "training step, ResNet-8, 32 px"},
      {"noise", "noise of 256 px from a caption, the paper's generator"},
      {"t2ue_step", "training step, the paper's generator through a frozen CLIP ViT-B/32"},
      {"clip_vit_b_32_step", "training step, CLIP ViT-B/32"},
      {"clip_rn50_step", "training step, CLIP RN50"},
      {"resnet18_step", "training step, ResNet-18, 32 px"},
      {"noise_from_captions", "noise of 256 px from tokenised captions, the paper's generator"}};
  const auto found = titles.find(what);
  return found == titles.end() ? what : found->second;
}

int print(const std::filesystem::path& path) {
  const Json result = Json::parse(std::ifstream(path));
  fmt::print("| step | batch | t2ue, ms | PyTorch, ms | times as fast |\n|---|--:|--:|--:|--:|\n");
  for (const Json& row : result.at("rows")) {
    if (row.at("ratio").is_null()) continue;  // PyTorch failed, out of memory for instance
    std::string title = title_of(row.at("what"));
    if (row.contains("pytorch")) title += "; PyTorch " + row.at("pytorch").get<std::string>();
    fmt::print("| {} | {} | {:.1f} | {:.1f} | **{:.1f}** |\n", title, row.at("batch").get<int>(),
               row.at("t2ue_ms").get<double>(), row.at("pytorch_ms").get<double>(),
               row.at("ratio").get<double>());
  }
  const auto text = [&](const char* key) { return result.at(key).get<std::string>(); };
  fmt::print("\n{}, {}; {}, commit {} ([results](benchmarks/results/{})).\n", text("device"), text("setting"),
             text("date"), text("commit"), path.filename().string());
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    fmt::print(stderr, "usage: performance_table RESULT.json\n");
    return 2;
  }
  try {
    return print(arguments[1]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "performance_table: {}: {}\n", arguments[1], error.what());
    return 1;
  }
}
