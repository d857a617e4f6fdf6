// README's table of times beside PyTorch's, from what cpu_vs_pytorch.py or gpu_vs_pytorch.py wrote:
// performance_table RESULT.json. benchmarks/check_page.sh puts it there.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
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

std::string rounded(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

int print(const std::filesystem::path& path) {
  const Json result = Json::parse(std::ifstream(path));
  std::cout << "| step | batch | t2ue, ms | PyTorch, ms | times as fast |\n|---|--:|--:|--:|--:|\n";
  for (const Json& row : result.at("rows")) {
    if (row.at("ratio").is_null()) continue;  // PyTorch failed, out of memory for instance
    std::string title = title_of(row.at("what"));
    if (row.contains("pytorch")) title += "; PyTorch " + row.at("pytorch").get<std::string>();
    std::cout << "| " << title << " | " << row.at("batch").get<int>() << " | "
              << rounded(row.at("t2ue_ms"), 1) << " | " << rounded(row.at("pytorch_ms"), 1) << " | **"
              << rounded(row.at("ratio"), 1) << "** |\n";
  }
  std::cout << "\n"
            << result.at("device").get<std::string>() << ", " << result.at("setting").get<std::string>()
            << "; " << result.at("date").get<std::string>() << ", commit "
            << result.at("commit").get<std::string>() << " ([results](benchmarks/results/"
            << path.filename().string() << ")).\n";
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: performance_table RESULT.json\n";
    return 2;
  }
  try {
    return print(arguments[1]);
  } catch (const std::exception& error) {
    std::cerr << "performance_table: " << arguments[1] << ": " << error.what() << "\n";
    return 1;
  }
}
