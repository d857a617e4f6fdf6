// Drives a fuzz target without libFuzzer: `fuzz_x [runs]` gives it that many mutated seeds, always the same
// ones; `fuzz_x FILE...` gives it files (of a crash, say); `fuzz_x --seeds FOLDER` writes the seeds, for
// libFuzzer.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>

#include "fuzz.hpp"

namespace {

/// One small change: a bit, a byte, an edge value, a range removed, doubled, zeroed, or taken from another
/// seed.
void mutate(std::string& input, const std::vector<std::string>& seeds, t2ue::Random& random) {
  const auto below = [&](size_t count) -> size_t {
    return count == 0 ? 0 : random.below(static_cast<uint32_t>(count));
  };
  const size_t at = below(input.size());
  const size_t length = below(std::min<size_t>(input.size() - at, 64) + 1);
  static constexpr uint8_t edges[] = {0, 1, 0x7F, 0x80, 0xFF, '"', '\n', ',', '[', '9', '/', '.'};
  const auto put = [&](size_t place, uint8_t byte) {
    if (place < input.size()) input[place] = static_cast<char>(byte);
  };
  switch (random.below(9)) {
    case 0:
      put(at,
          static_cast<uint8_t>(input.empty() ? 0 : input[at]) ^ static_cast<uint8_t>(1u << random.below(8)));
      break;
    case 1:
      put(at, static_cast<uint8_t>(random.bits()));
      break;
    case 2:
      put(at, edges[below(std::size(edges))]);
      break;
    case 3:
      input.erase(at, length);
      break;
    case 4:
      input.insert(at, input.substr(at, length));
      break;
    case 5:
      input.replace(at, length, std::string(length, '\0'));
      break;
    case 6:
      input.insert(at, 1, static_cast<char>(edges[below(std::size(edges))]));
      break;
    case 7:
      input.resize(at);
      break;
    default: {
      const std::string& other = seeds[below(seeds.size())];
      const size_t from = below(other.size());
      input.replace(at, length, other.substr(from, length));
    }
  }
}

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

int run_mutations(const std::vector<std::string>& seeds, uint64_t runs) {
  for (const std::string& seed : seeds) run(seed);
  for (uint64_t i = 0; i < runs; ++i) {
    t2ue::Random random(1, t2ue::Purpose::test, i);
    std::string input = seeds[i % seeds.size()];
    const uint32_t changes = 1 + random.below(6);
    for (uint32_t k = 0; k < changes; ++k) mutate(input, seeds, random);
    try {
      run(input);
    } catch (const std::exception& error) {  // the target catches t2ue::Error itself
      t2ue::write_file("fuzz-crash.bin", std::string_view(input));
      std::fprintf(stderr, "run %llu: %s\nThe input is in fuzz-crash.bin\n",
                   static_cast<unsigned long long>(i), error.what());
      return 1;
    }
  }
  std::printf("%llu mutations of %zu seeds\n", static_cast<unsigned long long>(runs), seeds.size());
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::string> seeds = fuzz_seeds ? fuzz_seeds() : std::vector<std::string>{};
  seeds.emplace_back();
  const std::string first = count > 1 ? arguments[1] : "1000";
  if (first == "--seeds" && count == 3) {
    for (size_t i = 0; i < seeds.size(); ++i)
      t2ue::write_file(t2ue::concat(arguments[2], "/seed-", i), std::string_view(seeds[i]));
    return 0;
  }
  if (first.find_first_not_of("0123456789") == std::string::npos)
    return run_mutations(seeds, std::strtoull(first.c_str(), nullptr, 10));
  for (int i = 1; i < count; ++i) run(t2ue::read_text(arguments[i]));
  return 0;
}
