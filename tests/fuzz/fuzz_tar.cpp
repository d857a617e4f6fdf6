// Any bytes are either refused with t2ue::Error or give samples within their limits, and records of a data
// set.
#include <cstdlib>
#include <span>
#include <t2ue/core/error.hpp>
#include <t2ue/data/records/tar_shard.hpp>
#include <t2ue/data/records/webdataset.hpp>

#include "fuzz.hpp"
#include "index_rules.hpp"

namespace {

std::string octal(size_t value, int digits) {
  std::string text;
  for (int i = digits - 1; i >= 0; --i) text += static_cast<char>('0' + (value >> (3 * i) & 7));
  return text;
}

/// Makes the checksum of the header at `at` right.
void set_checksum(std::string& archive, size_t at) {
  archive.replace(at + 148, 8, 8, ' ');
  size_t sum = 0;
  for (size_t i = at; i < at + 512; ++i) sum += static_cast<uint8_t>(archive[i]);
  archive.replace(at + 148, 7, octal(sum, 6) + '\0');
}

/// A tar member: its header, and its content in blocks of 512 bytes.
std::string member(const std::string& path, const std::string& content, char type = '0') {
  std::string block(512, '\0');
  const auto put = [&](size_t at, const std::string& text) { block.replace(at, text.size(), text); };
  put(0, path);
  put(100, octal(0644, 7));
  put(124, octal(content.size(), 11));
  put(136, octal(0, 11));
  block[156] = type;
  put(257, std::string("ustar\00000", 8));
  set_checksum(block, 0);
  block += content;
  block.resize((block.size() + 511) / 512 * 512);
  return block;
}

/// Reads the archive as a data set: pictures are left where they are.
void read_as_dataset(std::span<const uint8_t> bytes, bool skip_bad) {
  t2ue::DatasetOptions options;
  options.skip_bad = skip_bad;
  t2ue::IndexBuilder builder("fuzz", options);
  builder.index().label_names.resize(10);
  try {
    t2ue::ShardReader shard(bytes, t2ue::shard_options(options));
    t2ue::add_shard(shard, "bytes", builder.source("bytes"), builder.split("all"), 10, builder);
    const t2ue::DatasetIndex index = builder.take("bytes", true);
    check_index_rules(index);
    const bool compressed = bytes.size() >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
    for (const t2ue::Record& record : index.records) {
      const t2ue::PictureAt& at = record.picture;
      if (!compressed && (at.offset > bytes.size() || at.bytes > bytes.size() - at.offset)) std::abort();
    }
  } catch (const t2ue::Error&) {
  }
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  const std::string end(1024, '\0');
  return {
      member("a.jpg", "picture") + member("a.txt", "caption") + member("b.jpg", std::string(600, 'x')) + end,
      member("PaxHeader/a", "21 path=deep/name.txt\n", 'x') + member("short.txt", "text") + end,
      member("././@LongLink", std::string(150, 'n') + ".txt", 'L') + member("short.txt", "text") + end,
      member("folder/", "", '5') + member("folder/a.cls", "3") + end};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A mutated header would mostly fail by its checksum, and what lies behind that would never be tried.
  std::string archive(reinterpret_cast<const char*>(data), size);
  for (size_t at = 0; at + 512 <= size; at += 512)
    if (archive.compare(at + 257, 5, "ustar") == 0) set_checksum(archive, at);
  const std::span bytes(reinterpret_cast<const uint8_t*>(archive.data()), archive.size());
  const t2ue::ShardOptions options{{"txt"}, 1 << 16};
  try {
    t2ue::ShardReader reader(bytes, options);
    for (;;) {
      try {
        const auto sample = reader.next();
        if (!sample) break;
        size_t total = 0;
        for (const auto& [extension, part] : sample->parts) total += part.size();
        if (total > options.max_sample_bytes || !sample->parts.contains("txt")) std::abort();
      } catch (const t2ue::Error&) {
        if (reader.broken()) break;  // it goes on behind a sample without its partner
      }
    }
  } catch (const t2ue::Error&) {
  }
  read_as_dataset(bytes, false);
  read_as_dataset(bytes, true);
  return 0;
}
