// Captions a second of CLIP's tokenizer, on all of OpenMP's threads: tokenizer_bench VOCABULARY TEXT.
// VOCABULARY is what ClipVocabulary::load takes, TEXT has a caption a line. The best of five rounds.
#include <fmt/core.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/text/clip_tokenizer.hpp>

namespace {

using namespace t2ue;

template <class F>
double seconds(F&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void measure(const char* vocabulary, const char* file) {
  std::vector<std::string> captions;
  std::istringstream lines(read_text(file));
  for (std::string line; std::getline(lines, line);) captions.push_back(line);
  check(!captions.empty(), "tokenizer_bench", file, " has no lines");
  const std::vector<std::string> once = captions;
  while (captions.size() < 200'000) captions.insert(captions.end(), once.begin(), once.end());

  std::unique_ptr<ClipTokenizer> tokenizer;
  const double loading =
      seconds([&] { tokenizer = std::make_unique<ClipTokenizer>(ClipTokenizer::load(vocabulary)); });
  double best = 1e9;
  size_t tokens = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<int32_t> ids;
    best = std::min(best, seconds([&] { ids = tokenizer->encode_batch(captions); }));
    tokens = ids.size() - static_cast<size_t>(std::count(ids.begin(), ids.end(), ClipTokenizer::pad_token));
  }
  const auto count = static_cast<double>(captions.size());
  fmt::print("vocabulary read in {:g} s; {} captions of {:g} tokens on {} threads: {} captions/s\n", loading,
             captions.size(), static_cast<double>(tokens) / count, omp_get_max_threads(),
             static_cast<int64_t>(count / best));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    fmt::print(stderr, "tokenizer_bench VOCABULARY TEXT\n");
    return 2;
  }
  try {
    measure(arguments[1], arguments[2]);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
