// Pictures a second from JPEG files to size x size bytes, as training reads them:
// input_bench PAIRS_FOLDER SIZE WORKERS [whole]. `whole`: without decoding at a fraction of the size. The
// best of three rounds.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <string>

#include <t2ue/data/image/resize_image.hpp>
#include <t2ue/data/records/pair_list.hpp>
#include <t2ue/data/records/picture_reader.hpp>
#include <t2ue/data/records/prefetch.hpp>

namespace {

using namespace t2ue;

void measure(const std::string& folder, int size, int workers, bool whole) {
  const DatasetIndex index = read_pair_list(folder, {});
  const PictureReader reader(index);
  std::vector<int64_t> order(index.records.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  const std::function<Image(int64_t)> load = [&](int64_t item) {
    const auto record = static_cast<size_t>(item);
    return whole ? resize_image(reader.read(record), size, size) : reader.read_resized(record, size, size);
  };
  double best = 0;
  for (int round = 0; round < 3; ++round) {
    const auto start = std::chrono::steady_clock::now();
    Prefetcher<Image> pictures(load, order, {.batch_size = 64, .workers = workers});
    while (pictures.next()) continue;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, static_cast<double>(order.size()) / seconds);
  }
  fmt::print("{:g}\n", best);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    check(count == 4 || count == 5, "input_bench", "wants PAIRS_FOLDER SIZE WORKERS [whole]");
    measure(arguments[1], std::stoi(arguments[2]), std::stoi(arguments[3]), count == 5);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
