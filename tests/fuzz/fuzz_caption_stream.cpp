// Any file is either refused with t2ue::Error, as some form of list, or gives captions: those that the reader
// in memory gives, where that accepts the text.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/records/caption_stream.hpp>
#include <t2ue/data/text/utf8.hpp>

#include "fuzz.hpp"

namespace {

/// A folder of the running process that is removed at its end; in memory where there is such a place, because
/// disks make replacing a file slow.
struct Scratch {
  std::filesystem::path folder =
      (std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path()) /
      std::filesystem::path("t2ue-fuzz-" + std::to_string(::getpid()));
  Scratch() { std::filesystem::create_directories(folder); }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
};

using Captions = std::vector<std::pair<std::string, std::string>>;

Captions stream_of(const std::filesystem::path& file, bool skip_bad) {
  t2ue::CaptionStream stream(file, {.columns = {}, .skip_bad = skip_bad, .limits = {}});
  Captions captions;
  while (auto next = stream.next()) {
    if (next->key.empty() || next->caption.empty() || !t2ue::valid_utf8(next->caption) || next->number < 1)
      std::abort();
    captions.emplace_back(next->key, next->caption);
  }
  return captions;
}

/// The same from the reader in memory; nothing if a key's rows do not follow each other, or a row has no
/// caption.
std::optional<Captions> parsed(const std::vector<t2ue::Pair>& pairs) {
  Captions captions;
  for (const t2ue::Pair& pair : pairs) {
    if (pair.captions.empty()) return std::nullopt;
    for (const std::string& caption : pair.captions) captions.emplace_back(pair.key, caption);
  }
  return captions;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {
      "key,image,caption,label\r\na,a.png,\"one, "
      "\"\"two\"\"\nthree\",x\r\na,a.png,more,x\r\nb,b.png,caf\xC3\xA9,\r\n",
      "filepath\ttitle\nx.jpg\ta cat\ny.jpg\ta dog\n",
      "{\"key\":\"a\",\"image\":\"a.png\",\"caption\":\"caf\\u00e9\",\"label\":null}\n"
      "{\"key\":\"b\",\"captions\":[\"one\",\"two\"]}\n",
      "one\ntwo\r\nthree"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Scratch scratch;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::array<const char*, 3> names = {"x.csv", "x.jsonl", "x.txt"};
  const std::filesystem::path file = scratch.folder / names[size % 3];  // one a run: files take time
  t2ue::write_file(file, text, t2ue::Durability::killed_process);
  std::optional<Captions> captions;
  try {
    captions = stream_of(file, false);
    if (stream_of(file, true) != captions) std::abort();  // nothing was bad
  } catch (const t2ue::Error&) {
    (void)stream_of(file, true);  // may leave out, but not throw
  }
  if (file.extension() == ".txt" || text.starts_with("\x1F\x8B")) return 0;
  std::optional<Captions> whole;
  try {
    whole = parsed(file.extension() == ".csv" ? t2ue::parse_pairs_csv(text) : t2ue::parse_pairs_jsonl(text));
  } catch (const t2ue::Error&) {
    return 0;
  }
  if (!whole) return 0;
  if (!captions) std::abort();
  // The reader in memory joins the rows of a key wherever they are.
  std::stable_sort(captions->begin(), captions->end());
  std::stable_sort(whole->begin(), whole->end());
  if (whole != captions) std::abort();
  return 0;
}
